"""Promises of the bulk switch: line by line, both ways, whatever comes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from tests.whoisproxy.api.client import OFF, ON, domain_body
from tests.whoisproxy.api.service import Service
from whoisproxy.api.limits import ApiLimits

PATH = "/v1/privacy/bulk"


async def test_each_line_is_answered_in_order_and_a_bad_one_stops_no_other(service: Service) -> None:
    await service.client.put("/v1/domains/ann-one.com", domain_body())
    await service.client.put("/v1/domains/ann-two.us", domain_body())
    raw = b"\n".join(
        (
            json.dumps({"domain": "ann-one.com", **ON}).encode(),
            b"{broken",
            b"",
            json.dumps({"domain": "ann-two.us", **ON}).encode(),
            json.dumps({"domain": "nobody-has-this.com", **OFF}).encode(),
            json.dumps({"domain": "ANN-ONE.com", "enabled": True}).encode() + b"\r",
            b'{"domain": "ann-one.com", "enabled": "yes"}',
        )
    )
    answer = await service.client.send(
        "POST", PATH, raw=raw, headers={"Content-Type": "application/x-ndjson"}
    )
    results = [json.loads(line) for line in answer.raw.splitlines()]
    seen = [(each["line"], each["status"], (each["problem"] or {}).get("code")) for each in results]
    assert seen == [
        (1, 202, None),
        (2, 400, "MALFORMED_JSON"),
        (4, 422, "TLD_PROHIBITED"),
        (5, 404, "NOT_FOUND"),
        (6, 202, None),
        (7, 422, "INVALID_INPUT"),
    ]
    assert results[0]["privacy"]["operation"]["state"] == "pending"


async def test_an_answer_comes_before_the_next_line_is_sent(service: Service) -> None:
    await service.client.put("/v1/domains/ann-one.com", domain_body())
    line = json.dumps({"domain": "ann-one.com", **OFF}).encode() + b"\n"
    answered = asyncio.Event()

    async def lines() -> AsyncIterator[bytes]:
        yield line
        await answered.wait()
        yield line

    headers = {
        "Authorization": f"Bearer {service.client.secret}",
        "Content-Type": "application/x-ndjson",
    }
    url = service.client.base_url + PATH
    async with service.client.session.post(url, data=lines(), headers=headers) as response:
        assert json.loads(await response.content.readline())["line"] == 1
        answered.set()
        assert json.loads(await response.content.readline())["line"] == 2
        assert await response.content.read() == b""


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "nightly"}], ids=["no key", "a key"])
async def test_lines_of_one_domain_are_carried_out_in_their_order(
    service: Service, headers: dict[str, str]
) -> None:
    names = [f"ann-{number}.com" for number in range(4)]
    for name in names:
        await service.client.put(f"/v1/domains/{name}", domain_body())
    lines: list[dict[str, object]] = [
        {"domain": name, **(OFF if turn % 2 else ON)} for turn in range(40) for name in names
    ]
    results = await service.bulk(service.client, lines, **headers)
    assert [(each["domain"], each["privacy"]["wanted"]) for each in results] == [
        (line["domain"], line["enabled"]) for line in lines
    ]
    events = (await service.client.get("/v1/events?limit=500")).json["events"]
    for name in names:
        kinds = [event["type"] for event in events if event["domain"] == name]
        assert kinds == ["domain.created", *["privacy.enabling", "privacy.disabling"] * 20]


async def test_lines_sent_again_under_the_same_key_are_carried_out_once(service: Service) -> None:
    await service.client.put("/v1/domains/ann-one.com", domain_body())
    lines: list[dict[str, object]] = [{"domain": "ann-one.com", **ON}]
    headers = {"Idempotency-Key": "nightly"}
    first = await service.bulk(service.client, lines, **headers)
    again = await service.bulk(service.client, [*lines, {"domain": "ann-one.com", **OFF}], **headers)
    assert again[0] == first[0]
    assert (again[1]["status"], again[1]["privacy"]["state"]) == (202, "disabling")
    [conflict] = await service.bulk(service.client, [{"domain": "ann-one.com", **OFF}], **headers)
    assert conflict["problem"]["code"] == "IDEMPOTENCY_CONFLICT"


@pytest.mark.parametrize("limits", [ApiLimits(line_octets=100, bulk_lines=2)])
async def test_a_line_that_does_not_end_and_too_many_lines_end_the_answer_with_a_problem(
    service: Service,
) -> None:
    kind = {"Content-Type": "application/x-ndjson"}
    endless = await service.client.send("POST", PATH, raw=b"x" * 1000, headers=kind)
    [only] = [json.loads(line) for line in endless.raw.splitlines()]
    assert (only["status"], only["problem"]["code"]) == (413, "BODY_TOO_LARGE")
    many = await service.client.send("POST", PATH, raw=b"{}\n" * 10, headers=kind)
    codes = [json.loads(line)["problem"]["code"] for line in many.raw.splitlines()]
    assert codes == ["INVALID_INPUT", "INVALID_INPUT", "BODY_TOO_LARGE"]


async def test_another_media_type_is_refused_before_anything_is_read(service: Service) -> None:
    answer = await service.client.post(PATH, {"domain": "ann-one.com", **OFF})
    assert (answer.status, answer.code) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("limits", [ApiLimits(body_timeout_s=0.2)])
async def test_who_takes_no_answers_is_cut_off_and_the_rest_of_his_lines_is_left(service: Service) -> None:
    """One who only sends would otherwise fill our memory with answers."""
    line = b'{"domain": "' + b"a" * 200 + b'.com", "enabled": false}\n'
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
        f"Authorization: Bearer {service.client.secret}\r\nContent-Length: {len(line) * 90_000}\r\n\r\n"
    )
    # A small window on our side, and nothing is ever read from it.
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port, limit=1024)
    with capture_logs() as logs:
        writer.write(head.encode())
        with suppress(ConnectionError):
            async with asyncio.timeout(60):
                for _ in range(90_000):
                    writer.write(line)
                    await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    del reader
    assert "api-bulk-abandoned" in [each["event"] for each in logs]
