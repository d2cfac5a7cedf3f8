"""Who is behind an address: the protocol by which the relay asks its host.

The queue keeps relay ids only. The owner's mailbox is asked for at delivery, so that a changed or
switched-off relay applies to mail that is already queued.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from mailrelay.identity import Identity
from mailrelay.sender_rules import SenderRule


class MailPolicy(StrEnum):
    """What an owner wants done with mail to a relay address."""

    FORWARD = "forward"  # deliver, spam tagged; only malware, forgeries and blocked senders are held
    FILTER = "filter"  # hold what looks like spam
    DROP = "drop"  # hold all but what has to reach every owner; senders get the same answers


@dataclass(frozen=True, slots=True)
class RelayRoute:
    """A relay address that takes mail for an owner."""

    relay_id: str
    owner_id: str
    domain: str
    address: str
    policy: MailPolicy


@dataclass(frozen=True, slots=True)
class Opening:
    """How a correspondence began: what an answer that starts from nothing else needs to know.

    Attributes:
        correspondent: Mailbox that answers go to.
        display: His name as he gave it, or "".
        subject: Of the first message, or "".
        thread: Message-ID that the thread began with, or "" where none is known.
    """

    correspondent: str = field(repr=False)
    display: str = field(default="", repr=False)
    subject: str = field(default="", repr=False)
    thread: str = field(default="", repr=False)


NOT_OPENED = Opening("")


@dataclass(frozen=True, slots=True)
class ReplyRoute:
    """A reply address: mail to it comes from the owner and goes to the correspondent.

    Attributes:
        reply_id: Identifies the reply address.
        relay_address: The published address that the correspondent wrote to; the answer's From.
        opening: Who is answered, and what he began with; NOT_OPENED at the door.
    """

    reply_id: str
    relay_id: str
    owner_id: str
    domain: str
    relay_address: str
    opening: Opening

    @property
    def correspondent(self) -> str:
        """Mailbox of whoever wrote to the relay address."""
        return self.opening.correspondent


@dataclass(frozen=True, slots=True)
class MailboxRest:
    """How long none of an owner's mailboxes is written to, for each has refused mail as if it were gone.

    Attributes:
        until: When the first of them is tried again.
        lasting: The failure has persisted: whoever writes may be told of another way.
    """

    until: datetime
    lasting: bool


@dataclass(frozen=True, slots=True)
class Wishes:
    """How an owner wants the mail of one domain.

    Attributes:
        banner: Each message to him begins with a line that says what it is and how to answer.
        attach_original: Each message to him brings the one that came, as evidence of abuse.
        plain_text_only: His answers leave as plain text.
        neutral_file_names: Attachments of his answers leave as `attachment-1.pdf`.
        encryption_key: Certificate that messages to him are encrypted for, OpenPGP in armour or X.509 in PEM,
            or "".
    """

    banner: bool = False
    attach_original: bool = False
    plain_text_only: bool = False
    neutral_file_names: bool = False
    encryption_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Owner:
    """The hidden person, known only while a message is being rewritten.

    Attributes:
        mailboxes: Verified mailboxes in the order to use; the first gets the mail, any may answer.
        identity: What must not reach a correspondent; holds his mailboxes too.
        language: BCP 47 tag for texts addressed to him.
        suspects: Those of `mailboxes` that refused mail lately; when one takes mail, that is worth telling.
        rest: None while a mailbox may be written to.
        pages_host: Host name of his pages where his registrar has one of its own, or "".
    """

    owner_id: str
    mailboxes: tuple[str, ...]
    identity: Identity
    language: str
    wishes: Wishes = Wishes()
    suspects: frozenset[str] = frozenset()
    rest: MailboxRest | None = None
    pages_host: str = ""


@dataclass(frozen=True, slots=True)
class MailboxFailure:
    """A mail server's final word against an owner's mailbox.

    Attributes:
        mailbox: As the server named it; the one in use is meant where it is none of the owner's.
        status: Enhanced status code (RFC 3463), `5.x.y`.
        reason: kebab-case.
        message_id: Queue id of the message that failed.
    """

    relay_id: str
    mailbox: str
    status: str
    reason: str
    message_id: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a message to a relay address goes now.

    Attributes:
        reply_address: By which the owner answers the correspondent; stable for the two in one thread.
    """

    route: RelayRoute
    owner: Owner
    reply_address: str


@dataclass(frozen=True, slots=True)
class Admission:
    """What an owner's side has said of whoever writes to an address of his.

    Attributes:
        mailboxes: Where the owner may answer from.
        rules: About the senders asked for.
    """

    mailboxes: tuple[str, ...] = ()
    rules: tuple[SenderRule, ...] = ()


class Directory(Protocol):
    """Asked by the relay, answered by its host."""

    async def find(self, recipient: str) -> RelayRoute | ReplyRoute | None:
        """Return the route of an address, or None where it never existed or is retired."""
        ...

    async def find_at_door(self, recipient: str) -> RelayRoute | ReplyRoute | None:
        """Return the same, and leave sealed who is answered: it would take longer than at a relay address."""
        ...

    async def owner(self, relay_id: str) -> Owner | None:
        """Return who gets the relay's mail now, or None when the relay no longer serves anybody."""
        ...

    async def person(self, owner_id: str) -> Owner | None:
        """Return an owner with the one mailbox by which he is known, or None when he is known no more.

        For letters that concern him and no relay address; his wishes for mail are not asked.
        """
        ...

    async def admission(self, relay_id: str, senders: Sequence[str]) -> Admission:
        """Return where its owner may answer from and the rules about senders, in one look-up.

        Args:
            relay_id: The relay address, or that which a reply address belongs to.
            senders: As rules name them (`sender_rules.names_of`).

        Returns:
            An empty one when the relay no longer serves anybody.
        """
        ...

    async def delivery(self, recipient: str, opening: Opening) -> Delivery | None:
        """Return where a message of a correspondent to a relay address goes, in one look-up.

        Args:
            recipient: The relay address.
            opening: The correspondent, whose reply address is made when needed. His mailbox is empty where
                nobody is known to have written: the answer then goes to the relay address itself.

        Returns:
            None when the address no longer takes mail for anybody.
        """
        ...

    async def reply_address(self, relay_id: str, opening: Opening) -> str:
        """Return the stable reply address for a correspondent's thread, made when needed."""
        ...


class MailboxHealth(Protocol):
    """Told by the relay which mailboxes fail and work; answers through `Directory.owner`.

    A message that is delivered as usual costs no call: `worked` is called for suspects only.
    """

    async def failed(self, failure: MailboxFailure) -> MailboxRest | None:
        """Note a failure and return the rest that follows; None where a mailbox may be tried now."""
        ...

    async def worked(self, relay_id: str, mailbox: str) -> None:
        """Note that a suspect took mail: it is none any more."""
        ...

    async def may_tell(self, relay_id: str, correspondent: str) -> bool:
        """Return True once per correspondent and relay address, until a mailbox works again."""
        ...
