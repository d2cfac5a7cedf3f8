"""Corrections change what they name, never who somebody is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.samples import REGISTRANT
from whoisproxy.domain.correction import ANOTHER_HOLDER, CORRECTABLE, SAME, Correction, changes_of
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.ids import is_older, new_id

_NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
_OTHER = {
    "name": "Ann Other",
    "organization": "",
    "email": "ann@other.example",
    "phone": "+41446681800",
    "street": ["Bahnhofstrasse 1"],
    "city": "Zürich",
    "region": "ZH",
    "postal_code": "8001",
    "country_code": "CH",
}


def _correction(changes: dict[str, object]) -> Correction:
    return Correction("cor_1", "rgr_1", "oac_1", ("own_1",), changes, _NOW)


@given(st.sets(st.sampled_from(CORRECTABLE), min_size=1))
def test_what_is_named_changes_and_all_else_stays(names: set[str]) -> None:
    wanted = {name: _OTHER[name] for name in names}
    if {"name", "email"} <= names:
        with pytest.raises(InvalidInput, match=ANOTHER_HOLDER):
            changes_of(REGISTRANT, wanted)
        return
    changes = changes_of(REGISTRANT, wanted)
    assert changes == wanted
    assert _correction(changes).applied_to(REGISTRANT).as_dict() == {**REGISTRANT.as_dict(), **wanted}


def test_what_is_written_otherwise_and_means_the_same_is_no_change() -> None:
    with pytest.raises(InvalidInput, match=SAME):
        changes_of(REGISTRANT, {"phone": "+49 1512 3456789", "country_code": "de", "city": " Köln "})


def test_a_registrant_who_is_another_by_now_is_not_made_a_third_one() -> None:
    renamed = replace(REGISTRANT, name="Ann Other")
    correction = _correction({"email": "new@home.example", "name": "Zoë Again"})
    with pytest.raises(InvalidInput, match=ANOTHER_HOLDER):
        correction.applied_to(renamed)


@given(st.integers(0, 10**10), st.integers(0, 10**9))
def test_ids_tell_which_is_older_by_the_millisecond(seconds: int, later: int) -> None:
    first, then = [datetime.fromtimestamp(one, UTC) for one in (seconds, seconds + later)]
    one, other = new_id("own", first), new_id("op", then)
    assert not is_older(other, one)
    assert is_older(one, other) == (later > 0)
