"""No header makes a query fail, and none gets an answer that its client did not ask for."""

from hypothesis import given, settings
from hypothesis import strategies as st

from whoisproxy.publication.answer import View
from whoisproxy.rdds_servers.rdap_negotiation import Coding, coding_of, form_of, has_already
from whoisproxy.rdds_servers.rdap_targets import read_target

# What clients send, and what is made to look like it.
PIECES = (
    *("gzip", "zstd", "identity", "*", "br", ";", ",", "q=", "0", "1", "0.5", "2", "nan", "inf", " ", "W/"),
    *('"', "tag", "application/rdap+json", "exts_list=", "jscard", "rdap_level_0", "="),
)
HEADERS = st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@settings(deadline=None)
@given(header=HEADERS)
def test_any_accept_encoding_gets_a_coding_that_it_names(header: str) -> None:
    coding = coding_of(header)
    assert coding is Coding.IDENTITY or coding.value in header.lower()


@settings(deadline=None)
@given(header=HEADERS)
def test_any_accept_gets_jscontact_only_where_it_names_it(header: str) -> None:
    form = form_of(header)
    assert form.view is View.RDAP or ("jscard" in header.lower() and form.extensions)
    assert form.extensions <= ("exts_list" in header.lower())


@settings(deadline=None)
@given(header=HEADERS)
def test_a_tag_is_known_only_to_whoever_names_it_or_any(header: str) -> None:
    assert not has_already(header, '"tag"') or '"tag"' in header or header.strip() == "*"


@settings(deadline=None)
@given(path=st.text(max_size=400) | st.sampled_from(["domain/", "entity/", "help"]).flatmap(
    lambda start: st.text("aA.-%2fC3 \udc80*ä/?", max_size=40).map(lambda rest: start + rest)
))  # fmt: skip
def test_any_path_is_an_object_the_help_or_an_error(path: str) -> None:
    target = read_target(path)
    assert target.status in {200, 400, 404, 422, 501}
    assert target.question is None or target.status == 200
