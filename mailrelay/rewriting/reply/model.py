"""What is known when an owner's answer is rebuilt, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailrelay.message import RawMessage
from mailrelay.rewriting.scrub import Hit


class AnswerHeld(Exception):
    """The answer may not leave as it is; sending it again cannot help, changing it can.

    Attributes:
        reason: kebab-case; names no person.
        hits: What of the owner would still show, and where; for his eyes only.
        places: Parts that are the reason, such as `attachment 2`; they name no person.
    """

    def __init__(self, reason: str, hits: tuple[Hit, ...] = (), places: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hits = hits
        self.places = places or tuple(dict.fromkeys(hit.place for hit in hits))


class AutomaticMail(Exception):
    """Software of the owner wrote this; it is not relayed, and nobody is told."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """What is known when an answer is rebuilt.

    Attributes:
        domain: The owner's registered domain.
        relay_address: The published address; the answer's From.
        relay_domain: Domain of relay and reply addresses, Message-IDs and Content-IDs.
        reply_address: Where the owner sent it; it becomes the correspondent's own in the text.
        correspondent: Mailbox of whoever gets the answer.
        known_ids: From each Message-ID that the owner's message may name to the one by which the
            correspondent knows the same message; the others are left out.
        now: Aware; the answer's Date, written in UTC.
        message_id: The answer's, in angle brackets; one is made where it is empty.
        correspondent_name: Display name; where it is empty, the owner's To field may have it.
        plain_text_only: HTML is sent as text.
        neutral_file_names: Attachments are called `attachment-1.pdf`.
    """

    domain: str
    relay_address: str
    relay_domain: str
    reply_address: str
    correspondent: str
    known_ids: Mapping[str, str]
    now: datetime
    message_id: str = ""
    correspondent_name: str = ""
    plain_text_only: bool = False
    neutral_file_names: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A part that does not leave: what it was, and where it stood (`attachment 2`)."""

    reason: str
    place: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The rebuilt message, its Message-ID, and what of the owner's message was left out."""

    message: RawMessage
    message_id: str
    dropped: tuple[LeftOut, ...] = field(default=())
