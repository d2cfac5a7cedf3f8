"""Events: what happened to the registrar's domains, in order."""

from whoisproxy.api.models.common import Nothing
from whoisproxy.api.models.events import EventPage, EventQuery, EventView
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag
from whoisproxy.domain.account import Scope
from whoisproxy.domain.operation import Event


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


async def list_events(call: Call[EventQuery, Nothing]) -> Answer:
    """Answer with the events after a place, waiting for one when asked to."""
    query = call.query
    found = await call.deps.events.after(call.registrar, query.after, query.limit, query.wait)
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
