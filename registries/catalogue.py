"""The catalogue of TLDs: which privacy mechanism each has, read from TOML.

The rules are data, in `registries/tld/*.toml` and in files of the operator's own that replace single
rows. A TLD that no file names fails closed: mechanism `none`, reason TLD_UNSUPPORTED.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from registries.contact import Role
from registries.policy import Confidence, HolderChange, Mechanism, Reason, TldPolicy

_SHIPPED = Path(__file__).parent / "tld"

# RFC 5890 section 2.3.1: what a lower-case LDH label looks like; a suffix has one or more.
_SUFFIX = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_HOLDER_CHANGES = ("update", "trade", "manual")
_MAX_LOCK_DAYS = 365

_EnumT = TypeVar("_EnumT", bound=StrEnum)
_ValueT = TypeVar("_ValueT")


class CatalogueError(ValueError):
    """A file of the catalogue cannot be used; the text names the file, the key and the reason."""

    def __init__(self, file: Path, key: str, reason: str) -> None:
        super().__init__(f"{file}: {key}: {reason}")
        self.file = file
        self.key = key
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every rule, by A-label suffix."""

    rules: Mapping[str, TldPolicy] = field(repr=False)

    @classmethod
    def load(cls, *overrides: Path) -> "Catalogue":
        """Read the shipped rules, then the overrides in order, each replacing rows of those before.

        Args:
            overrides: TOML files, or folders of them.

        Raises:
            CatalogueError: A file cannot be read, or has an unknown key, a bad value or a TLD twice.
        """
        rules: dict[str, TldPolicy] = {}
        for source in (_SHIPPED, *overrides):
            rules.update(_read_layer(source))
        return cls(rules)

    def policy(self, suffix: str) -> TldPolicy:
        """Return the rule of the longest suffix of `suffix` that has one; unknown ones fail closed."""
        asked = suffix.lower().strip(".")
        candidate = asked
        while candidate:
            if candidate in self.rules:
                return self.rules[candidate]
            candidate = candidate.partition(".")[2]
        return _unknown(asked)

    def all(self) -> tuple[TldPolicy, ...]:
        """Return every rule, sorted by suffix."""
        return tuple(self.rules[tld] for tld in sorted(self.rules))


def _unknown(suffix: str) -> TldPolicy:
    return TldPolicy(
        tld=suffix,
        operator="",
        mechanism=Mechanism.NONE,
        reason=Reason.UNSUPPORTED,
        explanation=(
            f"The catalogue has no rule for .{suffix}, and a privacy service that guesses could break "
            "the registry's terms, so privacy is refused until a rule is added."
        ),
        source="default of the catalogue",
        source_date="",
        confidence=Confidence.LOW,
        holder_change=HolderChange("manual", 0),
        roles=(),
    )


def _read_layer(source: Path) -> dict[str, TldPolicy]:
    files = sorted(source.glob("*.toml")) if source.is_dir() else [source]
    rules: dict[str, TldPolicy] = {}
    for file in files:
        for rule in _read_file(file):
            if rule.tld in rules:
                raise CatalogueError(file, f"tlds: {rule.tld}", "has a rule already")
            rules[rule.tld] = rule
    return rules


def _read_file(file: Path) -> Iterator[TldPolicy]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogueError(file, "file", f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(file, "file", f"is not TOML in UTF-8: {error}") from error
    tables = document.pop("policy", [])
    if document:
        raise CatalogueError(file, min(document), "is not a known key; rules are [[policy]] tables")
    if not isinstance(tables, list):
        raise CatalogueError(file, "policy", "must be [[policy]] tables")
    for number, table in enumerate(tables, start=1):
        yield from _Reader(file, f"policy {number}", table).rules()


class _Reader:
    """Reads one [[policy]] table; every complaint names the file and the key."""

    def __init__(self, file: Path, place: str, table: object) -> None:
        if not isinstance(table, dict):
            raise CatalogueError(file, place, "must be a table")
        self._file = file
        self._place = place
        self._table = dict(table)

    def rules(self) -> Iterator[TldPolicy]:
        """Yield the table's rule once for each of its TLDs."""
        tlds = self._take("tlds", _suffixes)
        mechanism = self._take("mechanism", _one_of(Mechanism))
        reason = self._reason(mechanism)
        rule = TldPolicy(
            tld="",
            operator=self._take("operator", _text),
            mechanism=mechanism,
            reason=reason,
            explanation=self._take("explanation", _text),
            source=self._take("source", _text),
            source_date=self._take("source_date", _date),
            confidence=self._take("confidence", _one_of(Confidence)),
            holder_change=self._take("holder_change", _holder_change),
            roles=self._take("roles", _roles),
        )
        if self._table:
            raise self._error(min(self._table), "is not a known key")
        self._check(rule)
        for tld in tlds:
            yield replace(rule, tld=tld)

    def _reason(self, mechanism: Mechanism) -> Reason | None:
        if mechanism is Mechanism.NONE:
            return self._take("reason", _one_of(Reason))
        if "reason" in self._table:
            raise self._error("reason", "stands only with mechanism none")
        return None

    def _check(self, rule: TldPolicy) -> None:
        if rule.allowed and not rule.roles:
            raise self._error("roles", "must name at least one role where privacy is possible")
        # A rule that we are not sure of must not be acted on.
        if rule.allowed and rule.confidence is Confidence.LOW:
            raise self._error("confidence", "low goes only with mechanism none")

    def _take(self, key: str, read: Callable[[object], _ValueT]) -> _ValueT:
        if key not in self._table:
            raise self._error(key, "is missing")
        try:
            return read(self._table.pop(key))
        except ValueError as error:
            raise self._error(key, str(error)) from None

    def _error(self, key: str, reason: str) -> CatalogueError:
        return CatalogueError(self._file, f"{self._place}: {key}", reason)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a text that is not empty")
    return value


def _date(value: object) -> str:
    if not isinstance(value, str) or (value and not _DATE.fullmatch(value)):
        raise ValueError('must be "", a year, or an ISO date such as "2026-08"')
    return value


def _strings(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of texts")
    if len(set(value)) != len(value):
        raise ValueError("names something twice")
    return value


def _suffixes(value: object) -> list[str]:
    suffixes = _strings(value)
    if not suffixes:
        raise ValueError("must name at least one TLD")
    for suffix in suffixes:
        if not _SUFFIX.fullmatch(suffix):
            raise ValueError(f"{suffix!r} is not a lower-case A-label suffix without leading dot")
    return suffixes


def _one_of(kind: type[_EnumT]) -> Callable[[object], _EnumT]:
    def read(value: object) -> _EnumT:
        try:
            return kind(str(value))
        except ValueError:
            raise ValueError(f"{value!r} is not one of {_listed(kind)}") from None

    return read


def _roles(value: object) -> tuple[Role, ...]:
    return tuple(_one_of(Role)(item) for item in _strings(value))


def _holder_change(value: object) -> HolderChange:
    if not isinstance(value, dict) or set(value) != {"kind", "lock_days"}:
        raise ValueError("must be a table of exactly kind and lock_days")
    kind, lock_days = value["kind"], value["lock_days"]
    if kind not in _HOLDER_CHANGES:
        raise ValueError(f"kind {kind!r} is not one of {_listed(_HOLDER_CHANGES)}")
    if type(lock_days) is not int or not 0 <= lock_days <= _MAX_LOCK_DAYS:
        raise ValueError(f"lock_days must be a whole number from 0 to {_MAX_LOCK_DAYS}")
    return HolderChange(kind, lock_days)


def _listed(values: Iterable[str]) -> str:
    return ", ".join(values)
