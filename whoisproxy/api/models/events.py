"""Events: what happened to your domains."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from whoisproxy.api.models.common import AnswerModel, Limit, QueryModel, Sequence, WaitSeconds


class EventQuery(QueryModel):
    """Which events, and how long to wait for one."""

    after: Annotated[Sequence, Field(description="`next_after` of the answer before; 0 for the start.")] = 0
    limit: Limit = 100
    wait: Annotated[WaitSeconds, Field(description="Seconds to wait when there is no event yet.")] = 0


class EventView(AnswerModel):
    """One event; webhooks carry the same."""

    sequence: int
    id: str
    type: str
    domain: str
    data: dict[str, Any]
    at: datetime


class EventPage(AnswerModel):
    """Events in order."""

    events: list[EventView]
    next_after: Annotated[int, Field(description="Give it as `after` to go on.")]
