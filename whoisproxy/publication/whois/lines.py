"""What all WHOIS texts share: lines of `Label: value` in UTF-8, each with CRLF, and the end of a text.

Every value is one line: what could break out of it is replaced, so no name can forge a field.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

# ITU-T E.164: one to three digits, no code begins with another.
_CALLING_CODES = frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))


def text(fields: Iterable[tuple[str, str]], read_at: datetime, *remarks: str) -> bytes:
    """Return an answer: labels with values, the age of what they tell, and remarks for the reader."""
    lines = [f"{label}: {one_line(value)}".rstrip() for label, value in fields]
    lines.append(f">>> Last update of WHOIS database: {moment(read_at)} <<<")
    for remark in remarks:
        lines += ["", one_line(remark)]
    return encode(lines)


def encode(lines: Iterable[str]) -> bytes:
    """Return lines as they go over the wire."""
    return "".join(f"{line}\r\n" for line in lines).encode()


def one_line(value: str) -> str:
    """Return `value` without line breaks of any script, controls and invisible characters."""
    if not value.isprintable():
        value = "".join(char if char.isprintable() else " " for char in value)
    return " ".join(value.split())


def moment(at: datetime) -> str:
    """Return a time in UTC to the second (RFC 3339)."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def phone(number: str) -> str:
    """Return E.164 as the specification wants it, `+41.225550100` (RFC 5733 section 2.5)."""
    digits = number.removeprefix("+")
    for length in (1, 2, 3):
        if digits[:length] in _CALLING_CODES:
            return f"+{digits[:length]}.{digits[length:]}"
    return number


def terms(url: str) -> str:
    """Return the remark that leads to the terms."""
    return f"Terms of use: {url}"
