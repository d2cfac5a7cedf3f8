"""Everything in a message that can be read, as text: headers, parts, and what is packed in them.

Transfer encodings, encoded words, charsets and containers are undone here; escapes and markup are the work
of `views`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from itertools import chain

from mailrelay.addresses import decoded
from mailrelay.rewriting.scrub.charsets import Reading, readings
from mailrelay.rewriting.scrub.unpacking import members

_PIECE = 64 * 1024  # characters looked at together
_OVERLAP = 512  # nothing that identifies somebody is longer


@dataclass(frozen=True, slots=True)
class Text:
    """A text and where in the message it stands.

    Attributes:
        by_chance: It may be no text at all, but octets of a picture.
    """

    place: str
    text: str = field(repr=False)
    by_chance: bool = False


def texts_of(raw: bytes, *, wide: bool = True) -> Iterator[Text]:
    """Yield all texts of a message.

    Args:
        raw: The message.
        wide: Letters beyond the Latin ones are looked for.

    Raises:
        CannotLookInside: Something is encrypted, broken or too large.
    """
    message = message_from_bytes(raw)
    attachments = 0
    for part in message.walk():
        place = "html" if part.get_content_type() == "text/html" else "text"
        if not part.is_multipart() and (part.get_filename() or part.get_content_maintype() != "text"):
            attachments += 1
            place = f"attachment {attachments}"
        yield from _headers(part, place if part is not message else "header")
        yield from _body(part, place, wide=wide)


def _headers(part: Message, place: str) -> Iterator[Text]:
    for name, value in part.raw_items():
        where = "subject" if name.lower() == "subject" else place
        # Octets that no encoded word declares are UTF-8 (RFC 6532).
        octets = str(value).encode("utf-8", "surrogateescape")
        yield Text(where, decoded(octets.decode("utf-8", "replace")))
    # RFC 2231 puts names together from pieces; other software writes encoded words instead.
    for one in (
        part.get_filename(),
        part.get_param("name"),
        part.get_param("filename", header="Content-Disposition"),
    ):
        text = one[2] if isinstance(one, tuple) else one
        if text:
            yield Text(f"{place} name", decoded(text))


def _body(part: Message, place: str, *, wide: bool) -> Iterator[Text]:
    if part.is_multipart():
        yield from (Text("text", str(text)) for text in (part.preamble, part.epilogue) if text)
        return
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return
    where = f"{place} content" if place.startswith("attachment") else place
    declared = part.get_content_charset() or ""
    for octets in chain((payload,), members(payload)):
        yield from _placed(where, readings(octets, declared, wide=wide))


def _placed(place: str, found: Iterator[Reading]) -> Iterator[Text]:
    for reading in found:
        text = reading.text
        for start in range(0, max(len(text) - _OVERLAP, 1), _PIECE - _OVERLAP):
            yield Text(place, text[start : start + _PIECE], reading.by_chance)
