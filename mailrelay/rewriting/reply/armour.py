"""Take what is armoured out of text: signatures, keys, certificates, visiting cards and calendars.

Standards: OpenPGP's ASCII armour and cleartext signatures (RFC 9580 sections 6 and 7), textual encodings of
certificates (RFC 7468), vCard (RFC 6350), iCalendar (RFC 5545). Of a signed text the text stays.
"""

import re

from mailrelay.rewriting.reply.model import AnswerHeld

_PREFIX = r"^[ \t>|]{0,40}"
_BEGIN = re.compile(
    _PREFIX + r"(?:-----BEGIN ([A-Z0-9 ]{2,40})-----|BEGIN:(V(?:CARD|CALENDAR)))[ \t]*$", re.IGNORECASE
)
_END = re.compile(_PREFIX + r"(?:-----END ([A-Z0-9 ]{2,40})-----|END:(V(?:CARD|CALENDAR)))[ \t]*$")
_SIGNED, _ENCRYPTED = "PGP SIGNED MESSAGE", "PGP MESSAGE"
_BLANK = re.compile(_PREFIX + r"$")
_ESCAPED = re.compile(r"^([ \t>|]{0,40})- (?=-|From )")


def without_armour(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text without armoured blocks, and what they were; kebab-case.

    A block without an end stays.

    Raises:
        AnswerHeld: Text is encrypted.
    """
    if "BEGIN" not in text.upper():
        return text, ()
    lines, kept, taken, at = text.split("\n"), list[str](), list[str](), 0
    is_signed = False
    last_end = {
        found[1] or found[2]: at for at, line in enumerate(lines) if (found := _END.match(line.upper()))
    }
    last_end[_SIGNED] = len(lines)
    while at < len(lines):
        found = _BEGIN.match(lines[at])
        label = (found[1] or found[2]).upper() if found else ""
        if label == _ENCRYPTED:
            raise AnswerHeld("encrypted")
        end = _end(lines, at, label) if at < last_end.get(label, 0) else 0
        if end and label == _SIGNED:
            is_signed = True
        elif end:
            is_signed = False
            taken.append(label.lower().replace(" ", "-"))
        else:
            kept.append(_ESCAPED.sub(r"\1", lines[at]) if is_signed else lines[at])
        at = end or at + 1
    return "\n".join(kept), tuple(taken)


def _end(lines: list[str], begin: int, label: str) -> int:
    """Return the line behind a block, or behind the head of a signed text; 0 where there is no block."""
    ends = (f"-----END {label}-----", f"END:{label}")
    for at in range(begin + 1, len(lines)):
        if label == _SIGNED and _BLANK.match(lines[at]):
            return at + 1
        if lines[at].strip(" \t>|").upper() in ends:
            return at + 1
    return 0
