"""Held mail as its owner sees it: whose it is, in which order it is shown, what he may say about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailrelay.checks.owner_takes_no_mail import OwnerTakesNoMail
from mailrelay.content.kinds import MailClass, class_in
from mailrelay.queue.entry import Direction, MessageRecord, NoteOfVerdict, State

FIRST = frozenset({MailClass.PROTECTED, MailClass.LEGAL, MailClass.ABUSE_REPORT, MailClass.REGISTRAR})
"""Classes that are shown before all other: who misses such a message may lose his domain."""

HELD = (State.QUARANTINED, State.HELD)
_MALWARE = "malware"
_DELIVERY, _ASKS = "delivery", "quarantine"
_BLOCKED = "blocked-by-"
# Checks whose score says how much a message looks like spam, all in the same points.
_SPAM_SCORES = frozenset({"content-score", "rspamd", "spamassassin"})


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Whose held mail is shown and told of together: one person, as far as one registrar's domains tell.

    Attributes:
        owner_index: Blind index of the mailbox that the registrants of all the domains have.
        mailbox_index: The same of the mailbox that the mail of all the domains goes to.
        due_at: When its next digest is to be sent; None for none.
        told_at: When its last digest was sent; None for never.
        digest_id: Queue id of a digest that was begun and is not known to be sent, else "".
    """

    id: str
    registrar_id: str
    owner_index: bytes
    mailbox_index: bytes
    due_at: datetime | None = None
    told_at: datetime | None = None
    digest_id: str = ""


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A stranger's message that a check holds, or that was decided on already.

    Attributes:
        domain: A-label of the owner's domain that it was written to.
        expires_at: When it is thrown away if nobody releases it.
    """

    record: MessageRecord
    domain: str
    expires_at: datetime

    @property
    def id(self) -> str:
        """Queue id."""
        return self.record.id

    @property
    def is_held(self) -> bool:
        """Whether something can be decided."""
        return self.record.direction is Direction.FORWARD and self.record.state in HELD

    @property
    def notes(self) -> tuple[NoteOfVerdict, ...]:
        """What speaks against it: the verdicts of the checks, and why it was held at delivery."""
        if self.record.state is not State.HELD:
            return self.record.verdicts
        return NoteOfVerdict(_DELIVERY, _ASKS, self.record.last_error), *self.record.verdicts

    @property
    def kind(self) -> MailClass:
        """What it is about."""
        return class_in(self.record.verdicts)

    @property
    def score(self) -> float:
        """How much it looks like spam, in points of the content score."""
        return max((one.score for one in self.record.verdicts if one.check in _SPAM_SCORES), default=0.0)

    @property
    def is_dangerous(self) -> bool:
        """Whether an engine has found malware in it."""
        return any(_MALWARE in one.reason.split() for one in self.record.verdicts)

    @property
    def is_of_blocked(self) -> bool:
        """Whether it is held because somebody wants no mail of its sender: nobody is told of that."""
        return any(one.reason.startswith(_BLOCKED) for one in self.record.verdicts)

    @property
    def is_unwanted(self) -> bool:
        """Whether its owner wants no mail: he is not told of it."""
        asks = {self.record.last_error, *(one.check for one in self.record.verdicts)}
        return OwnerTakesNoMail.name in asks

    @property
    def place(self) -> str:
        """What it is sorted by: what may matter most first, then what looks least like spam; malware last."""
        group = 2 * (self.kind not in FIRST) + self.is_dangerous
        return f"{group}-{max(self.score, 0):012.4f}-{self.id}"


class Decision(StrEnum):
    """What may be said about a held message."""

    RELEASE = "release"
    ALLOW_SENDER = "allow-sender"  # release, and hold his mail no more
    ALLOW_DOMAIN = "allow-domain"
    BLOCK_SENDER = "block-sender"  # throw away, and hold all that he writes
    BLOCK_DOMAIN = "block-domain"
    REPORT = "report"  # throw away as spam, and learn from it
    DISCARD = "discard"

    @property
    def releases(self) -> bool:
        """Whether the message goes on to its owner."""
        return self in _RELEASES


_RELEASES = frozenset({Decision.RELEASE, Decision.ALLOW_SENDER, Decision.ALLOW_DOMAIN})


class Speaker(StrEnum):
    """By whose word a message is decided on."""

    OWNER = "owner"
    REGISTRAR = "registrar"
    OPERATOR = "operator"


class Outcome(StrEnum):
    """What became of a decision."""

    DONE = "done"
    ALREADY = "already"  # the message is held no more; nothing was done now
    DANGEROUS = "dangerous"  # malware is not released without a second word


@dataclass(frozen=True, slots=True)
class Decided:
    """The answer to a decision.

    Attributes:
        counts: False where a sender was allowed whom nothing proves to have written this message: the rule
            will count for mail that is proven to be his, as this one was not.
    """

    outcome: Outcome
    counts: bool = True
