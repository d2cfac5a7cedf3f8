"""The forms of a telephone number: its digits as dialled, however they are grouped."""

import re
from collections.abc import Iterator

import phonenumbers

from mailrelay.identity import Trait
from mailrelay.rewriting.scrub.form import Form

_EXTENSION = re.compile(r"[x#;,]|ext", re.IGNORECASE)
_PARTED = re.compile(r"\n\s*\n")
_ADJACENT = re.compile(r"[\da-f]")  # a longer number, also a hexadecimal one
_SHORTEST = 6  # digits; fewer are prices and years


def phone_forms(phone: str, country: str) -> Iterator[Form]:
    """Yield the national number, as the country writes it, and where it has an area code, without that."""
    digits = re.sub(r"\D", "", _EXTENSION.split(phone)[0]).lstrip("0")
    try:
        number = phonenumbers.parse(phone, country or None)
    except phonenumbers.NumberParseException:
        yield from _forms({digits}, "0{0,2}")
        return
    national = phonenumbers.national_significant_number(number)
    as_dialled = re.sub(
        r"\D", "", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    )
    code = str(number.country_code)
    yield from _forms({national, as_dialled, digits}, f"(?:(?:0|00|011)?{code})?[0189]?")
    area = phonenumbers.length_of_geographical_area_code(number)
    if area:
        yield from _forms({national[area:]}, "")


def _forms(numbers: set[str], prefix: str) -> Iterator[Form]:
    for digits in sorted(numbers):
        if len(digits) >= _SHORTEST:
            yield Form(Trait.PHONE, digits, _dialled)
            if prefix:
                yield Form(Trait.PHONE, digits, _dialled, re.compile(prefix + digits))


def _dialled(text: str, start: int, end: int) -> bool:
    """Take digits that are no part of a longer number, nor of several lines with other things between."""
    if _ADJACENT.match(text, end) or (start and _ADJACENT.match(text, start - 1)):
        return False
    return not any(map(str.isalpha, text[start:end])) and _PARTED.search(text, start, end) is None
