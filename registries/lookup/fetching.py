"""What every fetch from a public directory keeps to: a deadline, a cap, public addresses."""

from dataclasses import dataclass

from registries.lookup.document import Document

MOST_OCTETS = 65_536
MOST_REFERRALS = 2
"""How far a directory may refer to another, and that to a third."""

DEADLINE_S = 15.0


class NoAnswer(Exception):
    """A directory could not be asked, or gave no answer that can be read; names no host."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A document, and where more is to be found.

    Attributes:
        referral: Address of another directory in the source's own form; "" for none.
    """

    document: Document
    referral: str = ""


def decoded(octets: bytes) -> str:
    """Return the text of an answer: UTF-8 as RFC 9083 demands, else Latin-1 as old WHOIS servers write."""
    try:
        return octets.decode()
    except UnicodeDecodeError as error:
        # A character that the cap has cut in two is no reason to doubt the rest.
        if error.start >= MOST_OCTETS - 3:
            return octets[: error.start].decode()
        return octets.decode("latin-1")
