"""RDAP over a real socket: every answer is RDAP, whatever is asked and however."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import yarl
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.whoisproxy.publication import samples
from tests.whoisproxy.rdds_servers.shelf import Shelf
from whoisproxy.domain.errors import InvalidInput, Unavailable
from whoisproxy.publication import rdap
from whoisproxy.rdds_servers.queries import queried_name
from whoisproxy.rdds_servers.rdap_server import RdapSettings, make_rdap_app
from whoisproxy.services.published_answers import PublishedAnswers

BASE_URL = "https://rdap.cloak.example"
IDN = "xn--kse-mller-v2a2y.de"


@pytest.fixture
def shelf() -> Shelf:
    return Shelf([samples.GOLDEN["hidden"], samples.GOLDEN["hidden-idn"]])


async def serve(shelf: Shelf, requests_per_minute: int = 10_000) -> TestClient[Any, Any]:
    settings = RdapSettings(f"{BASE_URL}/", "https://cloak.example/terms", requests_per_minute)
    client = TestClient(
        TestServer(make_rdap_app(PublishedAnswers(shelf, BASE_URL), settings, clock=lambda: 0.0))
    )
    await client.start_server()
    return client


@pytest.fixture
async def client(shelf: Shelf) -> AsyncIterator[TestClient[Any, Any]]:
    client = await serve(shelf)
    yield client
    await client.close()


async def get(client: TestClient[Any, Any], path: str, method: str = "GET", **options: Any) -> ClientResponse:
    return await client.request(method, yarl.URL(path, encoded=True), **options)


async def body_of(response: ClientResponse, status: int) -> Any:
    """13000, 13001, 13002, 20500: type, JSON, status and CORS of any answer."""
    assert response.status == status
    assert response.headers["Content-Type"] == "application/rdap+json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    body = json.loads(await response.read())
    assert body["rdapConformance"][0] == "rdap_level_0"
    if status != 200:
        assert body["errorCode"] == status
    return body


async def test_a_domain_is_answered_with_its_document(client: TestClient[Any, Any]) -> None:
    response = await get(client, "/domain/cheese.com")
    await body_of(response, 200)
    assert await response.read() == rdap.domain_json(samples.GOLDEN["hidden"], BASE_URL)


@pytest.mark.parametrize(
    "path",
    ["/domain/CHEESE.com", "/domain/cheese.com.", "/domain/Cheese.Com?ignored=1"],
)
async def test_10403_every_spelling_gets_the_same_bytes(client: TestClient[Any, Any], path: str) -> None:
    expected = await (await get(client, "/domain/cheese.com")).read()
    assert await (await get(client, path)).read() == expected


@pytest.mark.parametrize(
    "name",
    [IDN, IDN.upper(), "k%C3%A4se-m%C3%BCller.de", "K%C3%84SE-m%C3%BCller.DE", "ka%CC%88se-m%C3%BCller.de"],
)
async def test_46100_46101_a_labels_and_u_labels_find_the_same(
    client: TestClient[Any, Any], name: str
) -> None:
    body = await body_of(await get(client, f"/domain/{name}"), 200)
    assert body["ldhName"] == IDN
    assert body["unicodeName"] == "käse-müller.de"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/domain/cheese.com", 200),
        ("/help", 200),
        ("/domain/nobody.com", 404),
        ("/domain/-.com", 400),
        ("/entity/9995", 501),
    ],
)
async def test_20300_head_has_the_headers_of_get_and_no_body(
    client: TestClient[Any, Any], path: str, status: int
) -> None:
    got, head = await get(client, path), await get(client, path, "HEAD")
    assert head.status == got.status == status
    assert await head.read() == b""
    without_date = [{**answer.headers, "Date": ""} for answer in (got, head)]
    assert without_date[0] == without_date[1]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        # 65300, 13005: the tool asks for these.
        ("/domain/not-a-domain.invalid", 404),
        ("/domain/test.invalid", 404),
        # Good names that nobody can register.
        ("/domain/com", 404),
        ("/domain/www.cheese.com", 404),
        ("/domain/2.0.192.in-addr.arpa", 404),
        ("/", 404),
        ("/no/such/path", 404),
        ("/domain", 404),
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
        ("/domain/" + "%C3%A4" * 1000 + ".com", 400),
        ("/domain/<script>alert(1)</script>.com", 400),
        ("/domain/chee*.com", 422),
        ("/domains?name=chee*.com", 501),
        ("/entities?fn=Bob", 501),
        ("/nameservers?ip=192.0.2.1", 501),
        ("/entity/9995", 501),
        ("/nameserver/ns1.hoster.example", 501),
        ("/ip/192.0.2.1", 501),
        ("/autnum/64496", 501),
    ],
)
async def test_12100_what_is_not_found_or_not_understood_gets_an_rdap_error(
    client: TestClient[Any, Any], path: str, status: int
) -> None:
    await body_of(await get(client, path), status)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
async def test_other_methods_are_refused(client: TestClient[Any, Any], method: str) -> None:
    response = await get(client, "/domain/cheese.com", method)
    await body_of(response, 405)
    assert response.headers["Allow"] == "GET, HEAD"


async def test_20701_61202_help_names_the_terms_and_the_url_that_was_queried(
    client: TestClient[Any, Any],
) -> None:
    body = await body_of(await get(client, "/help"), 200)
    [link] = body["notices"][1]["links"]
    assert (link["rel"], link["value"]) == ("terms-of-service", f"{BASE_URL}/help")


async def test_an_etag_spares_sending_the_same_bytes_again(
    client: TestClient[Any, Any], shelf: Shelf
) -> None:
    first = await get(client, "/domain/cheese.com")
    etag = first.headers["ETag"]
    assert not etag.startswith("W/")
    again = await get(client, "/domain/CHEESE.com", headers={"If-None-Match": f'"x", {etag}'})
    assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", etag)
    assert again.headers["Access-Control-Allow-Origin"] == "*"
    shelf.records["cheese.com"] = samples.GOLDEN["shown"]
    changed = await get(client, "/domain/cheese.com", headers={"If-None-Match": etag})
    assert changed.status == 200
    assert changed.headers["ETag"] != etag


async def test_a_switch_to_privacy_counts_at_once(client: TestClient[Any, Any], shelf: Shelf) -> None:
    """Nothing is cached here, and caches must ask again."""
    shelf.records["cheese.com"] = samples.GOLDEN["shown"]
    response = await get(client, "/domain/cheese.com")
    assert samples.REGISTRANT.name in await response.text()
    assert response.headers["Cache-Control"] == "no-cache"
    shelf.records["cheese.com"] = samples.GOLDEN["hidden"]
    assert samples.REGISTRANT.name not in await (await get(client, "/domain/cheese.com")).text()


async def test_a_limited_network_is_told_when_to_come_back_before_any_work(shelf: Shelf) -> None:
    client = await serve(shelf, requests_per_minute=2)
    answers = [await get(client, "/domain/cheese.com") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    await body_of(answers[-1], 429)
    assert answers[-1].headers["Retry-After"] == "30"
    assert len(shelf.asked) == 2
    await client.close()


async def test_behind_a_proxy_on_this_machine_each_network_has_its_own_limit(shelf: Shelf) -> None:
    """The last address counts: earlier ones are whatever the client claimed."""
    client = await serve(shelf, requests_per_minute=1)
    statuses = [
        (await get(client, "/help", headers={"X-Forwarded-For": forwarded})).status
        for forwarded in ("192.0.2.1", "198.51.100.9, 192.0.2.9", "198.51.100.9", "nonsense", "")
    ]
    assert statuses == [200, 429, 200, 200, 200]
    await client.close()


@pytest.mark.parametrize(("failure", "status"), [(Unavailable("x"), 503), (RuntimeError("Zoë"), 500)])
async def test_a_failure_inside_is_an_rdap_error_without_a_trace(
    client: TestClient[Any, Any], shelf: Shelf, failure: Exception, status: int
) -> None:
    shelf.failure = failure
    with capture_logs() as logs:
        response = await get(client, "/domain/cheese.com")
    await body_of(response, status)
    text = await response.text()
    assert "Traceback" not in text
    assert "Zoë" not in text
    assert [log["event"] for log in logs] == ["rdap-unavailable" if status == 503 else "rdap-failed"]


async def test_logs_name_no_domain(client: TestClient[Any, Any]) -> None:
    with capture_logs() as logs:
        for path in ("/domain/cheese.com", "/domain/-cheese.com", "/domain/chee*.com", "/domain/nobody.com"):
            await get(client, path)
    assert [(log["event"], log["outcome"]) for log in logs] == [
        ("rdap-refused", "bad-query"),
        ("rdap-refused", "pattern"),
    ]
    assert "chee" not in repr(logs)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
        b"cheese.com\r\n",
        b"GET /domain/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /domain/" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://evil.example/domain/cheese.com HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ],
)
async def test_what_is_not_http_gets_an_error_or_nothing_and_harms_nobody(
    client: TestClient[Any, Any], raw: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(raw)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    assert b"Traceback" not in answer
    await body_of(await get(client, "/domain/cheese.com"), 200)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80) | st.text("aA.-ä*_ 。xn1", max_size=30))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    with suppress(InvalidInput):
        name = queried_name(text)
        assert name is None or name.a_label == name.a_label.lower()
