"""What comes when the peer does not speak HTTP as it should, stops half way, or the service stops."""

import asyncio
import json
import re

import pytest
from structlog.testing import capture_logs

from tests.whoisproxy.api.client import OFF, domain_body
from tests.whoisproxy.api.service import Service
from whoisproxy.api.limits import ApiLimits


async def _talk(service: Service, sent: bytes) -> bytes:
    """Send octets and return the one answer; the connection is closed without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    try:
        writer.write(sent)
        async with asyncio.timeout(20):
            head = await reader.readuntil(b"\r\n\r\n")
            [length] = re.findall(rb"Content-Length: (\d+)", head)
            return head + await reader.readexactly(int(length))
    finally:
        writer.close()
        await writer.wait_closed()


async def _break_off(service: Service, sent: bytes) -> None:
    """Send octets and close the connection; return when the service has closed it too."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(sent)
    writer.write_eof()
    async with asyncio.timeout(20):
        await reader.read()
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 50 + b"\r\n\r\n",
        b"GET /v1/domains HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ann\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
async def test_what_is_no_http_gets_a_problem_document(service: Service, sent: bytes) -> None:
    with capture_logs() as logs:
        answer = await _talk(service, sent)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    assert b"application/problem+json" in head
    problem = json.loads(body)
    assert (problem["code"], problem["status"]) == ("MALFORMED_REQUEST", 400)
    assert [each["event"] for each in logs] == ["api-request-unreadable"]
    assert (await service.client.get("/healthz")).status == 200


def _put(service: Service, body: bytes, length: int) -> bytes:
    head = (
        "PUT /v1/domains/ann-one.com/privacy HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {service.client.secret}\r\nContent-Length: {length}\r\n\r\n"
    )
    return head.encode() + body


async def test_half_a_body_changes_nothing_and_hangs_nothing(service: Service) -> None:
    await service.client.put("/v1/domains/ann-one.com", domain_body())
    before = (await service.client.get("/v1/domains/ann-one.com/privacy")).raw
    with capture_logs() as logs:
        await _break_off(service, _put(service, b'{"enabled": true', 500))
        after = (await service.client.get("/v1/domains/ann-one.com/privacy")).raw
    assert after == before
    assert {each["log_level"] for each in logs} == {"info"}
    assert [each["status"] for each in logs if each["event"] == "api-request"] == [400, 200]


@pytest.mark.parametrize("limits", [ApiLimits(body_timeout_s=0.2)])
async def test_a_body_that_never_comes_is_given_up(service: Service) -> None:
    answer = await _talk(service, _put(service, b'{"enabled"', 500))
    assert b" 408 " in answer.partition(b"\r\n")[0]
    assert b'"REQUEST_TIMEOUT"' in answer


async def test_a_body_larger_than_allowed_is_refused_before_it_is_sent(service: Service) -> None:
    answer = await _talk(service, _put(service, b"", 10_000_000))
    assert b" 413 " in answer.partition(b"\r\n")[0]


async def test_a_chunked_body_larger_than_allowed_is_refused_on_the_way(service: Service) -> None:
    head = _put(service, b"", 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    answer = await _talk(service, head + chunk * 4)
    assert b" 413 " in answer.partition(b"\r\n")[0]


async def test_those_who_wait_are_answered_when_the_service_stops(service: Service) -> None:
    with capture_logs() as logs:
        waiting = asyncio.create_task(service.client.get("/v1/events?wait=30"))
        second = asyncio.create_task(service.client.post("/v1/webhooks", OFF))
        await second
        await service.runner.cleanup()
        answer = await waiting
    assert (answer.status, answer.json["events"]) == (200, [])
    assert [each["route"] for each in logs if each["event"] == "api-request"][-1] == "/v1/events"
