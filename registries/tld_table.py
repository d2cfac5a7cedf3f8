"""Read one [[policy]] table of the catalogue, whatever is in it.

Every complaint is a `CatalogueError`: it names the file, the table, the key and the reason.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import idna

from registries.contact import Role
from registries.policy import (
    FIELDS_SHOWN,
    HOLDER_CHANGES,
    Confidence,
    ContactModel,
    HolderChange,
    Mechanism,
    Profile,
    ProxyPolicy,
    Reason,
    SessionLimits,
    Shown,
    TldPolicy,
    usual_profile,
)

# RFC 5890 section 2.3.1: what a lower-case LDH label looks like; a suffix has one or more.
_SUFFIX = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
_MAX_OCTETS = 253  # RFC 1035 section 2.3.4, without the root label
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)
_EXTENSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}")
_MAX_LOCK_DAYS = 365
_MAX_SESSION_LIMIT = 1_000_000
_SESSION_LIMITS = tuple(each.name for each in fields(SessionLimits))

_CONTACTS_NEEDED = frozenset({Mechanism.SUBSTITUTE, Mechanism.RELAY_EMAIL, Mechanism.REGISTRY_FLAG})
_PROXY_HOLDS = frozenset({Mechanism.SUBSTITUTE, Mechanism.RDDS_ONLY})
_NO_PROXY = frozenset({ProxyPolicy.PROHIBITED, ProxyPolicy.LOCAL_HOLDER})

_EnumT = TypeVar("_EnumT", bound=StrEnum)
_ValueT = TypeVar("_ValueT")
_DefaultT = TypeVar("_DefaultT")


class CatalogueError(ValueError):
    """A file of the catalogue cannot be used; the text names the file, the key and the reason."""

    def __init__(self, file: Path, key: str, reason: str) -> None:
        super().__init__(f"{file}: {key}: {reason}")
        self.file = file
        self.key = key
        self.reason = reason


def read_table(file: Path, place: str, table: object) -> Iterator[TldPolicy]:
    """Yield the rule of a [[policy]] table once for each of its TLDs.

    Args:
        file: Where the table stands; complaints name it.
        table: Whatever TOML has in the place of a table.
        place: What complaints call the table, such as `policy 3`.

    Raises:
        CatalogueError: A key is missing or unknown, a value is bad, or two values contradict each other.
    """
    return _Reader(file, place, table).rules()


class _Reader:
    """Takes the keys of one table, one after the other; what is left in the end is unknown."""

    def __init__(self, file: Path, place: str, table: object) -> None:
        if not isinstance(table, dict):
            raise CatalogueError(file, place, "must be a table")
        self._file = file
        self._place = place
        self._table = dict(table)

    def rules(self) -> Iterator[TldPolicy]:
        tlds = self._take("tlds", _suffixes)
        rule = self._facts(self._required())
        profile = self._may_take("profile", _one_of(Profile), None)
        if self._table:
            raise self._error(min(self._table), "is not a known key")
        self._check(rule)
        for tld in tlds:
            yield replace(rule, tld=tld, profile=profile or usual_profile(tld))

    def _required(self) -> TldPolicy:
        mechanism = self._take("mechanism", _one_of(Mechanism))
        return TldPolicy(
            tld="",
            operator=self._take("operator", _text),
            mechanism=mechanism,
            reason=self._reason(mechanism),
            explanation=self._take("explanation", _text),
            source=self._take("source", _text),
            source_date=self._take("source_date", _date),
            confidence=self._take("confidence", _one_of(Confidence)),
            holder_change=self._take("holder_change", _holder_change),
            roles=self._take("roles", _roles),
            file=self._file.name,
        )

    def _facts(self, rule: TldPolicy) -> TldPolicy:
        """Return the rule with what is told of its registry; each of these keys may be left out."""
        thin = rule.mechanism is Mechanism.RDDS_ONLY
        model = ContactModel.MINIMUM if thin else rule.contact_model
        return replace(
            rule,
            protocol=self._may_take("protocol", _text, rule.protocol),
            extension=self._may_take("extension", _extension, rule.extension),
            contact_model=self._may_take("contact_model", _one_of(ContactModel), model),
            natural_persons=self._may_take("natural_persons", _shown, rule.natural_persons),
            organisations=self._may_take("organisations", _shown, rule.organisations),
            proxies=self._may_take("proxies", _one_of(ProxyPolicy), rule.proxies),
            native_mechanism=self._may_take("native_mechanism", _text, rule.native_mechanism),
            presence=self._may_take("presence", _text, rule.presence),
            sessions=self._may_take("sessions", _sessions, rule.sessions),
            note=self._may_take("note", _text, rule.note),
            whois_server=self._may_take("whois_server", _host, rule.whois_server),
        )

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
        if rule.mechanism in _CONTACTS_NEEDED and rule.contact_model is ContactModel.MINIMUM:
            raise self._error("contact_model", f"minimum leaves {rule.mechanism} no contact to change")
        if rule.mechanism in _PROXY_HOLDS and rule.proxies in _NO_PROXY:
            raise self._error("proxies", f"{rule.proxies} forbids the mechanism {rule.mechanism}")

    def _take(self, key: str, read: Callable[[object], _ValueT]) -> _ValueT:
        if key not in self._table:
            raise self._error(key, "is missing")
        try:
            return read(self._table.pop(key))
        except ValueError as error:
            raise self._error(key, str(error)) from None

    def _may_take(
        self, key: str, read: Callable[[object], _ValueT], default: _DefaultT
    ) -> _ValueT | _DefaultT:
        return self._take(key, read) if key in self._table else default

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


def _extension(value: object) -> str:
    if not isinstance(value, str) or not _EXTENSION.fullmatch(value):
        raise ValueError('must be the name of a schema, such as "frnic-2.0"')
    return value


def _host(value: object) -> str:
    if not isinstance(value, str) or not _is_suffix(value) or "." not in value:
        raise ValueError('must be the name of a host, such as "whois.registry.example"')
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
        if not _is_suffix(suffix):
            raise ValueError(f"{suffix!r} is not a lower-case A-label suffix without leading dot")
    return suffixes


def _is_suffix(text: str) -> bool:
    if len(text) > _MAX_OCTETS or not _SUFFIX.fullmatch(text):
        return False
    try:
        # "xn--" begins a label that must decode to a U-label (RFC 5890 section 2.3.2.1).
        return idna.encode(idna.decode(text)).decode() == text
    except (idna.IDNAError, UnicodeError):
        return False


def _one_of(kind: type[_EnumT]) -> Callable[[object], _EnumT]:
    def read(value: object) -> _EnumT:
        name = _text(value)
        if name not in set(kind):
            raise ValueError(f"{name!r} is not one of {_listed(kind)}")
        return kind(name)

    return read


def _roles(value: object) -> tuple[Role, ...]:
    return tuple(_one_of(Role)(item) for item in _strings(value))


def _shown(value: object) -> tuple[Shown, ...]:
    shown = tuple(_one_of(Shown)(item) for item in _strings(value))
    if not shown:
        raise ValueError('must name what is shown, or be ["nothing"]')
    if len(shown) > 1 and not FIELDS_SHOWN.issuperset(shown):
        raise ValueError(f"only {_listed(item for item in Shown if item in FIELDS_SHOWN)} go together")
    return shown


def _holder_change(value: object) -> HolderChange:
    if not isinstance(value, dict) or set(value) | {"note"} != {"kind", "lock_days", "note"}:
        raise ValueError("must be a table of exactly kind and lock_days, and a note where there is one")
    kind, lock_days = value["kind"], value["lock_days"]
    if not isinstance(kind, str) or kind not in HOLDER_CHANGES:
        raise ValueError(f"kind {kind!r} is not one of {_listed(HOLDER_CHANGES)}")
    note = _text(value["note"]) if "note" in value else ""
    return HolderChange(kind, _whole_number("lock_days", lock_days, 0, _MAX_LOCK_DAYS), note)


def _sessions(value: object) -> SessionLimits:
    if not isinstance(value, dict) or not set(value) <= set(_SESSION_LIMITS):
        raise ValueError(f"must be a table of {_listed(_SESSION_LIMITS)}")
    limits = SessionLimits(
        **{key: _whole_number(key, limit, 1, _MAX_SESSION_LIMIT) for key, limit in value.items()}
    )
    if limits.granted and limits.most and limits.granted > limits.most:
        raise ValueError("granted must not be more than most")
    return limits


def _whole_number(name: str, value: object, least: int, most: int) -> int:
    # `bool` is an `int` in Python and must not pass for one here.
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most}")
    return value


def _listed(values: Iterable[str]) -> str:
    return ", ".join(values)
