"""Refuse messages that break the form readers rely on (RFC 5322 section 3.6, RFC 5321 section 4.5.3.1.6).

Honest software sends messages with small faults, so only what forgers and smugglers profit from is
refused: an author who is missing or ambiguous, control octets in the header, headers and structures
beyond all use. Long lines are common in honest mail and are refused only where absurd.
"""

from collections.abc import Callable

from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import MALFORMED, Action, Verdict
from mailrelay.content.mime import MAX_DEPTH, MAX_PARTS
from mailrelay.message import RawMessage

_MAX_HEADER_OCTETS = 128 * 1024
_MAX_FIELD_OCTETS = 32 * 1024
_MAX_FIELDS = 500
_MAX_LINE_OCTETS = 16 * 1024  # RFC 5322 section 2.1.1 says 998; tools that ignore it stay well below this
_MAX_NAME_OCTETS = 255
# RFC 5322 section 3.6: at most once. A reader may show another one than the signature covers.
_ONCE = ("Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID")


class MalformedMessage:
    """Refuse a message for its form, in the same words whatever the fault."""

    name = "malformed-message"

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Look at the header as octets, at the body as read by the content reader."""
        for reason, broken in _FAULTS:
            if broken(context.message):
                return self._refuse(reason)
        content = context.content
        if content.parts > MAX_PARTS:
            return self._refuse("too-many-parts")
        if content.depth > MAX_DEPTH:
            return self._refuse("nested-too-deep")
        return None

    def _refuse(self, reason: str) -> Verdict:
        return Verdict(self.name, Action.REJECT, reason, MALFORMED)


def _header_octets(message: RawMessage) -> int:
    return len(message.raw) - len(message.body)


def _bad_field(message: RawMessage) -> bool:
    # What is no name at all has ended the header already.
    if b"\0" in message.raw and any(b"\0" in field.raw for field in message.fields):
        return True
    # A field is longer than its name: few are long enough for either fault.
    return any(
        len(field.raw) > _MAX_FIELD_OCTETS or len(field.name) > _MAX_NAME_OCTETS
        for field in message.fields
        if len(field.raw) > _MAX_NAME_OCTETS
    )


def _long_line(message: RawMessage) -> bool:
    start, raw = 0, message.raw
    while len(raw) - start > _MAX_LINE_OCTETS:
        # Only the last line end within the limit matters: everything before it is short enough.
        end = raw.rfind(b"\n", start, start + _MAX_LINE_OCTETS)
        if end < 0:
            return True
        start = end + 1
    return False


_FAULTS: tuple[tuple[str, Callable[[RawMessage], bool]], ...] = (
    ("no-author", lambda message: message.count("From") == 0 or not message.first("From").strip()),
    ("several-authors", lambda message: message.count("From") > 1),
    ("repeated-header", lambda message: any(message.count(name) > 1 for name in _ONCE)),
    ("too-many-headers", lambda message: len(message.fields) > _MAX_FIELDS),
    ("header-too-large", lambda message: _header_octets(message) > _MAX_HEADER_OCTETS),
    ("header-syntax", _bad_field),
    ("nul-octet", lambda message: b"\0" in message.body),
    ("line-too-long", _long_line),
)
