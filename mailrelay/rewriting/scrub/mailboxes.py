"""The forms of a mailbox: the address in all spellings, its local part as a user's name, its domain."""

import codecs
import hashlib
import re
from collections.abc import Iterator
from functools import cache

import idna
from publicsuffixlist import PublicSuffixList

from mailrelay.identity import Trait
from mailrelay.rewriting.scrub.folding import bare, words_of
from mailrelay.rewriting.scrub.form import Form
from mailrelay.rewriting.scrub.rules import addressed, dotted, edged, handle, joined
from mailrelay.rewriting.scrub.words import AT, DOT, PROVIDERS, ROLES

_AT = f"(?:{'|'.join(sorted(AT))})?"
_DOT = f"(?:{'|'.join(sorted(DOT, key=len, reverse=True))})?"
_TAG = r"[^\W_]{1,64}?"  # what is behind a plus, which a bare text does not show
_DISTINCT = 6  # letters and digits of a local part that is a user's name
_GOOGLE = ("gmail.com", "googlemail.com")


def mailbox_forms(mailbox: str, name_words: frozenset[str]) -> Iterator[Form]:
    """Yield the forms of a mailbox.

    Args:
        mailbox: RFC 5321, without a local part where only the domain is meant.
        name_words: Bare words of the owner's names.
    """
    local_part, _, domain = mailbox.rpartition("@")
    local_part = re.split(r"[+]", local_part)[0] or local_part
    domains = _GOOGLE if domain.lower() in _GOOGLE else tuple(dict.fromkeys(_domains(domain)))
    if bare(local_part):
        yield from _disguised(mailbox)
        for host in domains:
            yield from _addresses(local_part, host)
        yield from _local_part(local_part, name_words)
    if not is_provider(domain):
        for host in dict.fromkeys((*_domains(_registered(domain)), *domains)):
            yield Form(Trait.DOMAIN, bare(host.rpartition(".")[0]), dotted, re.compile(_spelled(host, _DOT)))


def is_provider(domain: str) -> bool:
    """Return whether the domain gives mailboxes to everybody."""
    plain = domain.lower().rstrip(".")
    return plain in PROVIDERS or plain.partition(".")[0] in PROVIDERS


def _domains(domain: str) -> Iterator[str]:
    """Yield the domain as it is and in both spellings of RFC 5890."""
    yield domain
    try:
        yield idna.decode(domain)
        yield idna.encode(domain).decode("ascii")
    except idna.IDNAError:
        return


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _registered(domain: str) -> str:
    """Return the domain that was registered, of which this one is a part: mail.example.org, example.org."""
    return _suffixes().privatesuffix(domain.lower()) or domain


def _addresses(local_part: str, domain: str) -> Iterator[Form]:
    local, host = _spelled(local_part, _DOT), _spelled(domain, _DOT)
    needle = max(words_of(local_part), key=len)
    yield Form(Trait.MAILBOX, needle, addressed, re.compile(f"{local}{_AT}{host}"))
    yield Form(Trait.MAILBOX, needle, _tagged, re.compile(f"{local}{_TAG}{_AT}{host}"))


def _disguised(mailbox: str) -> Iterator[Form]:
    """Yield by what services know an address in links, such as those to its picture, and ROT13."""
    address = mailbox.strip().lower()
    for digest in (hashlib.md5, hashlib.sha1, hashlib.sha256):
        yield Form(Trait.MAILBOX, digest(address.encode(), usedforsecurity=False).hexdigest(), edged)
    yield Form(Trait.MAILBOX, bare(codecs.encode(address, "rot13")), edged)


def _spelled(text: str, between: str) -> str:
    return between.join(map(re.escape, words_of(text)))


def _tagged(text: str, start: int, end: int) -> bool:
    """Take one address with more in it, such as a tag: "+shop", "NO-SPAM."."""
    return joined(text, start, end) and text.count("@", start, end) <= 1


def _local_part(local_part: str, name_words: frozenset[str]) -> Iterator[Form]:
    folded, words = bare(local_part), words_of(local_part)
    if len(folded) < _DISTINCT - 2 or folded in ROLES or all(word in ROLES for word in words):
        return
    distinct = len(folded) >= _DISTINCT and (
        len(words) > 1 or any(char.isdecimal() for char in folded) or _of_names(folded, name_words)
    )
    yield Form(Trait.HANDLE, folded, joined if distinct else handle)


def _of_names(folded: str, name_words: frozenset[str]) -> bool:
    """Return whether it is a name with more beside it: "annexample", "aexample", "examplea"."""
    return any(word in folded and word != folded for word in name_words if len(word) > 2)  # noqa: PLR2004 - "de", "li"
