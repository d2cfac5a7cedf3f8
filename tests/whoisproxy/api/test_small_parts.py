"""Promises of cursors, entity tags, rate limits, problems and markup."""

from datetime import UTC, datetime, timedelta

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from registries.policy import Reason
from tests.whoisproxy.api.client import refusal_only
from whoisproxy.api.etags import demand_match, is_unmodified, strong_tag
from whoisproxy.api.html import tag
from whoisproxy.api.models.domains import EXAMPLE_REGISTRANT, RegistrantModel
from whoisproxy.api.paging import cursor, place_of
from whoisproxy.api.problems import KINDS, Problem, from_error
from whoisproxy.api.rate_limit import RateLimit
from whoisproxy.domain import errors

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@given(st.from_regex(r"[a-z0-9._-]{1,253}", fullmatch=True))
def test_a_cursor_leads_back_to_its_place(place: str) -> None:
    assert place_of("domains", cursor("domains", place)) == place


@given(st.text(max_size=60))
def test_any_other_text_is_a_bad_cursor_or_a_place(text: str) -> None:
    with refusal_only("BAD_CURSOR"):
        place_of("domains", text)


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(Problem, match="BAD_CURSOR"):
        place_of("domains", cursor("tlds", "com"))


def test_if_match_compares_strongly() -> None:
    present = strong_tag("a", 1)
    demand_match(make_mocked_request("PUT", "/", {"If-Match": f'"x", {present}'}), present)
    for refused in (f"W/{present}", '"x"'):
        with pytest.raises(errors.PreconditionFailed):
            demand_match(make_mocked_request("PUT", "/", {"If-Match": refused}), present)


def test_if_match_on_nothing_fails_even_with_a_star() -> None:
    with pytest.raises(errors.PreconditionFailed):
        demand_match(make_mocked_request("PUT", "/", {"If-Match": "*"}), None)


@pytest.mark.parametrize("header", ["", "abc", '"a" "b"', '"a', "*,*", '"\x7f"'])
def test_what_is_no_list_of_tags_is_a_bad_header(header: str) -> None:
    with pytest.raises(Problem, match="INVALID_HEADER"):
        demand_match(make_mocked_request("PUT", "/", {"If-Match": header}), '"a"')


def test_if_none_match_compares_weakly() -> None:
    assert is_unmodified(make_mocked_request("GET", "/", {"If-None-Match": 'W/"a"'}), '"a"')
    assert not is_unmodified(make_mocked_request("GET", "/", {"If-None-Match": '"b"'}), '"a"')


def test_a_rate_limit_allows_a_burst_and_then_a_rate() -> None:
    now = NOW
    limit = RateLimit(60, 3, lambda: now)
    for _ in range(3):
        assert limit.wait_s("a") == 0
        limit.take("a")
    assert limit.wait_s("a") == 1
    assert limit.wait_s("b") == 0
    now += timedelta(seconds=1)
    assert limit.wait_s("a") == 0


def test_a_clock_set_back_does_not_lock_anybody_out() -> None:
    now = NOW
    limit = RateLimit(60, 1, lambda: now)
    limit.take("a")
    now -= timedelta(days=1)
    assert limit.wait_s("a") == 1
    now += timedelta(seconds=1)
    assert limit.wait_s("a") == 0


def _error_classes() -> list[type[errors.WhoisproxyError]]:
    return [each for each in errors.WhoisproxyError.__subclasses__() if each is not errors.PrivacyNotAllowed]


@pytest.mark.parametrize("kind", _error_classes(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_services_has_its_row_in_the_table(kind: type[errors.WhoisproxyError]) -> None:
    row = KINDS[kind.code]
    assert (row.status, row.retry) == (kind.status, kind.retry)


@pytest.mark.parametrize("reason", list(Reason))
def test_the_refusal_of_a_tld_names_its_source(reason: Reason) -> None:
    problem = from_error(errors.PrivacyNotAllowed(reason, "Not here.", "https://registry.example/rules"))
    assert problem.code == reason
    assert problem.as_dict("urn:uuid:0")["source"] == "https://registry.example/rules"


def test_markup_escapes_texts_and_attributes() -> None:
    assert tag("a", "<b>", href='"x"') == '<a href="&quot;x&quot;">&lt;b&gt;</a>'


@pytest.mark.parametrize("name", ["\u0645\u06cc\u200c\u0631\u0627", "\u5c71\u7530\u3000\u592a\u90ce"])
def test_a_registrant_may_be_told_with_the_characters_that_his_name_needs(name: str) -> None:
    assert RegistrantModel.model_validate(EXAMPLE_REGISTRANT | {"name": name}).name == name
