"""What the queue keeps of a message, as values."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailrelay.dsn_request import NOTHING_ASKED, DsnRequest
from mailrelay.message import RawMessage, canonical_line_ends


class Direction(StrEnum):
    """Where a message goes."""

    FORWARD = "forward"  # correspondent -> owner
    REPLY = "reply"  # owner -> correspondent
    DSN = "dsn"  # we -> a mailbox that is named: of whoever sent what failed, or of who is to confirm it
    NOTICE = "notice"  # we -> owner
    OPERATOR = "operator"  # anybody -> the relay's operator (postmaster, abuse)
    BOUNCE = "bounce"  # a mail server -> us, about what we sent


class State(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    DELIVERING = "delivering"
    DEFERRED = "deferred"
    QUARANTINED = "quarantined"  # taken, waits for the owner's word
    HELD = "held"  # an answer that may not leave as it is, or automatic mail; waits likewise
    UNDELIVERABLE = "undeliverable"  # the owner's mailbox refuses mail; kept until he has another
    PAUSED = "paused"  # held back by the operator
    REJECTED = "rejected"  # refused at the door; no body
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    DISCARDED = "discarded"


FINAL = frozenset({State.REJECTED, State.DELIVERED, State.BOUNCED, State.DISCARDED})
KEPT = frozenset({State.QUARANTINED, State.HELD, State.UNDELIVERABLE, State.PAUSED})

PROTECTED, NORMAL = 0, 1
PRIORITIES = (PROTECTED, NORMAL)
"""In the order in which mail is delivered."""

USUAL_PROTOCOL = "ESMTP"
"""Not written down with a message; one without a protocol came by this."""


@dataclass(frozen=True, slots=True)
class NoteOfVerdict:
    """A verdict as kept for the owner: no public text.

    Attributes:
        score: Weight of evidence, for checks that add up.
    """

    check: str
    action: str
    reason: str
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message to be queued.

    Attributes:
        recipient: The relay or reply address written to; of a DSN the mailbox it goes to; of a notice
            empty, since the owner's mailbox is asked for at delivery.
        reverse_path: Empty for the null reverse-path.
        raw: The octets as received; empty for a refused message.
        size_octets: Of the message, also where `raw` is not kept.
        authentication: Value of the Authentication-Results field (RFC 8601) to be added.
        proven: Whether the reverse-path was shown to be the sender's; else a DSN might hit a bystander.
        message_id: Of an answer, the Message-ID that its owner's program gave it; empty for none.
        author: What its From says of a stranger's message, its To of an answer; as it stands, and cut.
        subject: What its Subject says, likewise.
        thread_ids: Message-IDs that the correspondent knows, for he used them; of an answer, its own.
        correspondent: Mailbox of who knows them, for nobody else may; kept as part of their digests only.
            Empty for the owner.
        request: What the sender asked to be told (RFC 3461).
        protected: A notice that no filter may hold up; it goes first.
        protocol: By which it came, as Received names it (RFC 3848, RFC 6531 section 4.3).
        released: Words of the owner's that may show in it, for he said so; None where he was not asked.
        parsed: What `raw` was parsed to, where it has been already.
        id: Under which it is kept, where whoever queues it must find it again; else one is made.
    """

    direction: Direction
    owner_id: str
    relay_id: str
    recipient: str
    reverse_path: str
    raw: bytes
    size_octets: int
    reply_id: str = ""
    about_id: str = ""
    verdicts: tuple[NoteOfVerdict, ...] = ()
    authentication: str = ""
    proven: bool = False
    message_id: str = field(default="", repr=False)
    author: str = field(default="", repr=False)
    subject: str = field(default="", repr=False)
    thread_ids: tuple[str, ...] = ()
    correspondent: str = field(default="", repr=False)
    request: DsnRequest = NOTHING_ASKED
    protected: bool = False
    protocol: str = USUAL_PROTOCOL
    released: tuple[str, ...] | None = field(default=None, repr=False)
    parsed: RawMessage | None = field(default=None, repr=False, compare=False)
    id: str = ""

    @property
    def priority(self) -> int:
        """Its place among PRIORITIES."""
        return PROTECTED if self.protected else NORMAL


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A message claimed for delivery, opened.

    Attributes:
        attempts: Deliveries tried before this one.
        priority: One of PRIORITIES.
        warned_at: When its sender was told of the delay.
        released: Words of the owner's that may show in it; None where it was never released.
        parsed: What `raw` was parsed to, where it comes from the process that took it.
    """

    id: str
    direction: Direction
    owner_id: str
    relay_id: str
    reply_id: str
    about_id: str
    recipient: str
    reverse_path: str
    raw: bytes = field(repr=False)
    verdicts: tuple[NoteOfVerdict, ...]
    authentication: str
    proven: bool
    request: DsnRequest
    priority: int
    attempts: int
    received_at: datetime
    warned_at: datetime | None
    protocol: str = USUAL_PROTOCOL
    released: tuple[str, ...] | None = field(default=None, repr=False)
    parsed: RawMessage | None = field(default=None, repr=False, compare=False)

    def canonical(self) -> RawMessage:
        """Return the message with every line end CRLF, as it must be before it is signed."""
        raw = canonical_line_ends(self.raw)
        return self.parsed if self.parsed is not None and raw is self.raw else RawMessage.parse(raw)


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """A message as shown to whoever looks at what was relayed and blocked.

    Attributes:
        sender: Reverse-path; empty for the null reverse-path, and where the owner was erased or the message
            has had its time in the quarantine.
        author: As of `NewMessage`; empty where the reverse-path is kept no longer.
        subject: Likewise.
        last_error: kebab-case reason of the last deferral, bounce or hold.
        next_attempt_at: When it is due; while it is being delivered, until when the claim stands.
        trail: What happened to it, a line for each event: milliseconds since 1970, and what it was.
    """

    id: str
    direction: Direction
    state: State
    owner_id: str
    relay_id: str
    sender: str
    author: str = field(repr=False)
    subject: str = field(repr=False)
    recipient: str
    size_octets: int
    verdicts: tuple[NoteOfVerdict, ...]
    proven: bool
    request: DsnRequest
    priority: int
    attempts: int
    last_error: str
    received_at: datetime
    updated_at: datetime
    next_attempt_at: datetime
    warned_at: datetime | None
    leased_by: str
    trail: str
