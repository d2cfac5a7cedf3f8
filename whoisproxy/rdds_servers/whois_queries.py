"""What a line of WHOIS asks for: a domain, alone or after `domain`; or `nameserver`, `registrar`, help.

RFC 3912 leaves the grammar to the server; the words are those of ICANN's registry agreement, specification 4.
Words and names in any case; names in A-labels, or in U-labels as UTF-8.
"""

from functools import lru_cache

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.publication.answer import ObjectKind, Question, View
from whoisproxy.rdds_servers.queries import host_name, queried_name

_HELP = frozenset({"", "?", "help"})
MAX_OCTETS = 512  # of a query
_REMEMBERED = 8192
_LDH = b"abcdefghijklmnopqrstuvwxyz0123456789-."


class Help(Exception):
    """The line asks for help."""


@lru_cache(_REMEMBERED)
def plain_question(line: bytes) -> Question | None:
    """Read what most lines are, a name of letters, digits and hyphens; None for any other.

    Whether it is a name that can be registered is not looked at: nobody holds one that cannot.
    """
    name = line.strip().lower()
    if name.translate(None, _LDH):
        return None
    return Question(View.WHOIS, ObjectKind.DOMAIN, name.rstrip(b".").decode())


def read_question(line: bytes) -> Question | None:
    """Read any line, without its end.

    Returns:
        None for a good question about what nobody can hold, such as `com`.

    Raises:
        Help: That is what it asks for.
        InvalidInput: It asks for nothing that there can be.
    """
    try:
        words = line.decode().split()
    except UnicodeDecodeError:
        raise InvalidInput("query", "is not UTF-8") from None
    if " ".join(words).lower() in _HELP:
        raise Help
    if len(words) == 1:
        return _domain(words[0])
    word, *name = words
    read = _WORDS.get(word.lower())
    if read is None:
        raise InvalidInput("query", "begins with no word that is known")
    return read(" ".join(name))


def _domain(text: str) -> Question | None:
    name = queried_name(text)
    return Question(View.WHOIS, ObjectKind.DOMAIN, name.a_label) if name else None


def _nameserver(text: str) -> Question:
    return Question(View.WHOIS, ObjectKind.NAMESERVER, host_name(text))


def _registrar(text: str) -> Question:
    if not text.isprintable():
        raise InvalidInput("registrar", "is not a name")
    return Question(View.WHOIS, ObjectKind.ENTITY, text.lower())


_WORDS = {"domain": _domain, "nameserver": _nameserver, "registrar": _registrar}
