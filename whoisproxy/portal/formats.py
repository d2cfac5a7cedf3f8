"""Days, times and numbers as the languages write them (CLDR, by Babel); templates have them as filters."""

from datetime import UTC, date, datetime

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_decimal


def day(moment: date, language: str) -> str:
    """Return a day, with its month spelled out; `moment` is one, or aware UTC."""
    return format_date(moment, "long", locale=language)


def short_day(day: date, language: str) -> str:
    """Return a day of a year that is known, its month cut short."""
    return format_skeleton("MMMd", _noon(day), locale=language)


def month(day: date, language: str) -> str:
    """Return the month of a day, spelled out, and its year."""
    return format_skeleton("yMMMM", _noon(day), locale=language)


def short_month(day: date, language: str) -> str:
    """Return the month of a day, cut short."""
    return format_skeleton("MMM", _noon(day), locale=language)


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def moment(moment: datetime, language: str) -> str:
    """Return a day and a time of it, which says that it is UTC."""
    date = format_date(moment, "medium", locale=language)
    return f"{date}, {format_time(moment, 'short', locale=language)} UTC"


def number(count: int, language: str) -> str:
    """Return a whole number, its digits grouped."""
    return format_decimal(count, locale=language)


def country(code: str, language: str) -> str:
    """Return the name of a country, as ISO 3166-1 alpha-2 writes it; the code where there is no name."""
    return str(Locale(language).territories.get(code, code))


def language_name(tag: str, language: str) -> str:
    """Return the name of the language of a BCP 47 tag; the tag where there is no name."""
    return str(Locale(language).languages.get(tag.partition("-")[0].lower(), tag))
