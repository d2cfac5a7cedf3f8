"""The catalogue of TLDs: which privacy mechanism each has, read from TOML.

The rules are data, in `registries/tld/*.toml` and in files of the operator's own that replace single
rows. A TLD that no file names fails closed: mechanism `none`, reason TLD_UNSUPPORTED.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType

from registries.policy import Confidence, HolderChange, Mechanism, Reason, TldPolicy, usual_profile
from registries.tld_table import CatalogueError, read_table

__all__ = ["Catalogue", "CatalogueError"]

_SHIPPED = Path(__file__).parent / "tld"


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
        rules = dict(_shipped())
        for source in overrides:
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

    def similar(self, suffix: str) -> tuple[str, ...]:
        """Return up to three suffixes with a rule that `suffix`, or its last label, may be meant for."""
        for typed in (suffix, suffix.rpartition(".")[2]):
            alike = (rule for rule in self.rules if rule.count(".") == typed.count("."))
            if found := get_close_matches(typed, alike, n=3, cutoff=0.65):
                return tuple(found)
        return ()

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
        # That the unknown is refused is our own rule, and certain.
        confidence=Confidence.HIGH,
        holder_change=HolderChange("manual", 0),
        roles=(),
        profile=usual_profile(suffix),
    )


@cache
def _shipped() -> Mapping[str, TldPolicy]:
    return MappingProxyType(_read_layer(_SHIPPED))


def _read_layer(source: Path) -> dict[str, TldPolicy]:
    rules: dict[str, TldPolicy] = {}
    for file in _files(source):
        for rule in _read_file(file):
            if rule.tld in rules:
                raise CatalogueError(file, f"tlds: {rule.tld}", "has a rule already")
            rules[rule.tld] = rule
    return rules


def _files(source: Path) -> list[Path]:
    try:
        # Unlike `glob`, `iterdir` tells a folder that must not be read from one that is empty.
        return sorted(each for each in source.iterdir() if each.suffix == ".toml")
    except NotADirectoryError:
        return [source]
    except OSError as error:
        raise CatalogueError(source, "file", f"cannot be read: {error.strerror}") from error


def _read_file(file: Path) -> Iterator[TldPolicy]:
    document = _read_toml(file)
    tables = document.pop("policy", [])
    if document:
        raise CatalogueError(file, min(document), "is not a known key; rules are [[policy]] tables")
    if not isinstance(tables, list):
        raise CatalogueError(file, "policy", "must be [[policy]] tables")
    for number, table in enumerate(tables, start=1):
        yield from read_table(file, f"policy {number}", table)


def _read_toml(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogueError(file, "file", f"cannot be read: {error.strerror}") from error
    # tomllib lets a number of thousands of digits and a thousand brackets through to Python.
    except (ValueError, RecursionError) as error:
        raise CatalogueError(file, "file", f"is not TOML in UTF-8: {error}") from error
