"""Whatever stands in a file for a rule, the reader refuses it or returns a sound rule; it never breaks."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.policy import Confidence, Mechanism, Reason, Shown, TldPolicy
from registries.tld_table import CatalogueError, read_table

TABLE = {
    "tlds": ["example", "co.example"],
    "operator": "Example Registry",
    "mechanism": "substitute",
    "explanation": "A proxy may hold the domain.",
    "source": "https://registry.example/rules",
    "source_date": "2026-08-01",
    "confidence": "high",
    "holder_change": {"kind": "update", "lock_days": 60},
    "roles": ["registrant", "tech"],
}
KEYS = (
    *TABLE,
    "reason",
    "contact_model",
    "natural_persons",
    "proxies",
    "sessions",
    "extension",
    "note",
    "whois_server",
)
WORDS = st.sampled_from([*Mechanism, *Reason, *Confidence, *Shown, "update", "granted", "tech", "2026"])
PLAIN = st.one_of(
    WORDS.map(str),
    st.text(),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.sampled_from([date(2026, 11, 1), time(9, 30), datetime(2026, 11, 1, tzinfo=UTC)]),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS.map(str), inner, max_size=3),
    max_leaves=5,
)


def _read_or_refused(table: object) -> list[TldPolicy] | CatalogueError:
    try:
        return list(read_table(Path("any.toml"), "policy 1", table))
    except CatalogueError as error:
        return error


@given(VALUES)
def test_whatever_stands_for_a_table_is_refused_and_never_breaks(table: object) -> None:
    assert isinstance(_read_or_refused(table), CatalogueError)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4), st.sets(st.sampled_from(KEYS), max_size=2))
def test_a_table_with_any_values_is_a_sound_rule_or_is_refused(
    other: dict[str, object], left_out: set[str]
) -> None:
    table = {key: value for key, value in {**TABLE, **other}.items() if key not in left_out}
    found = _read_or_refused(table)
    if isinstance(found, CatalogueError):
        assert "any.toml: policy 1: " in str(found)
        return
    for policy in found:
        assert policy.allowed == (policy.reason is None)
        assert policy.roles or not policy.allowed
        assert policy.confidence is not Confidence.LOW or not policy.allowed


def test_the_table_that_is_changed_is_a_rule() -> None:
    assert [policy.tld for policy in read_table(Path("any.toml"), "policy 1", TABLE)] == TABLE["tlds"]


def test_the_whois_server_is_the_name_of_a_host() -> None:
    """Nothing else may be asked: it stands in a file, and becomes an address that is called."""
    rule, *_ = read_table(Path("own.toml"), "policy 1", {**TABLE, "whois_server": "whois.registry.example"})
    assert rule.whois_server == "whois.registry.example"
    for bad in ("whois", "whois.registry.example:43", "127.0.0.1/x", "", 43):
        with pytest.raises(CatalogueError, match="whois_server"):
            list(read_table(Path("own.toml"), "policy 1", {**TABLE, "whois_server": bad}))
