"""What a stranger writes to the owner of a domain on the public form, and how much of it is taken.

A submission says nothing of the domain's owner, since the same is kept whether there is one or not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST_NAME = 100
LONGEST_MAILBOX = 254  # RFC 5321 section 4.5.3.1.3, without its angle brackets
LONGEST_TEXT = 20_000
LONGEST_FILE_NAME = 120

CONFIRM_WITHIN = timedelta(hours=24)
"""How long a submission waits for its sender's word."""


class Kind(StrEnum):
    """What a stranger says that his message is about."""

    BUY = "buy"
    LEGAL = "legal"
    ABUSE = "abuse"
    TECHNICAL = "technical"
    OTHER = "other"


class Way(StrEnum):
    """How a submission came: with a proof of work, or from a browser that runs no scripts."""

    WORKED = "worked"
    PLAIN = "plain"


class Counted(StrEnum):
    """By what submissions are counted."""

    NETWORK = "network"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class FormLimits:
    """How much is taken.

    Attributes:
        attachments: Files of one submission.
        attachments_octets: Of all files together.
        per_network_an_hour: Submissions from a /24 or /56.
        per_domain_an_hour: Submissions about one domain.
        letters_a_day: To one mailbox, that ask whether a message is its owner's.
    """

    attachments: int = 5
    attachments_octets: int = 5 * 1024 * 1024
    per_network_an_hour: int = 20
    per_domain_an_hour: int = 60
    letters_a_day: int = 3

    def most(self, counted: Counted, way: Way) -> int:
        """Return how many submissions an hour are taken: a fifth, but one, where no work was done."""
        whole = self.per_network_an_hour if counted is Counted.NETWORK else self.per_domain_an_hour
        return whole if way is Way.WORKED else max(1, whole // 5)

    def letters(self, way: Way) -> int:
        """Return how many letters a day a mailbox gets."""
        return self.letters_a_day if way is Way.WORKED else 1


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file as a browser sends it; all but the octets is for show and proves nothing."""

    name: str = field(repr=False)
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class Written:
    """What a stranger has filled in, checked.

    Attributes:
        domain: A-labels.
        mailbox: ASCII, its domain in lower case; not his until he confirms.
        language: One of those that pages speak.
        address: From where he wrote, IPv4 or IPv6 in text form.
    """

    domain: str
    kind: Kind
    name: str
    mailbox: str
    text: str
    language: str
    address: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission as it is kept.

    Attributes:
        domain: A-labels.
        kind: What its sender says that it is.
        mailbox: His; "" once the message is on its way.
        address: From where he wrote; "" likewise.
        expires_at: When it is forgotten.
        confirmed_at: When he said that it is his.
        message_id: Id that the message has, or would have, in the mail queue; "" before it is passed on.
        answered_at: When the owner's first answer was sent to him.
    """

    id: str
    way: Way
    domain: str = field(repr=False)
    kind: Kind
    language: str
    created_at: datetime
    expires_at: datetime
    mailbox: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    confirmed_at: datetime | None = None
    message_id: str = ""
    answered_at: datetime | None = None


class Progress(StrEnum):
    """How far a confirmed message has come, as its sender is told.

    `RECEIVED` is all that is told of a message that was refused, is held, waits, or was for nobody.
    """

    RECEIVED = "received"
    DELIVERED = "delivered"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Status:
    """What the page of a submission shows."""

    submission: Submission
    progress: Progress


class TooMany(Exception):
    """So many submissions came from there, or about that domain, that no more are taken now. Try later."""


# How a declared kind is called among the classes of mail; the others have none.
CLASSES: Mapping[Kind, str] = {
    Kind.BUY: "purchase_inquiry",
    Kind.LEGAL: "legal",
    Kind.ABUSE: "abuse_report",
}
