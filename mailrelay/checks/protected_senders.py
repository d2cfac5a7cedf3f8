"""The list of those whose mail is `Protected`: shipped as data, with files of the operator's own.

A file is TOML: `[[senders]]` with `domains` (their subdomains count too), `kind`, `source`, `date`, and
optionally `local_parts` (exact, without case) and `subject` (a regular expression sought in the decoded
subject), where a domain sends other mail too.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

_SHIPPED = "data/protected_senders.toml"
_KIND = re.compile(r"[a-z]+(-[a-z]+)*")
_KEYS = frozenset({"domains", "kind", "source", "date", "local_parts", "subject"})


class ProtectedSendersError(Exception):
    """A file cannot be read or does not say what it must. The message names file and reason."""


@dataclass(frozen=True, slots=True)
class ProtectedSender:
    """Mail of one domain that is protected.

    Attributes:
        domain: Lower-case A-labels.
        kind: What it sends, kebab-case: registry, registrar, dispute, certificate ...
        local_parts: Lower case; empty allows all.
        subject: Sought in the subject; None allows all.
        source: Where the domain is documented.
        as_of: When that was looked up.
    """

    domain: str
    kind: str
    local_parts: frozenset[str]
    subject: re.Pattern[str] | None
    source: str
    as_of: date

    def matches(self, local_part: str, subject: str) -> bool:
        """Return whether mail of the domain from `local_part` with `subject` is protected."""
        if self.local_parts and local_part.lower() not in self.local_parts:
            return False
        return self.subject is None or self.subject.search(subject) is not None


class ProtectedSenders:
    """The list, found by domain."""

    def __init__(self, senders: Iterable[ProtectedSender]) -> None:
        self._by_domain: dict[str, tuple[ProtectedSender, ...]] = {}
        for sender in senders:
            self._by_domain[sender.domain] = (*self._by_domain.get(sender.domain, ()), sender)

    @classmethod
    def load(cls, *own: Path) -> Self:
        """Read what is shipped and the operator's own files.

        Raises:
            ProtectedSendersError: A file cannot be read or is not as it must be.
        """
        return cls([*_shipped(), *(sender for file in own for sender in _read(file))])

    def lists(self, domain: str) -> bool:
        """Return whether a domain, in lower case, or one above it is on the list."""
        while domain:
            if domain in self._by_domain:
                return True
            domain = domain.partition(".")[2]
        return False

    def kinds_at(self, domain: str) -> frozenset[str]:
        """Return the kinds of mail for which a domain, in lower case, or one above it is on the list."""
        kinds: set[str] = set()
        while domain:
            kinds.update(sender.kind for sender in self._by_domain.get(domain, ()))
            domain = domain.partition(".")[2]
        return frozenset(kinds)

    def kind_of(self, author: str, subject: str) -> str:
        """Return the kind of mail from `author` with a decoded `subject`, empty where it is not protected."""
        local_part, _, domain = author.rpartition("@")
        domain = domain.lower()
        while domain:
            for sender in self._by_domain.get(domain, ()):
                if sender.matches(local_part, subject):
                    return sender.kind
            domain = domain.partition(".")[2]
        return ""

    def __iter__(self) -> Iterator[ProtectedSender]:
        return (sender for senders in self._by_domain.values() for sender in senders)


@cache
def _shipped() -> tuple[ProtectedSender, ...]:
    return _parsed(files("mailrelay").joinpath(_SHIPPED).read_text(encoding="utf-8"), _SHIPPED)


def _read(file: Path) -> tuple[ProtectedSender, ...]:
    try:
        return _parsed(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeError) as error:
        raise ProtectedSendersError(f"{file}: cannot be read ({type(error).__name__})") from None


def _parsed(text: str, name: str) -> tuple[ProtectedSender, ...]:
    try:
        return tuple(sender for entry in tomllib.loads(text)["senders"] for sender in _senders(entry))
    except tomllib.TOMLDecodeError as error:
        raise ProtectedSendersError(f"{name}: {error}") from None
    except (KeyError, TypeError, AttributeError, ValueError, re.error) as error:
        raise ProtectedSendersError(f"{name}: {type(error).__name__}: {error}") from None


def _senders(entry: Mapping[str, Any]) -> Iterable[ProtectedSender]:
    if unknown := entry.keys() - _KEYS:
        raise ValueError(f"unknown key {min(unknown)}")
    if not _KIND.fullmatch(entry["kind"]) or not isinstance(entry["date"], date) or not entry["source"]:
        raise ValueError("kind must be kebab-case, date a date, source not empty")
    for domain in entry["domains"]:
        if "." not in domain or domain != domain.lower().strip("."):
            raise ValueError(f"{domain} must be a domain in lower case")
        yield ProtectedSender(
            domain=domain,
            kind=entry["kind"],
            local_parts=frozenset(part.lower() for part in entry.get("local_parts", ())),
            subject=re.compile(entry["subject"]) if "subject" in entry else None,
            source=entry["source"],
            as_of=entry["date"],
        )
