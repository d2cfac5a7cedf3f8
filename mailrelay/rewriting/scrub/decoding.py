"""Everything in a message that can be read, as text: headers, parts, and what is packed in them.

Transfer encodings, encoded words, charsets and containers are undone here; escapes and markup are the work
of `views`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from mailrelay.addresses import decoded
from mailrelay.mime_parsing import MimePart, parse_mime
from mailrelay.rewriting.scrub.charsets import Reading, readings
from mailrelay.rewriting.scrub.unpacking import Member, members

_PIECE = 64 * 1024  # characters looked at together
_WRITTEN_BY_PEOPLE = frozenset({"subject", "to"})
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
    message = parse_mime(raw)
    attachments = 0
    for part in message.walk():
        place = "html" if part.get_content_type() == "text/html" else "text"
        if not part.is_multipart() and (part.file_name or part.get_content_maintype() != "text"):
            attachments += 1
            place = f"attachment {attachments}"
        yield from _headers(part, place if part is not message else "header", wide=wide)
        yield from _body(part, place, wide=wide)


def _headers(part: MimePart, place: str, *, wide: bool) -> Iterator[Text]:
    for name, value in part.all_fields():
        if name.lower() in _WRITTEN_BY_PEOPLE:
            yield from _phrase("subject" if name.lower() == "subject" else place, decoded(value), wide=wide)
        else:
            yield Text(place, decoded(value))
    # RFC 2231 puts names together from pieces; other software writes encoded words instead.
    for text in (part.get_param("name"), part.get_param("filename", header="Content-Disposition")):
        if text:
            yield from _phrase(f"{place} name", decoded(text), wide=wide)


def _phrase(place: str, text: str, *, wide: bool) -> Iterator[Text]:
    """Yield what people wrote in a header, and what they wrote in base64 or hexadecimal."""
    yield Text(place, text)
    for member in members(text.encode("utf-8", "replace")):
        yield from _placed(place, readings(member.octets, wide=wide), by_chance=member.by_chance)


def _body(part: MimePart, place: str, *, wide: bool) -> Iterator[Text]:
    if part.is_multipart():
        yield from (Text("text", str(text)) for text in (part.preamble, part.epilogue) if text)
        return
    where = f"{place} content" if place.startswith("attachment") else place
    # What cannot be looked into is soon told; reading takes longer.
    for member in chain(members(part.octets), (Member(part.octets),)):
        found = readings(member.octets, part.charset, wide=wide)
        yield from _placed(where, found, by_chance=member.by_chance)


def _placed(place: str, found: Iterator[Reading], *, by_chance: bool) -> Iterator[Text]:
    for reading in found:
        text = reading.text
        for start in range(0, max(len(text) - _OVERLAP, 1), _PIECE - _OVERLAP):
            yield Text(place, text[start : start + _PIECE], by_chance or reading.by_chance)
