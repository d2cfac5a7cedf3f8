"""What both servers ask: reading a queried name, and the publisher behind it."""

import re
from typing import Protocol

import idna

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.names import DomainName
from whoisproxy.publication.answer import MISSING, Answer, Missing, Question

# The longest U-label form of 253 octets of A-labels is shorter; IDNA is not run on more.
_MAX_CHARACTERS = 512
_MAX_OCTETS = 253  # RFC 1035 section 2.3.4, without the root label
# A-labels as most clients write them, for which IDNA has nothing to do.
_PLAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class Publisher(Protocol):
    """The service behind the servers."""

    def ready(self, question: Question) -> Answer | Missing | None:
        """Return at once what is rendered and still true; None where `rendered` must be asked."""
        ...

    async def rendered(self, question: Question) -> Answer | None:
        """Read and render; None where the object is not held here.

        Raises:
            Unavailable: The database does not answer now.
        """
        ...


async def answered(publisher: Publisher, question: Question) -> Answer | None:
    """Return the answer to a question, ready or not; None where the object is not held here.

    Raises:
        Unavailable: The database does not answer now.
    """
    found = publisher.ready(question)
    if found is None:
        return await publisher.rendered(question)
    return None if found is MISSING else found


def host_name(text: str) -> str:
    """Return a host name in A-labels, lower case, without a final dot, however it is written.

    Raises:
        InvalidInput: Not a host name (RFC 5891), or longer than 253 octets.
    """
    if len(text) > _MAX_CHARACTERS:
        raise InvalidInput("name", "is too long")
    name = text.removesuffix(".")
    # Two hyphens are where IDNA looks closer: in `xn--`, and in labels that look like that.
    if not _PLAIN.fullmatch(name) or "--" in name:
        try:
            name = idna.encode(name, uts46=True, std3_rules=True).decode().lower().removesuffix(".")
        except (idna.IDNAError, UnicodeError):
            raise InvalidInput("name", "is not a host name (RFC 5891)") from None
    if len(name) > _MAX_OCTETS:
        raise InvalidInput("name", "is longer than 253 octets (RFC 1035)")
    return name


def queried_name(text: str) -> DomainName | None:
    """Read a name in any case, in A- or U-labels, with or without a final dot.

    Returns:
        None for a host name that nobody can register, such as `com` or `www.example.com`: a good
        question, to which the answer is that we do not have it.

    Raises:
        InvalidInput: Not a host name (RFC 5891).
    """
    if len(text) > _MAX_CHARACTERS:
        raise InvalidInput("name", "is too long")
    try:
        return DomainName.parse(text)
    except InvalidInput:
        host_name(text)
        return None
