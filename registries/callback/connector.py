"""Let the registrar's backend write the contacts, and believe the public directories alone.

Implements `registries.connector.Connector`. Each call does what is due: it opens the task, reads the
backend's answer, looks at the public, and says `ChangePending` until the wanted state is seen.
"""

from dataclasses import dataclass
from typing import NoReturn, Protocol

from registries.callback.task import Task, TaskState, Terms
from registries.connector import Change, Observation, ObservedContact
from registries.contact import Contact
from registries.errors import CallbackExpired, CallbackRefused, ChangePending
from registries.lookup.expected import hidden
from registries.lookup.public import PublicView
from registries.lookup.verdict import Expectation, Finding
from registries.policy import Mechanism


@dataclass(frozen=True, slots=True, repr=False)
class Demand:
    """A task with what a look at the public needs to know.

    Attributes:
        due: Whether something is to be done now.
        holder: The registrant's own data.
        earlier: Relay addresses of the domain that are published no longer.
    """

    task: Task
    due: bool
    holder: Contact
    earlier: tuple[str, ...]


class TaskBook(Protocol):
    """Where tasks are kept, durably, and from where the backend is told of them."""

    async def demand(self, change: Change, terms: Terms) -> Demand:
        """Return the change's task, made and announced where there was none, and moved on by time."""
        ...

    async def looked(self, task_id: str, finding: Finding, terms: Terms) -> Task:
        """Record a look at the public; return the task as it then stands."""
        ...


class CallbackConnector:
    """The way to a registry that leads through the registrar's backend."""

    def __init__(self, tasks: TaskBook, public: PublicView, terms: Terms) -> None:
        self._tasks = tasks
        self._public = public
        self._terms = terms

    async def apply(self, change: Change) -> Observation:
        """Go on with the change as far as it goes now; idempotent.

        Raises:
            ChangePending: The backend has not answered, or the public does not show it yet.
            CallbackRefused: The backend says that the registry will not.
            CallbackExpired: The deadline has passed.
        """
        demand = await self._tasks.demand(change, self._terms)
        task = demand.task
        if task.state is TaskState.APPLIED and demand.due:
            finding = await self._public.look(expectation(change, demand))
            task = await self._tasks.looked(task.id, finding, self._terms)
        if task.state is not TaskState.DONE:
            _refuse(task)
        return _observation(change)

    async def read(self, domain: str) -> Observation:
        """Return nothing: what the registry holds, its registrar alone can read."""
        return Observation(domain, (), {})

    async def close(self) -> None:
        """Close the connections of looks."""
        await self._public.close()


def expectation(change: Change, demand: Demand) -> Expectation:
    """Return what the public must show once the change is made.

    To show the holder again is to show the domain without relay addresses. Whether his data are then
    published is the registry's matter, so they prove nothing.
    """
    if not change.hide:
        return Expectation(change.domain, None, gone=demand.earlier)
    wanted = tuple(change.contacts.values())
    return hidden(change.domain, change.mechanism, demand.holder, wanted, demand.earlier)


def _refuse(task: Task) -> NoReturn:
    match task.state:
        case TaskState.REFUSED:
            raise CallbackRefused(task.reason)
        case TaskState.EXPIRED:
            raise CallbackExpired("the backend did not bring the change about by the deadline")
        case TaskState.APPLIED:
            raise ChangePending("the public does not show the change yet", task.id)
    raise ChangePending("the registrar's backend has not made the change yet", task.id)


def _observation(change: Change) -> Observation:
    """Return what was asked for: that the public shows it is what the task says by being done."""
    withheld = change.hide and change.mechanism is Mechanism.REGISTRY_FLAG
    contacts = {
        role: ObservedContact("", contact, public=not withheld, hidden=withheld)
        for role, contact in change.contacts.items()
    }
    return Observation(change.domain, (), contacts, ("callback:applied", "lookup:clean"))
