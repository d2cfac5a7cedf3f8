"""The set of octet 4-grams of what a message says, as 32-bit integers.

Subject and text come together, in lower case, digits made equal, zero-width characters taken out and blanks
made one; NFKC was applied where the message was read. A gram is four octets of UTF-8: four letters of ASCII,
two of Cyrillic. The grams are cut and made distinct by C code, which is what the time is spent in.
"""

import re

from mailrelay.content.reading import Content

MOST_OCTETS = 3_000
_MOST_CHARACTERS = 4_000  # of text, before blanks are made one
_MOST_SUBJECT = 300
_REPLY = re.compile(
    r"\s*(?:(?:re|aw|fwd?|wg|tr|rif|rv|sv|antw)\s*(?:\[\d+\])?:|\[[^\]]{1,40}\])\s*", re.IGNORECASE
)
_ZERO_WIDTH = {
    ord(character): None for character in "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\ufeff"
}
_DIGITS_EQUAL = bytes(ord("0") if chr(octet) in "123456789" else octet for octet in range(256))


def normal_form(content: Content) -> bytes:
    """Return subject and text as they are cut into grams; a blank at either end."""
    subject = content.subject[:_MOST_SUBJECT]
    while found := _REPLY.match(subject):
        subject = subject[found.end() :]
    text = f"{subject}\n{content.own_text[:_MOST_CHARACTERS]}".lower()
    if not text.isascii():
        text = text.translate(_ZERO_WIDTH)
    octets = " ".join(text.split()).encode("utf-8", "replace")[:MOST_OCTETS]
    return b" " + octets.translate(_DIGITS_EQUAL) + b" "


def grams(text: bytes) -> set[int]:
    """Return the distinct 4-grams of a text, each as an integer in the order of octets of this machine."""
    found: set[int] = set()
    for start in range(4):
        end = start + (len(text) - start) // 4 * 4
        if end > start:
            found.update(memoryview(text)[start:end].cast("I"))
    return found
