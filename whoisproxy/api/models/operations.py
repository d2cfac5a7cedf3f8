"""Operations: work that goes on after the API has answered."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from whoisproxy.api.models.common import AnswerModel, Links, QueryModel, WaitSeconds
from whoisproxy.domain.operation import OperationKind, OperationState


class OperationQuery(QueryModel):
    """How long to wait for the end."""

    wait: Annotated[
        WaitSeconds, Field(description="Seconds to wait for the operation to leave `pending`.")
    ] = 0


class OperationView(AnswerModel):
    """One piece of work for a registry."""

    id: str
    domain: str
    kind: OperationKind
    state: OperationState
    attempts: int
    commands: Annotated[list[str], Field(description="What was sent to the registry, once done.")]
    problem_code: Annotated[str, Field(description="Why it failed, or what a pending one waits for.")]
    problem: str
    look_again_at: Annotated[
        datetime | None, Field(description="When what is in the way may have changed, as far as known.")
    ]
    created_at: datetime
    updated_at: datetime
    links: Links
