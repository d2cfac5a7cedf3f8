"""Hosts and display names that borrow a well-known name (Unicode TR 39 calls look-alikes confusables).

A name is known by the label before the suffix of its domains: `paypal.example` is taken for PayPal's own, as
no list of all its domains is kept.
"""

import re
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from mailrelay.content.lookalikes import folded

_FILE = "data/known_names.toml"
_CACHED_HOSTS = 4096
_LONGEST = 253  # octets of a host, RFC 1035 section 2.3.4
_SCRIPTS_MIXED = re.compile(r"[a-z].*[\u0370-\u03ff\u0400-\u052f]|[\u0370-\u03ff\u0400-\u052f].*[a-z]")
_REPEATED = re.compile(r"(.)\1+")
_WORD = re.compile(r"\w+")
# Under these a country has its registrations one level down.
_SECOND_LEVELS = frozenset({"co", "com", "net", "org", "gov", "edu", "ac", "or", "ne", "go"})
_LEAST_LIKE = 5  # letters of a name of which a likeness is told; shorter ones have too many neighbours
_LEAST_NEAR = 8  # the same for one letter more, less or other
_LEAST_BORROWED = 6  # the same for a name as a part of another
_DIGITS = str.maketrans("01358i", "olesbl")  # by their looks; capital I was made a small one before


class Likeness(StrEnum):
    """How a host borrows a known name."""

    NONE = ""
    LOOK_ALIKE = "look-alike"  # another name that is read as it
    BORROWED = "borrowed"  # the name stands in front of somebody else's domain, or within it


@lru_cache(maxsize=_CACHED_HOSTS)
def likeness(host: str) -> Likeness:
    """Return how `host`, in lower case, borrows a known name, in A-labels or U-labels."""
    labels = host[:_LONGEST].strip(".").split(".")
    if len(labels) < 2 or not labels[-1].strip("0123456789"):  # noqa: PLR2004 - no domain, or an IPv4 address
        return Likeness.NONE
    at = _registered(labels)
    own = unicode_label(labels[at])
    if own in _names():
        return Likeness.NONE
    if _is_like(own):
        return Likeness.LOOK_ALIKE
    parts = [*labels[:at], *own.split("-")]
    return Likeness.BORROWED if any(map(_is_long_name, parts)) else Likeness.NONE


def borrowed_in_name(display_name: str, domain: str) -> bool:
    """Return whether a display name has a known name as a word that neither the domain nor its kin has."""
    skeletons = _skeletons()
    known = {skeletons.get(skeleton(word), "") for word in _WORD.findall(display_name.lower())} - {""}
    return any(name not in domain and registered_label(domain) not in _kin(name) for name in known)


def mixes_scripts(host: str) -> bool:
    """Return whether a label of a host has Latin letters beside Greek or Cyrillic ones."""
    return "xn--" in host and any(_SCRIPTS_MIXED.search(unicode_label(label)) for label in host.split("."))


def skeleton(label: str) -> str:
    """Return what a label is read as: look-alikes made one, marks taken off, no letter twice in a row."""
    return _REPEATED.sub(r"\1", folded(label).translate(_DIGITS).replace("rn", "m").replace("vv", "w"))


def unicode_label(label: str) -> str:
    """Return a label as it is shown (RFC 3492); one that cannot be decoded stays as it is."""
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError, OverflowError):
        return label


def registered_label(host: str) -> str:
    """Return what mostly is the label that somebody has registered."""
    labels = host.strip(".").split(".")
    return labels[_registered(labels)] if len(labels) > 1 else host


def _registered(labels: list[str]) -> int:
    """Return where the label stands that somebody has registered; a list of suffixes would cost more."""
    deeper = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS  # noqa: PLR2004 - a country
    return len(labels) - (3 if deeper else 2)


def _is_like(label: str) -> bool:
    known = _skeletons().get(skeleton(label))
    if known:
        return len(known) >= _LEAST_LIKE
    return len(label) >= _LEAST_NEAR - 1 and not _near().isdisjoint((label, *_one_less(label)))


def _is_long_name(label: str) -> bool:
    return len(label) >= _LEAST_BORROWED and label in _names()


def _one_less(label: str) -> Iterator[str]:
    return (label[:at] + label[at + 1 :] for at in range(len(label)))


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files("mailrelay") / _FILE).read_text(encoding="utf-8"))


@cache
def _names() -> frozenset[str]:
    return frozenset(name for group in _table()["names"].values() for name in group)


def _kin(name: str) -> list[str]:
    kin: dict[str, list[str]] = _table()["kin"]
    return kin.get(name, [])


@cache
def _skeletons() -> dict[str, str]:
    return {skeleton(name): name for name in _names()}


@cache
def _near() -> frozenset[str]:
    """Return long names, and what is left of them without one letter."""
    long = [name for name in _names() if len(name) >= _LEAST_NEAR]
    return frozenset([*long, *(shorter for name in long for shorter in _one_less(name))])
