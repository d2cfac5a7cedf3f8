"""Switch the privacy of many domains: some at a time, one result for each, in the order of the requests."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import WhoisproxyError
from whoisproxy.domain.names import DomainName
from whoisproxy.services.privacy import PrivacyService, PrivacyView, SwitchRequest

_InT = TypeVar("_InT")
_OutT = TypeVar("_OutT")

_AT_A_TIME = 8


@dataclass(frozen=True, slots=True)
class BulkItem:
    """One domain to switch.

    Attributes:
        line: Number of the line that it stood on, from 1.
        domain: As written.
    """

    line: int
    domain: str
    request: SwitchRequest


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of one domain: a view or an error."""

    line: int
    domain: str
    view: PrivacyView | None
    error: WhoisproxyError | None


async def switch_many(
    privacy: PrivacyService,
    registrar: Registrar,
    items: AsyncIterator[BulkItem],
    at_a_time: int = _AT_A_TIME,
) -> AsyncIterator[BulkResult]:
    """Yield a result for each item; a domain's error ends nothing but itself."""

    async def switch(item: BulkItem) -> BulkResult:
        try:
            view = await privacy.switch(registrar, DomainName.parse(item.domain), item.request)
        except WhoisproxyError as error:
            return BulkResult(item.line, item.domain, None, error)
        return BulkResult(item.line, item.domain, view, None)

    async for result in in_order(items, switch, at_a_time):
        yield result


async def in_order(
    items: AsyncIterator[_InT], work: Callable[[_InT], Awaitable[_OutT]], at_a_time: int
) -> AsyncIterator[_OutT]:
    """Yield the results of `work` in the order of `items`, doing up to `at_a_time` at once.

    An item is read only when there is a place for it, so neither side can flood the other. When the reader
    of the results goes away, what is under way is cancelled.
    """
    under_way: deque[asyncio.Task[_OutT]] = deque()
    try:
        async for item in items:
            under_way.append(asyncio.ensure_future(_run(work, item)))
            if len(under_way) >= at_a_time:
                yield await under_way[0]
                under_way.popleft()
        while under_way:
            yield await under_way[0]
            under_way.popleft()
    finally:
        for task in under_way:
            task.cancel()
        for task in under_way:
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _run(work: Callable[[_InT], Awaitable[_OutT]], item: _InT) -> _OutT:
    return await work(item)
