"""The texts of the pages, by language: the table of `texts.toml`, and which language a browser asks for."""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

DEFAULT_LANGUAGE = "en"


@cache
def table() -> dict[str, dict[str, str]]:
    """Return the texts by language and name."""
    return tomllib.loads(files(__package__).joinpath("texts.toml").read_text(encoding="utf-8"))


def known(language: str) -> str:
    """Return the language of the table for a BCP 47 tag; English where it has none."""
    primary = language.strip().lower().partition("-")[0]
    return primary if primary in table() else DEFAULT_LANGUAGE


def text(language: str, name: str, **facts: object) -> str:
    """Return a text of a language that the table has."""
    return table()[language][name].format(**facts)


def wished(accept_language: str) -> str:
    """Return the language of the table that a browser likes best (RFC 9110 section 12.5.4)."""
    for tag in _by_weight(accept_language):
        if tag.partition("-")[0] in table():
            return known(tag)
    return DEFAULT_LANGUAGE


def _by_weight(accept_language: str) -> Iterator[str]:
    weighted = []
    for one in accept_language[:500].lower().split(","):
        tag, _, weight = one.partition(";")
        try:
            weighted.append((-float(weight.partition("=")[2] or 1), tag.strip()))
        except ValueError:
            continue
    return (tag for _, tag in sorted(weighted, key=lambda one: one[0]))
