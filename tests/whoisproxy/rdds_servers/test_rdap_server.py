"""RDAP over a real socket: every answer is RDAP, whatever is asked and however."""

import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.whoisproxy.rdds_servers.rdap_site import BASE_URL, CHEESE, IDN, Held, Site, document, site
from whoisproxy.domain.errors import InvalidInput, Unavailable
from whoisproxy.publication.answer import MISSING, ObjectKind, Question, View
from whoisproxy.rdds_servers.queries import host_name


@pytest.fixture
async def rdap() -> AsyncIterator[Site]:
    async with site() as running:
        yield running


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/domain/cheese.com", ObjectKind.DOMAIN, "cheese.com"),
        ("/nameserver/NS1.cheese.com.", ObjectKind.NAMESERVER, "ns1.cheese.com"),
        ("/entity/9995", ObjectKind.ENTITY, "9995"),
        ("/entity/a%2Fb", ObjectKind.ENTITY, "a/b"),
    ],
)
async def test_an_object_is_answered_with_its_document(
    rdap: Site, path: str, kind: ObjectKind, name: str
) -> None:
    got = await rdap.get(path)
    got.document(200)
    assert got.body == document(Question(View.RDAP, kind, name))


@pytest.mark.parametrize(
    "path", ["/domain/CHEESE.com", "/domain/cheese.com.", "/domain/Cheese.Com?ignored=1"]
)
async def test_10403_every_spelling_gets_the_same_bytes(rdap: Site, path: str) -> None:
    first, second = await rdap.get("/domain/cheese.com"), await rdap.get(path)
    assert (first.body, first.headers["ETag"]) == (second.body, second.headers["ETag"])
    assert len(rdap.held.asked) == 1


@pytest.mark.parametrize(
    "name",
    [IDN, IDN.upper(), "k%C3%A4se-m%C3%BCller.de", "K%C3%84SE-m%C3%BCller.DE", "ka%CC%88se-m%C3%BCller.de"],
)
async def test_46100_46101_a_labels_and_u_labels_find_the_same(rdap: Site, name: str) -> None:
    assert (await rdap.get(f"/domain/{name}")).document(200)["name"] == IDN


async def test_raw_utf_8_in_a_path_is_understood(rdap: Site) -> None:
    raw = "GET /domain/käse-müller.de HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    answer = await rdap.exchange(raw)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(document(Question(View.RDAP, ObjectKind.DOMAIN, IDN)))


@pytest.mark.parametrize("base_url", [f"{BASE_URL}/rdap/v1", BASE_URL])
async def test_a_proxy_may_take_the_path_of_the_base_url_away_or_leave_it(base_url: str) -> None:
    async with site(base_url=base_url) as rdap:
        left = base_url.removeprefix(BASE_URL)
        for path in ("/domain/cheese.com", f"{left}/domain/cheese.com"):
            (await rdap.get(path)).document(200)
        [notice] = (await rdap.get(f"{left}/domain/-")).document(400)["notices"]
        assert notice["links"][0]["value"] == f"{base_url}/domain/-"


DECODERS: dict[str | None, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "zstd": zstandard.decompress,
    None: bytes,
}

STATUSES = [
    ("/domain/cheese.com", 200),
    ("/help", 200),
    # 65300, 13005: the tool asks for these.
    ("/domain/not-a-domain.invalid", 404),
    ("/domain/test.invalid", 404),
    # Good names that are not held here.
    ("/domain/com", 404),
    ("/domain/www.cheese.com", 404),
    ("/domain/2.0.192.in-addr.arpa", 404),
    ("/nameserver/ns9.cheese.com", 404),
    ("/entity/1", 404),
    ("/", 404),
    ("/no/such/path", 404),
    ("/help/me", 404),
    # RFC 7480 section 5.4: what cannot be understood.
    ("/domain", 400),
    ("/domain/", 400),
    ("/domain/.", 400),
    ("/domain/a..com", 400),
    ("/domain/-a.com", 400),
    ("/domain/a%00b.com", 400),
    ("/domain/a%20b.com", 400),
    ("/domain/a_b.com", 400),
    ("/domain/cheese.com/x", 400),
    ("/domain/xn--a.com", 400),
    ("/domain/%FF%FE.com", 400),
    ("/domain/" + "a" * 64 + ".com", 400),
    ("/domain/" + "a." * 200 + "com", 400),
    ("/domain/" + "%C3%A4" * 600 + ".com", 400),
    ("/domain/<script>alert(1)</script>.com", 400),
    ("/nameserver/a_b", 400),
    ("/entity/", 400),
    ("/entity/a%0Ab", 400),
    ("/entity/" + "a" * 300, 400),
    # RFC 9082 section 4.1 and 3: partial matches, other objects, searches.
    ("/domain/chee*.com", 422),
    ("/nameserver/%2A.com", 422),
    ("/domains?name=chee*.com", 501),
    ("/entities?fn=Bob", 501),
    ("/nameservers?ip=192.0.2.1", 501),
    ("/ip/192.0.2.1", 501),
    ("/autnum/64496", 501),
]


@pytest.mark.parametrize(("path", "status"), STATUSES)
async def test_12100_20300_what_is_asked_has_one_status_by_get_and_head(
    rdap: Site, path: str, status: int
) -> None:
    got, head = await rdap.get(path), await rdap.get(path, "HEAD")
    got.document(status)
    assert head.status == status
    assert head.body == b""
    without_date = [{**answer.headers, "Date": ""} for answer in (got, head)]
    assert without_date[0] == without_date[1]


async def test_61202_an_error_names_the_uri_that_was_queried(rdap: Site) -> None:
    for path in ("/domain/nobody.com", "/domain/k%C3%A4.de", "/domains?name=x*", "/ip/192.0.2.1"):
        [notice] = json.loads((await rdap.get(path)).body)["notices"]
        [link] = notice["links"]
        assert (link["rel"], link["value"]) == ("terms-of-service", BASE_URL + path)


async def test_a_queried_uri_is_told_as_a_uri_whatever_was_sent(rdap: Site) -> None:
    raw = 'GET /domain/-ü"<.com HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'.encode()
    body = (await rdap.exchange(raw)).partition(b"\r\n\r\n")[2]
    [notice] = json.loads(body)["notices"]
    assert notice["links"][0]["value"] == f"{BASE_URL}/domain/-%C3%BC%22%3C.com"


async def test_20701_61202_help_names_the_terms_and_the_url_that_was_queried(rdap: Site) -> None:
    notices = (await rdap.get("/help")).document(200)["notices"]
    links = [link for notice in notices for link in notice.get("links", ())]
    assert {link["value"] for link in links} == {f"{BASE_URL}/help"}
    assert "terms-of-service" in {link["rel"] for link in links}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE", "PATCH"])
async def test_other_methods_are_refused(rdap: Site, method: str) -> None:
    got = await rdap.get("/domain/cheese.com", method)
    got.document(405)
    assert got.headers["Allow"] == "GET, HEAD, OPTIONS"


async def test_a_browser_is_told_what_a_page_elsewhere_may_ask(rdap: Site) -> None:
    got = await rdap.get(
        "/domain/cheese.com", "OPTIONS", Origin="https://a.example", Access_Control_Request_Method="GET"
    )
    assert (got.status, got.body) == (204, b"")
    assert got.headers["Access-Control-Allow-Origin"] == "*"
    assert got.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert "If-None-Match" in got.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*", "image/*;q=0", "", "nonsense;;"])
async def test_any_accept_is_answered_in_rdap(rdap: Site, accept: str) -> None:
    (await rdap.get("/domain/cheese.com", Accept=accept)).document(200)
    (await rdap.get("/domain/nobody.com", Accept=accept)).document(404)


async def test_contacts_are_jscontact_for_whoever_lists_it_among_its_extensions(rdap: Site) -> None:
    accept = 'application/json, application/rdap+json;exts_list="rdap_level_0 jscard";q=0.9'
    got = await rdap.get("/domain/cheese.com", Accept=accept)
    assert json.loads(got.body)["view"] == "jscontact"
    usual = await rdap.get("/domain/cheese.com", Accept='application/rdap+json;exts_list="rdap_level_0"')
    assert json.loads(usual.body)["view"] == "rdap"
    # Who tells his extensions is told those of the answer.
    for answer in (got, usual):
        assert answer.headers["Content-Type"] == 'application/rdap+json;exts_list="rdap_level_0 redacted"'
    assert got.headers["Vary"] == "Accept, Accept-Encoding, Authorization"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("GZIP;q=1.0, zstd;q=0.5", "gzip"),
        ("identity;q=0, gzip;q=0.1", "gzip"),
        ("identity, gzip;q=0.5", None),
        ("gzip;q=0", None),
        ("gzip;q=nonsense", None),
        ("br", None),
        ("*", None),
        ("*;q=0", None),
        ("", None),
    ],
)
async def test_an_answer_is_coded_as_the_client_likes_best(
    rdap: Site, accepted: str, coding: str | None
) -> None:
    got = await rdap.get("/domain/cheese.com", Accept_Encoding=accepted)
    assert got.headers.get("Content-Encoding") == coding
    assert DECODERS[coding](got.body) == document(CHEESE)


async def test_each_form_of_an_answer_has_a_tag_that_spares_sending_it_again(rdap: Site) -> None:
    tags = set()
    for coding in ("identity", "gzip", "zstd"):
        first = await rdap.get("/domain/cheese.com", Accept_Encoding=coding)
        tag = first.headers["ETag"]
        assert tag.startswith('"')
        tags.add(tag)
        for sent in (tag, f'"x", W/{tag}', "*"):
            again = await rdap.get("/domain/cheese.com", Accept_Encoding=coding, If_None_Match=sent)
            assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
            assert again.headers["Content-Type"] == "application/rdap+json"
            assert again.headers["Access-Control-Allow-Origin"] == "*"
            assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
        other = await rdap.get("/domain/cheese.com", Accept_Encoding=coding, If_None_Match='"x"')
        assert other.status == 200
    assert len(tags) == 3


async def test_a_copy_may_be_used_for_seconds_only_and_an_error_not_at_all(rdap: Site) -> None:
    assert (await rdap.get("/domain/cheese.com")).headers["Cache-Control"] == "max-age=30"
    assert (await rdap.get("/domain/nobody.com")).headers["Cache-Control"] == "no-cache"


async def test_what_is_ready_is_not_asked_for_again(rdap: Site) -> None:
    for _ in range(3):
        (await rdap.get("/domain/cheese.com")).document(200)
        (await rdap.get("/domain/nobody.com")).document(404)
    assert [question.name for question in rdap.held.asked] == ["cheese.com", "nobody.com"]
    rdap.held.kept[CHEESE] = MISSING
    (await rdap.get("/domain/cheese.com")).document(404)


async def test_a_limited_network_is_told_when_to_come_back_before_any_work() -> None:
    async with site(requests_per_minute=2, clock=lambda: 0.0) as rdap:
        got = [await rdap.get(f"/domain/cheese{number}.com") for number in range(3)]
        assert [answer.status for answer in got] == [404, 404, 429]
        got[-1].document(429)
        assert got[-1].headers["Retry-After"] == "30"
        assert len(rdap.held.asked) == 2


async def test_behind_a_proxy_on_this_machine_each_network_has_its_own_limit() -> None:
    """The last address counts: earlier ones are whatever the client claimed."""
    async with site(requests_per_minute=1, clock=lambda: 0.0) as rdap:
        statuses = [
            (await rdap.get("/help", X_Forwarded_For=forwarded)).status
            for forwarded in ("192.0.2.1", "198.51.100.9, 192.0.2.9", "198.51.100.9", "nonsense", "")
        ]
    assert statuses == [200, 429, 200, 200, 200]


@pytest.mark.parametrize(("failure", "status"), [(Unavailable("x"), 503), (RuntimeError("Zoë"), 500)])
async def test_a_failure_inside_is_an_rdap_error_without_a_trace(failure: Exception, status: int) -> None:
    async with site(Held(failure=failure)) as rdap:
        with capture_logs() as logs:
            got = await rdap.get("/domain/cheese.com")
        got.document(status)
        assert b"Traceback" not in got.body
        assert "Zoë".encode() not in got.body
        assert [log["event"] for log in logs] == ["rdap-unavailable" if status == 503 else "rdap-failed"]
        assert status == 500 or got.headers["Retry-After"] == "30"
        rdap.held.failure = None
        (await rdap.get("/domain/cheese.com")).document(200)


async def test_logs_name_no_domain(rdap: Site) -> None:
    with capture_logs() as logs:
        for path in ("/domain/cheese.com", "/domain/-cheese.com", "/domain/chee*.com", "/domain/nobody.com"):
            await rdap.get(path)
    assert [(log["event"], log["outcome"]) for log in logs] == [
        ("rdap-refused", "bad-query"),
        ("rdap-refused", "pattern"),
    ]
    assert "chee" not in repr(logs)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80) | st.text("aA.-ä*_ 。xn1", max_size=30))
def test_any_text_is_a_name_in_its_one_form_or_refused(text: str) -> None:
    with suppress(InvalidInput):
        name = host_name(text)
        assert name.isascii()
        assert name == name.lower()
        assert host_name(name) == host_name(f"{name}.") == host_name(name.upper()) == name
