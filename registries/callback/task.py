"""A task: contacts that the registrar's backend shall set at its registry, by a deadline.

    open -> postponed -> open       the backend asks for time
    open -> applied -> done         it says that they are set, and the public shows it
            applied -> open         the public shows the registrant all the same
    open, postponed -> refused      the registry will not
    open, postponed, applied -> expired | superseded

Pure values and functions; whoever stores tasks passes the time in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from registries.contact import Contact, Role
from registries.lookup.verdict import Finding, Verdict
from registries.policy import Mechanism


class TaskState(StrEnum):
    """Where a task stands."""

    OPEN = "open"  # the backend is asked
    POSTPONED = "postponed"  # the backend asked to be asked again later
    APPLIED = "applied"  # the backend says that it is done; the public is looked at
    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"  # a newer operation of the domain has a task of its own


LIVE = frozenset({TaskState.OPEN, TaskState.POSTPONED, TaskState.APPLIED})
"""States in which something is still to be done."""


class Result(StrEnum):
    """What the backend answers."""

    APPLIED = "applied"
    REFUSED = "refused"
    LATER = "later"


class Occasion(StrEnum):
    """Why the backend is asked."""

    NEW = "new"
    CHANGED = "changed"  # the contacts are others than before
    AGAIN = "again"  # the time that it asked for is over
    REMINDER = "reminder"  # the deadline is near
    LEAK = "leak"  # it said that they are set, and the public shows the registrant


class TaskClosed(Exception):
    """The task takes no answer any more.

    Attributes:
        state: In which it is.
    """

    def __init__(self, state: TaskState) -> None:
        super().__init__(f"the task is {state}")
        self.state = state


@dataclass(frozen=True, slots=True)
class Terms:
    """What is agreed with one backend.

    Attributes:
        window: How long it has, from the beginning of the task.
        settle: How long its registry takes to publish; what shows of the registrant until then is no leak.
    """

    window: timedelta
    settle: timedelta


@dataclass(frozen=True, slots=True)
class Answer:
    """What the backend said.

    Attributes:
        reason: Its code for a refusal or a delay; "" for none.
        retry_at: With `later`: when to ask again.
    """

    result: Result
    reason: str = ""
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One change that a backend shall make.

    Attributes:
        contacts: What to set per role; empty once the task has ended.
        reason: The backend's last code; "" for none.
        finding: What the last look at the public has shown; None before the first.
        answered_at: When the backend said `applied`; None while it has not.
        looks: How often the public was looked at since then.
        due_at: When something is next to be done, whatever the backend does.
    """

    id: str
    registrar_id: str
    domain_id: str
    domain: str
    operation_id: str
    mechanism: Mechanism
    hide: bool
    contacts: Mapping[Role, Contact] = field(repr=False)
    state: TaskState
    reason: str
    finding: Finding | None
    reminded: bool
    answered_at: datetime | None
    looks: int
    deadline: datetime
    due_at: datetime
    created_at: datetime
    updated_at: datetime

    @property
    def live(self) -> bool:
        """Whether something is still to be done."""
        return self.state in LIVE


_FIRST_LOOK_AGAIN_S = 30.0
_LONGEST_S = 3600.0


def reminder_at(task: Task) -> datetime:
    """Return when the backend is reminded: when three quarters of its time are over."""
    return task.deadline - (task.deadline - task.created_at) / 4


def asked(task: Task, now: datetime) -> Task:
    """Return the task as one that the backend is asked to carry out, as if for the first time."""
    next_at = reminder_at(task)
    reminded = task.reminded or now >= next_at
    return replace(
        task,
        state=TaskState.OPEN,
        reminded=reminded,
        answered_at=None,
        looks=0,
        due_at=task.deadline if reminded else next_at,
        updated_at=now,
    )


def changed(task: Task, contacts: Mapping[Role, Contact], now: datetime) -> Task:
    """Return a live task with other contacts: what was applied before does not count."""
    return asked(replace(task, contacts=contacts), now)


def answered(task: Task, answer: Answer, now: datetime) -> Task:
    """Return the task after an answer; the same answer twice changes nothing.

    Raises:
        TaskClosed: It has ended otherwise, or its deadline has passed.
    """
    if _repeats(task, answer):
        return task
    if not task.live:
        raise TaskClosed(task.state)
    if now >= task.deadline:
        raise TaskClosed(TaskState.EXPIRED)
    said = replace(task, reason=answer.reason, updated_at=now)
    match answer.result:
        case Result.APPLIED:
            return replace(said, state=TaskState.APPLIED, answered_at=now, looks=0, finding=None, due_at=now)
        case Result.REFUSED:
            return replace(said, state=TaskState.REFUSED, due_at=now)
        case Result.LATER:
            later = min(answer.retry_at or task.deadline, task.deadline)
            return replace(said, state=TaskState.POSTPONED, due_at=later)


def _repeats(task: Task, answer: Answer) -> bool:
    match answer.result:
        case Result.APPLIED:
            return task.state in {TaskState.APPLIED, TaskState.DONE}
        case Result.REFUSED:
            return task.state is TaskState.REFUSED
        case Result.LATER:
            return task.state is TaskState.POSTPONED and task.due_at == answer.retry_at


def on_time(task: Task, now: datetime) -> tuple[Task, Occasion | None]:
    """Return the task as time has made it, and why the backend is to be asked again, if it is."""
    if not task.live:
        return task, None
    if now >= task.deadline:
        return replace(task, state=TaskState.EXPIRED, updated_at=now), None
    if task.state is TaskState.POSTPONED and now >= task.due_at:
        return asked(task, now), Occasion.AGAIN
    if task.state is TaskState.OPEN and not task.reminded and now >= reminder_at(task):
        return replace(task, reminded=True, due_at=task.deadline, updated_at=now), Occasion.REMINDER
    return task, None


def looked(task: Task, finding: Finding, terms: Terms, now: datetime) -> tuple[Task, Occasion | None]:
    """Return an applied task after a look at the public, and why the backend is to be asked again, if so."""
    if task.state is not TaskState.APPLIED or task.answered_at is None:
        return task, None
    seen = replace(task, finding=finding, looks=task.looks + 1, updated_at=now)
    if finding.verdict is Verdict.CLEAN:
        return replace(seen, state=TaskState.DONE), None
    # Near the deadline nothing is waited for: a leak must not pass untold.
    settled_at = min(task.answered_at + terms.settle, reminder_at(task))
    if finding.verdict is Verdict.LEAK and now >= settled_at:
        return asked(seen, now), Occasion.LEAK
    wait_s = min(_LONGEST_S, _FIRST_LOOK_AGAIN_S * 2.0 ** min(task.looks, 16))
    return replace(seen, due_at=min(now + timedelta(seconds=wait_s), task.deadline)), None
