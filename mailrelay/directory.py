"""Who is behind an address: the protocol by which the relay asks its host.

The queue keeps relay ids only. The owner's mailbox is asked for at delivery, so that a changed or
switched-off relay applies to mail that is already queued.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class MailPolicy(StrEnum):
    """What an owner wants done with mail to a relay address."""

    FORWARD = "forward"  # deliver, spam tagged; only the worst is refused
    FILTER = "filter"  # quarantine what looks like spam
    DROP = "drop"  # take no mail but `Protected`: all other is refused like that to an unknown address


@dataclass(frozen=True, slots=True)
class RelayRoute:
    """A relay address that takes mail for an owner."""

    relay_id: str
    owner_id: str
    domain: str
    address: str
    policy: MailPolicy


@dataclass(frozen=True, slots=True)
class ReplyRoute:
    """A reply address: mail to it comes from the owner and goes to the correspondent.

    Attributes:
        reply_id: Identifies the pair of relay address and correspondent.
        relay_address: The published address that the correspondent wrote to; the answer's From.
        correspondent: Mailbox of whoever wrote to the relay address.
    """

    reply_id: str
    relay_id: str
    owner_id: str
    domain: str
    relay_address: str
    correspondent: str


@dataclass(frozen=True, slots=True)
class Owner:
    """The hidden person, known only while a message is being rewritten.

    Attributes:
        mailboxes: Verified mailboxes; the first gets the mail, any may answer.
        secrets: Every string that must not reach a correspondent: mailboxes, name, organisation,
            street, phone, postal code with city.
        language: BCP 47 tag for texts addressed to him.
    """

    owner_id: str
    mailboxes: tuple[str, ...]
    secrets: tuple[str, ...]
    language: str


class Directory(Protocol):
    """Asked by the relay, answered by its host."""

    async def find(self, recipient: str) -> RelayRoute | ReplyRoute | None:
        """Return the route of an address, or None where it never existed or is retired."""
        ...

    async def owner(self, relay_id: str) -> Owner | None:
        """Return who gets the relay's mail now, or None when the relay no longer serves anybody."""
        ...

    async def reply_address(self, relay_id: str, correspondent: str) -> str:
        """Return the stable reply address for a correspondent of a relay address, made when needed."""
        ...
