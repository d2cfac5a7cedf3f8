"""Tasks of registrars' backends: kept, announced, answered.

Implements `registries.callback.connector.TaskBook` on the storage, and the use cases of the API.

The event of a task carries its contacts only where they are the proxy's, which the world sees anyway. The
registrant's own data stay sealed, and the backend fetches them with its key: events stand in clear, and a
webhook may lead anywhere.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta

import structlog
from prometheus_client import Counter

from registries.callback import task as rules
from registries.callback.connector import Demand
from registries.callback.task import Answer, Occasion, Task, TaskClosed, TaskState, Terms
from registries.connector import Change
from registries.contact import Contact, Role
from registries.errors import ChangePending
from registries.lookup.verdict import Finding
from registries.policy import Mechanism
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import InvalidInput, NotFound, TaskEnded, TaskSuperseded
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import Operation, OperationState
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayState
from whoisproxy.services.events import emit
from whoisproxy.services.identities import registrant_contact
from whoisproxy.services.registry_endings import LEAK_RISK
from whoisproxy.services.settings import Clock
from whoisproxy.services.work_orders import work_key
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()
_LOOKS = Counter("whoisproxy_public_looks", "Looks at public directories by verdict.", ["verdict"])

REQUIRED = "contact.apply_required"
"""Type of the event by which a backend is asked."""

_WOKEN_AT_ONCE = 500


class RegistryTasks:
    """The tasks of all registrars, for connectors and for the API."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def registrar_of(self, domain: str) -> str:
        """Return the name of the registrar that holds a domain here; "" where nobody does."""
        async with self._storage.reading() as uow:
            registration = await uow.registrations.by_name(DomainName(domain))
            registrar = await uow.registrars.get(registration.registrar_id) if registration else None
        return registrar.name if registrar else ""

    async def demand(self, change: Change, terms: Terms) -> Demand:
        """Return the change's task, made and announced where there was none, and moved on by time.

        Raises:
            ChangePending: The operation was superseded meanwhile; its work comes to nothing.
        """
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            operation, registration = await _held(uow, change.operation_id)
            task = await uow.registry_tasks.of_operation(operation.id)
            occasion: Occasion | None = Occasion.NEW
            if task is None:
                task = _new(operation, change, terms, self._clock)
                await uow.registry_tasks.add(task, registration.registrant_id)
            else:
                moved, occasion = rules.on_time(task, now)
                if moved.live and dict(task.contacts) != dict(change.contacts):
                    moved, occasion = rules.changed(moved, change.contacts, now), Occasion.CHANGED
                if moved != task:
                    await uow.registry_tasks.update(moved, registration.registrant_id)
                task = moved
            if occasion is not None:
                await self._announce(uow, task, occasion)
            relays = await uow.relays.of_domain(registration.id)
        earlier = tuple(
            each.address for each in relays if not change.hide or each.state is not RelayState.ACTIVE
        )
        return Demand(task, now >= task.due_at, registrant_contact(registration.registrant), earlier)

    async def looked(self, task_id: str, finding: Finding, terms: Terms) -> Task:
        """Record a look at the public; a leak is told at once, and the backend is asked again.

        Raises:
            ChangePending: The operation was superseded meanwhile; its work comes to nothing.
        """
        now = self._clock()
        _LOOKS.labels(finding.verdict).inc()
        async with self._storage.unit_of_work() as uow:
            task = await self._locked(uow, task_id)
            if task is None:
                raise ChangePending("the task is gone")
            operation, registration = await _held(uow, task.operation_id)
            seen, occasion = rules.looked(task, finding, terms, now)
            await uow.registry_tasks.update(seen, registration.registrant_id)
            if occasion is Occasion.LEAK:
                _log.error("leak-risk", task_id=seen.id, operation_id=seen.operation_id)
                data = {
                    "operation_id": seen.operation_id,
                    "task_id": seen.id,
                    "hide": seen.hide,
                    "fields": list(finding.fields),
                    "sources": list(finding.sources),
                }
                await emit(uow, seen.registrar_id, LEAK_RISK, seen.domain, data, self._clock)
                # Its end tells that the leak is over.
                await uow.operations.update(replace(operation, leak_risk=True, updated_at=now))
            if occasion is not None:
                await self._announce(uow, seen, occasion)
        return seen

    async def page(self, registrar: Registrar, state: TaskState | None, after: str, limit: int) -> list[Task]:
        """Return up to `limit` of the registrar's tasks that follow the id `after`, oldest first."""
        async with self._storage.reading() as uow:
            return await uow.registry_tasks.page(registrar.id, state, after, limit)

    async def get(self, registrar: Registrar, task_id: str) -> Task:
        """Return a task.

        Raises:
            NotFound: The registrar has none of that id.
        """
        async with self._storage.reading() as uow:
            return _own(await uow.registry_tasks.get(task_id), registrar)

    async def answer(self, registrar: Registrar, task_id: str, answer: Answer) -> Task:
        """Take the backend's answer and let the operation go on at once; the same again changes nothing.

        Raises:
            NotFound: The registrar has no such task.
            TaskSuperseded: A newer operation of the domain took its place.
            TaskEnded: It has ended otherwise.
            InvalidInput: The time to be asked again is over, or beyond the deadline.
        """
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            task = _own(await self._locked(uow, task_id), registrar)
            if answer.retry_at is not None and not now < answer.retry_at < task.deadline:
                raise InvalidInput("retry_at", "must be after now and before the deadline of the task")
            try:
                said = rules.answered(task, answer, now)
            except TaskClosed as closed:
                raise _refusal(closed) from None
            if said != task:
                registration = await uow.registrations.by_id(task.domain_id)
                if registration is None:
                    raise TaskSuperseded("the domain is here no more")
                await uow.registry_tasks.update(said, registration.registrant_id)
                await uow.outbox.wake(work_key(task.domain_id), now)
        return said

    async def wake_due(self) -> int:
        """Let the operations go on for whose tasks a time has come; return how many tasks those were."""
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            due = await uow.registry_tasks.due(now, _WOKEN_AT_ONCE)
            # Locked, so that no operation begins now; at once, which is in the order that all keep to.
            await uow.registrations.by_ids({domain_id for _, domain_id in due})
            for _, domain_id in due:
                # An operation that was given up has left its task behind.
                if await uow.operations.open_of_domain(domain_id) is None:
                    await uow.registry_tasks.supersede(domain_id, now)
                await uow.outbox.wake(work_key(domain_id), now)
        return len(due)

    async def purge(self, age: timedelta) -> int:
        """Delete tasks that ended so long ago; return how many."""
        async with self._storage.unit_of_work() as uow:
            return await uow.registry_tasks.purge(self._clock() - age)

    async def _locked(self, uow: UnitOfWork, task_id: str) -> Task | None:
        """Return a task whose domain is locked until the unit of work ends."""
        task = await uow.registry_tasks.get(task_id)
        if task is None:
            return None
        await uow.registrations.by_id(task.domain_id)
        return await uow.registry_tasks.get(task_id)

    async def _announce(self, uow: UnitOfWork, task: Task, occasion: Occasion) -> None:
        data: dict[str, object] = {
            "task_id": task.id,
            "operation_id": task.operation_id,
            "occasion": occasion.value,
            "mechanism": task.mechanism.value,
            "hide": task.hide,
            "deadline": task.deadline.isoformat().replace("+00:00", "Z"),
            "fetch": task_link(task.id),
        }
        if task.hide and task.mechanism is Mechanism.SUBSTITUTE:
            data["contacts"] = contacts_json(task.contacts)
        await emit(uow, task.registrar_id, REQUIRED, task.domain, data, self._clock)


def task_link(task_id: str) -> str:
    """Return where the API shows a task."""
    return f"/v1/registry-tasks/{task_id}"


def contacts_json(contacts: Mapping[Role, Contact]) -> dict[str, dict[str, object]]:
    """Return contacts per role as JSON values."""
    return {
        role.value: {**asdict(contact), "street": list(contact.street)} for role, contact in contacts.items()
    }


async def _held(uow: UnitOfWork, operation_id: str) -> tuple[Operation, Registration]:
    """Return a pending operation and its domain, locked; raise ChangePending where it counts no more."""
    operation = await uow.operations.get(operation_id)
    registration = await uow.registrations.by_id(operation.domain_id) if operation else None
    # Read again: the domain is locked only now.
    operation = await uow.operations.get(operation_id)
    if operation is None or registration is None or operation.state is not OperationState.PENDING:
        raise ChangePending("the operation was superseded")
    return operation, registration


def _new(operation: Operation, change: Change, terms: Terms, clock: Clock) -> Task:
    now = clock()
    task = Task(
        id=new_id("tsk", now),
        registrar_id=operation.registrar_id,
        domain_id=operation.domain_id,
        domain=operation.domain,
        operation_id=operation.id,
        mechanism=change.mechanism,
        hide=change.hide,
        contacts=dict(change.contacts),
        state=TaskState.OPEN,
        reason="",
        finding=None,
        reminded=False,
        answered_at=None,
        looks=0,
        deadline=now + terms.window,
        due_at=now,
        created_at=now,
        updated_at=now,
    )
    return rules.asked(task, now)


def _own(task: Task | None, registrar: Registrar) -> Task:
    if task is None or task.registrar_id != registrar.id:
        raise NotFound("you have no registry task of that id")
    return task


def _refusal(closed: TaskClosed) -> TaskSuperseded | TaskEnded:
    if closed.state is TaskState.SUPERSEDED:
        return TaskSuperseded("a newer change of the domain is asked for by a task of its own")
    return TaskEnded(f"the task has ended: it is {closed.state}")
