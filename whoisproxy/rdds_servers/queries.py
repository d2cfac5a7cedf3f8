"""What both servers ask: reading a queried name, and the publisher behind it."""

from typing import Protocol

import idna

from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.names import DomainName
from whoisproxy.publication.answer import MISSING, Answer, Missing, Question

# The longest U-label form of 253 octets of A-labels is shorter; IDNA is not run on more.
_MAX_CHARACTERS = 512
_MAX_OCTETS = 253  # RFC 1035 section 2.3.4, without the root label


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


def queried_name(text: str) -> DomainName | None:
    """Read a name in any case, in A- or U-labels, with or without a final dot.

    Returns:
        None for a host name that nobody can register, such as `com` or `www.example.com`: a good
        question, to which the answer is that we do not have it.

    Raises:
        InvalidInput: Not a host name (RFC 5891).
    """
    try:
        return DomainName.parse(_bounded(text))
    except InvalidInput:
        host_name(text)
        return None


def host_name(text: str) -> str:
    """Read the name of a host in any case, in A- or U-labels; return A-labels, lower case, no final dot.

    Raises:
        InvalidInput: Not a host name (RFC 5891), or too long.
    """
    try:
        name = idna.encode(_bounded(text).strip().rstrip("."), uts46=True, std3_rules=True)
    except (idna.IDNAError, UnicodeError):
        raise InvalidInput("name", "is not a host name (RFC 5891)") from None
    if len(name) > _MAX_OCTETS:
        raise InvalidInput("name", "is longer than 253 octets (RFC 1035)")
    return name.decode().lower()


def _bounded(text: str) -> str:
    if len(text) > _MAX_CHARACTERS:
        raise InvalidInput("name", "is too long")
    return text
