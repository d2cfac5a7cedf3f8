"""Whether the process lives (`/healthz`) and its parts answer (`/readyz`)."""

from whoisproxy.api.models.common import NoQuery, Nothing
from whoisproxy.api.models.health import Alive, Readiness
from whoisproxy.api.routing import Answer, Call, Reply, Route, Tag


async def get_health(_call: Call[NoQuery, Nothing]) -> Answer:
    """Answer that the process lives; asks no other part."""
    return Answer(200, Alive(status="alive"))


async def get_readiness(call: Call[NoQuery, Nothing]) -> Answer:
    """Answer which parts answer; 503 when one does not."""
    parts = dict(await call.deps.ready())
    ready = all(parts.values())
    return Answer(200 if ready else 503, Readiness(status="ready" if ready else "not-ready", parts=parts))


ROUTES = (
    Route(
        method="GET",
        path="/healthz",
        tag=Tag.HEALTH,
        scope=None,
        summary="Whether the process lives",
        handler=get_health,
        replies={200: Reply("It lives", Alive)},
    ),
    Route(
        method="GET",
        path="/readyz",
        tag=Tag.HEALTH,
        scope=None,
        summary="Whether database and worker answer",
        handler=get_readiness,
        replies={200: Reply("All answer", Readiness), 503: Reply("One does not", Readiness)},
    ),
)
