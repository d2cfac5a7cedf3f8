"""What identifies an owner: the list of what must not reach a correspondent.

The host of the relay makes it from what it knows of the owner, who may add to it and may let forms pass. In
which spellings each of it is looked for is the work of `rewriting.scrub`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Trait(StrEnum):
    """A kind of data by which an owner is known."""

    MAILBOX = "mailbox"
    HANDLE = "handle"  # local part of a mailbox, which is often his name elsewhere
    NAME = "name"
    ORGANISATION = "organisation"
    PHONE = "phone"
    STREET = "street"
    POSTAL = "postal"
    DOMAIN = "domain"  # of his mailbox, unless it is a provider's
    OTHER = "other"


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """One owner's data; no repr, log or error text shows them.

    Attributes:
        mailboxes: Every address he is known to have (RFC 5321), verified or not.
        names: As he writes them, any script: "Zoë Müller".
        organisations: With or without their legal form.
        phones: E.164 with a leading plus; other spellings are taken as they are.
        streets: A street line each, with its number.
        places: "postal code, city" each: "2000, Neuchâtel".
        others: What he added himself.
        released: Forms that he lets pass on purpose: "Zoë".
        country: ISO 3166-1 alpha-2, for national formats; may be empty.
    """

    mailboxes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    released: frozenset[str] = frozenset()
    country: str = ""

    def __repr__(self) -> str:
        return "<Identity, not shown>"

    def values(self) -> tuple[str, ...]:
        """Return all of the data, as they were given."""
        return (
            *self.mailboxes,
            *self.names,
            *self.organisations,
            *self.phones,
            *self.streets,
            *self.places,
            *self.others,
        )
