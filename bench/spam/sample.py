"""Messages of known class, with what gives the class away taken out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime

from mailrelay.content.reading import Content, read_content
from mailrelay.message import HeaderField, RawMessage

# Archives and lists leave these; they tell which collection a message is of, and nothing about today's mail.
_MASKED = (
    "received list- x- delivered-to return-path sender errors-to precedence references in-reply-to cc bcc"
    " status old- resent- envelope mailing-list organization approved thread- user-agent date to lines"
    " apparently-to importance priority mail-followup posted originator disposition subject"
)
_PREFIXES = tuple(_MASKED.split())
_MARK = re.compile(r"\[spam\]\s*", re.IGNORECASE)
_FOOTER = re.compile(r"\n(?:_{20,}|-{20,}|(?:-=){8,}|-- ?\n|-----BEGIN PGP SIG).*", re.DOTALL)
_LEAST_OWN = 80
_NEUTRAL = (
    HeaderField.make("Date", "Wed, 03 Jun 2026 09:02:00 +0200"),
    HeaderField.make("To", "q7x2m9k4w8@relay.example"),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One message.

    Attributes:
        raw: As it is in its collection.
        spam: Its class.
        source: Name of the collection.
        group: What it is a variant of, where that is known.
        sent_at: When it arrived, seconds since 1970; 0 where it cannot be read.
    """

    raw: bytes
    spam: bool
    source: str
    group: str = ""
    sent_at: float = 0.0


def masked(raw: bytes) -> RawMessage:
    """Return a message whose date and recipient are those of all others, and without traces."""
    message = RawMessage.parse(_without_mbox_line(raw))
    subject = _MARK.sub("", message.first("Subject"))
    kept = [field for field in message.fields if not field.name.lower().startswith(_PREFIXES)]
    title = HeaderField("Subject", f"Subject: {subject}\r\n".encode("utf-8", "replace"))
    return RawMessage.assemble([*kept, title, *_NEUTRAL], message.body)


def masked_content(message: RawMessage) -> Content:
    """Return what a masked message says, without signatures and footers of lists."""
    content = read_content(message)
    own = _FOOTER.sub("", content.own_text)
    return replace(content, own_text=own) if len(own.strip()) >= _LEAST_OWN else content


def arrival(raw: bytes) -> float:
    """Return when a message was received, as its last relay says, else when it was written."""
    message = RawMessage.parse(_without_mbox_line(raw))
    return next(_times([*message.all("Received"), *message.all("Date")]), 0.0)


def _times(values: list[str]) -> Iterator[float]:
    for value in values:
        try:
            yield parsedate_to_datetime(value.rpartition(";")[2].strip()).timestamp()
        except (ValueError, TypeError, OverflowError):
            continue


def _without_mbox_line(raw: bytes) -> bytes:
    return raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw
