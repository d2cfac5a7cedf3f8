"""Events: what happened to the registrar's domains, in order."""

import asyncio
from contextlib import suppress

from whoisproxy.api.models.common import Nothing
from whoisproxy.api.models.events import EventPage, EventQuery, EventView
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.operation import Event

# Events may be written by another process, so they are seen by looking.
_LOOK_EVERY_S = 0.5


def event_view(event: Event) -> EventView:
    """Return an event as it is shown."""
    return EventView(
        sequence=event.sequence,
        id=event.id,
        type=event.type,
        domain=event.domain,
        data=dict(event.data),
        at=event.at,
    )


async def _found(call: Call[EventQuery, Nothing]) -> list[Event]:
    """Return the events after the place, looking again until there is one or the time is over."""
    query = call.query
    loop = asyncio.get_running_loop()
    deadline = loop.time() + min(query.wait, call.deps.limits.wait_s)
    while True:
        found = await call.deps.events.after(call.registrar, query.after, query.limit)
        remaining_s = deadline - loop.time()
        if found or remaining_s <= 0 or call.stopping.is_set():
            return found
        with suppress(TimeoutError):
            async with asyncio.timeout(min(_LOOK_EVERY_S, remaining_s)):
                await call.stopping.wait()


async def list_events(call: Call[EventQuery, Nothing]) -> Answer:
    """Answer with the events after a place, waiting for one when asked to."""
    query = call.query
    found = await _found(call)
    last = found[-1].sequence if found else query.after
    return Answer(200, EventPage(events=[event_view(each) for each in found], next_after=last))


ROUTES = (
    Route(
        method="GET",
        path="/v1/events",
        tag=Tag.EVENTS,
        scope=Scope.EVENTS_READ,
        summary="Read events in order",
        description=(
            "Give `next_after` of one answer as `after` of the next. With `wait` an empty answer is held "
            "back until something happens, or for so many seconds."
        ),
        handler=list_events,
        query=EventQuery,
        replies={200: Reply("Events in order", EventPage)},
    ),
)
