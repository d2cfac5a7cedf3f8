"""Registry tasks: contacts that your backend shall set at its registry."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from registries.callback.task import TaskState
from registries.contact import Role
from registries.lookup.verdict import Doubt, Verdict
from registries.policy import Mechanism
from whoisproxy.api.models.common import AnswerModel, Links, Moment, PageQuery, RequestModel
from whoisproxy.api.models.contacts import ContactView

_State = Literal["open", "postponed", "applied", "done", "refused", "expired", "superseded"]
_REASON = r"^[A-Z][A-Z0-9_]{0,63}$"


class TaskQuery(PageQuery):
    """Which tasks."""

    state: Annotated[_State | None, Field(description="Only tasks in this state.")] = None


class AnswerBody(RequestModel):
    """What became of the task."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"result": "applied"},
                {"result": "refused", "reason": "TRANSFER_PENDING"},
                {"result": "later", "retry_at": "2026-12-01T06:00:00Z"},
            ]
        }
    )

    result: Literal["applied", "refused", "later"]
    reason: Annotated[
        str | None,
        Field(pattern=_REASON, description="Your code, needed for `refused`; never text about a person."),
    ] = None
    retry_at: Annotated[Moment | None, Field(description="Needed for `later`, before the deadline.")] = None

    @model_validator(mode="after")
    def _complete(self) -> "AnswerBody":
        if (self.result == "later") != (self.retry_at is not None):
            raise ValueError("`retry_at` belongs to `later`, and `later` needs it")
        if self.result == "refused" and self.reason is None:
            raise ValueError("`refused` needs a `reason`")
        return self


class LookView(AnswerModel):
    """What the last look at the public has shown."""

    verdict: Verdict
    fields: Annotated[list[str], Field(description="Fields of the registrant that were found.")]
    sources: Annotated[list[str], Field(description="Where: `rdap`, `whois`.")]
    doubt: Annotated[Doubt | None, Field(description="Why nothing can be said.")]


class TaskSummary(AnswerModel):
    """A task without its contacts."""

    id: str
    domain: str
    operation_id: str
    state: TaskState
    mechanism: Mechanism
    hide: Annotated[bool, Field(description="Whether the registrant shall be hidden, or shown again.")]
    deadline: datetime
    retry_at: Annotated[datetime | None, Field(description="When you are asked again, if `postponed`.")]
    reason: Annotated[str, Field(description="Your last code; empty for none.")]
    look: LookView | None
    created_at: datetime
    updated_at: datetime
    links: Links


class TaskView(TaskSummary):
    """A task with the exact contacts to set."""

    contacts: Annotated[
        dict[Role, ContactView], Field(description="Per role; empty once the task has ended.")
    ]


class TaskPage(AnswerModel):
    """One page of your tasks, oldest first."""

    tasks: list[TaskSummary]
    next_cursor: str | None
