"""Take files out of text in which old programs have uuencoded them (POSIX, uuencode)."""

import binascii
import re

_BLOCK = re.compile(
    r"^begin [0-7]{3,4} ([^\n]{1,200})\n((?:[ -`]{1,90}\n)*?)[ `]?\n?end[ \t]*(?:\n|\Z)", re.MULTILINE
)


def split_uuencoded(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text without its uuencoded files, and name and content of each.

    What looks like one and cannot be decoded stays in the text.
    """
    if "\nend" not in text or "begin " not in text:
        return text, []
    files: list[tuple[str, bytes]] = []

    def taken(found: re.Match[str]) -> str:
        try:
            content = b"".join([_line(line) for line in found[2].splitlines()])
        except (binascii.Error, ValueError):
            return found[0]
        files.append((found[1].strip(), content))
        return ""

    return _BLOCK.sub(taken, text), files


def _line(line: str) -> bytes:
    # Programs on the way cut blanks off the ends of lines; the first character tells the number of octets.
    octets = (ord(line[0]) - 32) & 63
    needed = 1 + (octets * 4 + 2) // 3
    return binascii.a2b_uu(line[:needed].ljust(needed))
