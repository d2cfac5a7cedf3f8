"""Days, times and numbers read as people of each language write them."""

from datetime import UTC, datetime

import pytest

from whoisproxy.portal.formats import day, moment, number

_AT = datetime(2026, 11, 6, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "date", "time", "count"),
    [
        ("en", "November 6, 2026", "Nov 6, 2026, 9:05 AM UTC", "12,345"),
        ("de", "6. November 2026", "06.11.2026, 09:05 UTC", "12.345"),
        ("fr", "6 novembre 2026", "6 nov. 2026, 09:05 UTC", "12 345"),
        ("it", "6 novembre 2026", "6 nov 2026, 09:05 UTC", "12.345"),
        ("es", "6 de noviembre de 2026", "6 nov 2026, 9:05 UTC", "12.345"),
    ],
)
def test_each_language_has_its_own(language: str, date: str, time: str, count: str) -> None:
    said = (day(_AT, language), moment(_AT, language), number(12_345, language))
    # CLDR groups with spaces that do not break.
    assert tuple(one.replace("\u202f", " ").replace("\xa0", " ") for one in said) == (date, time, count)
