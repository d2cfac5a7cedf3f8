"""Switch the privacy of many domains: NDJSON in, NDJSON out as it goes.

Lines that have arrived together are carried out together, which costs little more than one of them; their
answers stand in their order. More is read when those were taken, so neither side can flood the other. A bad
line stops no other. With an Idempotency-Key each line is carried out once: a
client whose connection broke sends all again, and the lines done are answered from what was kept.
"""

import asyncio
from collections.abc import AsyncIterator

import structlog
from aiohttp import web

from whoisproxy.api import metrics
from whoisproxy.api.body import check_json, demand_media_type, read_lines, validated
from whoisproxy.api.failures import as_api_problem
from whoisproxy.api.idempotency import fingerprint, key_of
from whoisproxy.api.models.bulk import BulkLine, BulkResult
from whoisproxy.api.models.common import NoQuery, Nothing
from whoisproxy.api.models.problem import ProblemModel
from whoisproxy.api.problems import Problem
from whoisproxy.api.resources.privacy import privacy_view, status_of, switch_request
from whoisproxy.api.routing import Call, Reply, Route, Tag
from whoisproxy.api.sent import Sent
from whoisproxy.domain.account import Scope
from whoisproxy.domain.names import DomainName

_log = structlog.get_logger()

_MEDIA_TYPE = "application/x-ndjson"

_Call = Call[NoQuery, Nothing]


async def switch_many(call: _Call) -> web.StreamResponse:
    """Answer lines as soon as they are carried out."""
    demand_media_type(call.request, _MEDIA_TYPE)
    key = key_of(call.request)
    response = web.StreamResponse(headers={"Content-Type": _MEDIA_TYPE})
    await response.prepare(call.request)
    try:
        async for lines in _results(call, key):
            async with asyncio.timeout(call.deps.limits.body_timeout_s):
                await response.write(b"".join(line + b"\n" for line in lines))
        await response.write_eof()
    except (TimeoutError, ConnectionError):
        # The client takes no answers any more: its lines that were not read are not carried out. The
        # answer has begun, so the only honest end is that of the connection.
        _log.info("api-bulk-abandoned", request_id=call.request_id)
        if call.request.transport is not None:
            call.request.transport.abort()
    return response


async def _results(call: _Call, key: str) -> AsyncIterator[list[bytes]]:
    """Yield the answers to all lines that are not empty, and one more when the body itself is broken."""
    limits = call.deps.limits
    number = 0
    try:
        async for lines in read_lines(call.request, limits.line_octets, limits.body_timeout_s):
            allowed = lines[: limits.bulk_lines - number]
            numbered = [(place, raw) for place, raw in enumerate(allowed, number + 1) if raw.strip()]
            # Tasks begin in their order, and so do the switches: two of one domain do not change places.
            yield await asyncio.gather(*(_carried_out(call, key, *each) for each in numbered))
            number += len(allowed)
            if len(allowed) < len(lines):
                problem = Problem("BODY_TOO_LARGE", f"at most {limits.bulk_lines} lines in one request")
                yield [_failed(call, number + 1, None, problem).body]
                break
    except Problem as problem:
        yield [_failed(call, number + 1, None, problem).body]


async def _carried_out(call: _Call, key: str, number: int, raw: bytes) -> bytes:
    async def perform() -> Sent:
        return await _switched(call, number, raw)

    line_key = f"{key} {number}" if key else ""
    mark = fingerprint("bulk", raw)
    try:
        sent, _ = await call.idempotency.once(call.registrar.id, line_key, mark, perform)
    except Exception as error:  # noqa: BLE001 - a failing line must not end the others
        sent = _failed(call, number, None, as_api_problem(error, call.request_id))
    metrics.BULK_LINES.labels(str(sent.status)).inc()
    return sent.body


async def _switched(call: _Call, number: int, raw: bytes) -> Sent:
    name: DomainName | None = None
    try:
        check_json(raw)
        line = validated(BulkLine, raw)
        name = DomainName.parse(line.domain)
        view = await call.deps.privacy.switch(call.registrar, name, switch_request(line), None)
    except Exception as error:  # noqa: BLE001 - same
        return _failed(call, number, name, as_api_problem(error, call.request_id))
    status = status_of(view)
    done = BulkResult(
        line=number, domain=name.a_label, status=status, privacy=privacy_view(view), problem=None
    )
    return Sent(status, {}, done.model_dump_json().encode(), final=True)


def _failed(call: _Call, number: int, name: DomainName | None, problem: Problem) -> Sent:
    shown = ProblemModel.model_validate(problem.as_dict(f"urn:uuid:{call.request_id}"))
    domain = name.a_label if name else None
    status = problem.kind.status
    result = BulkResult(line=number, domain=domain, status=status, privacy=None, problem=shown)
    return Sent(status, {}, result.model_dump_json().encode(), final=problem.final)


ROUTES = (
    Route(
        method="POST",
        path="/v1/privacy/bulk",
        tag=Tag.PRIVACY,
        scope=Scope.PRIVACY_WRITE,
        summary="Switch the privacy of many domains",
        description=(
            "One JSON object on each line, in and out; answers are sent in order as soon as their lines are "
            "carried out, with the status and the problem that a single request would have had. With an "
            "`Idempotency-Key` each line is carried out once: after a broken connection, send all again."
        ),
        handler=switch_many,
        line=BulkLine,
        replies={200: Reply("One answer for each line", BulkResult, media_type=_MEDIA_TYPE)},
    ),
)
