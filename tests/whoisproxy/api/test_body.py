"""Promises of the reading of bodies."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.whoisproxy.api.client import refusal_only
from whoisproxy.api.body import check_json, validated
from whoisproxy.api.models.privacy import PrivacyBody
from whoisproxy.api.problems import Problem


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"enabled": true',
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        '{"a": "é"}'.encode("latin-1"),
        '{"a": 1}'.encode("utf-16"),
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'"\\ud800"',
        b'{"\\udfff": 1}',
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"9" * 60_000,
        b"{} {}",
    ],
)
def test_garbage_is_refused_as_malformed(raw: bytes) -> None:
    with pytest.raises(Problem) as caught:
        check_json(raw)
    assert caught.value.code == "MALFORMED_JSON"


@given(st.binary(max_size=300))
def test_any_octets_are_json_or_malformed(raw: bytes) -> None:
    with refusal_only("MALFORMED_JSON"):
        check_json(raw)
        json.loads(raw)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_any_json_value_is_a_model_or_an_invalid_input(value: object) -> None:
    raw = json.dumps(value).encode()
    with refusal_only("INVALID_INPUT", "MALFORMED_JSON"):
        check_json(raw)
        validated(PrivacyBody, raw)


def test_a_complaint_names_field_and_rule_but_neither_the_value_nor_an_unknown_name() -> None:
    raw = b'{"enabled": "ann@home.example", "consent": {"ann@home.example": 1}}'
    with pytest.raises(Problem) as caught:
        validated(PrivacyBody, raw)
    assert "ann@home.example" not in json.dumps(caught.value.as_dict("urn:uuid:0"))
    assert {error.field for error in caught.value.errors} >= {"enabled", "consent"}


@pytest.mark.parametrize(
    "moment", ["1700000000", "2026-01-01", "2026-01-01T00:00:00", "9999-12-31T23:59:59-14:00", 1700000000]
)
def test_a_time_is_a_time_with_a_zone_and_nothing_else(moment: object) -> None:
    consent = {"by": "Ann", "at": moment, "text_version": "1"}
    with pytest.raises(Problem) as caught:
        validated(PrivacyBody, json.dumps({"enabled": True, "consent": consent}).encode())
    assert caught.value.errors[0].field == "consent.at"
