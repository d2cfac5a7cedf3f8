"""Tasks of registrars' backends; their contacts are sealed for the registrant while they are needed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy import delete as sql_delete

from registries.callback.task import LIVE, Task, TaskState
from registries.contact import Contact, Role
from registries.lookup.verdict import Doubt, Finding, Verdict
from registries.policy import Mechanism
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import registry_tasks
from whoisproxy.storage.vault import Unreadable

_LIVE = tuple(LIVE)
_SEALED_OR_READ = frozenset({"contacts", "finding"})


class RegistryTasks:
    """One row an operation that a backend carries out."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def add(self, task: Task, registrant_id: str) -> None:
        """Store a new task."""
        sealed = await self._seal(task, registrant_id)
        await self._connection.execute(
            insert(registry_tasks).values(**_plain(task), registrant_id=registrant_id, sealed=sealed)
        )

    async def update(self, task: Task, registrant_id: str) -> None:
        """Store a changed task; once it has ended, its contacts are forgotten."""
        sealed = await self._seal(task, registrant_id) if task.live else None
        await self._connection.execute(
            update(registry_tasks)
            .where(registry_tasks.c.id == task.id)
            .values(**_plain(task), registrant_id=registrant_id, sealed=sealed)
        )

    async def get(self, task_id: str) -> Task | None:
        """Return a task by id."""
        return await self._one(select(registry_tasks).where(registry_tasks.c.id == task_id))

    async def of_operation(self, operation_id: str) -> Task | None:
        """Return the task of an operation."""
        return await self._one(select(registry_tasks).where(registry_tasks.c.operation_id == operation_id))

    async def page(self, registrar_id: str, state: TaskState | None, after: str, limit: int) -> list[Task]:
        """Return up to `limit` tasks of a registrar that follow `after`, oldest first."""
        statement = (
            select(registry_tasks)
            .where(registry_tasks.c.registrar_id == registrar_id, registry_tasks.c.id > after)
            .order_by(registry_tasks.c.id)
            .limit(limit)
        )
        if state is not None:
            statement = statement.where(registry_tasks.c.state == state)
        return [await self._task(row) for row in (await self._connection.execute(statement)).all()]

    async def due(self, now: datetime, limit: int) -> Sequence[tuple[str, str]]:
        """Return id and domain id of up to `limit` live tasks for which something is to be done."""
        statement = (
            select(registry_tasks.c.id, registry_tasks.c.domain_id)
            .where(registry_tasks.c.state.in_(_LIVE), registry_tasks.c.due_at <= now)
            .order_by(registry_tasks.c.due_at)
            .limit(limit)
        )
        return [(row.id, row.domain_id) for row in (await self._connection.execute(statement)).all()]

    async def supersede(self, domain_id: str, now: datetime) -> None:
        """End the live task of a domain: what it asked for is no longer wanted."""
        await self._connection.execute(
            update(registry_tasks)
            .where(registry_tasks.c.domain_id == domain_id, registry_tasks.c.state.in_(_LIVE))
            .values(state=TaskState.SUPERSEDED, sealed=None, updated_at=now)
        )

    async def purge(self, before: datetime) -> int:
        """Delete tasks that ended before `before`; return how many."""
        ended = registry_tasks.c.state.not_in(_LIVE)
        statement = sql_delete(registry_tasks).where(ended, registry_tasks.c.updated_at < before)
        return (await self._connection.execute(statement)).rowcount

    async def _one(self, statement: Select[tuple[object, ...]]) -> Task | None:
        row = (await self._connection.execute(statement)).first()
        return None if row is None else await self._task(row)

    async def _task(self, row: Row[tuple[object, ...]]) -> Task:
        values = {name: row._mapping[name] for name in _COLUMNS}  # noqa: SLF001 - SQLAlchemy's documented accessor
        return Task(
            **{
                **values,
                "mechanism": Mechanism(row.mechanism),
                "state": TaskState(row.state),
                "finding": _finding(row.finding),
                "contacts": await self._open(row),
            }
        )

    async def _seal(self, task: Task, registrant_id: str) -> bytes:
        values = {role.value: asdict(contact) for role, contact in task.contacts.items()}
        return await self._sealing.seal_json(registrant_id, f"task:{task.id}", values)

    async def _open(self, row: Row[tuple[object, ...]]) -> dict[Role, Contact]:
        """Return the contacts; none once the task has ended or the registrant was erased."""
        if row.sealed is None:
            return {}
        try:
            values = await self._sealing.open_json(row.registrant_id, f"task:{row.id}", row.sealed)
        except Unreadable:
            return {}
        return {Role(role): _contact(value) for role, value in values.items()}


_COLUMNS = tuple(field.name for field in fields(Task) if field.name not in _SEALED_OR_READ)


def _plain(task: Task) -> dict[str, object]:
    finding = asdict(task.finding) if task.finding else {}
    # Lines count in an answer that is not kept.
    finding.pop("hits", None)
    return {**{name: getattr(task, name) for name in _COLUMNS}, "finding": finding or None}


def _contact(value: object) -> Contact:
    if not isinstance(value, Mapping):
        raise TypeError("a sealed contact is an object")
    return Contact(**{**value, "street": tuple(value["street"])})


def _finding(value: Mapping[str, object] | None) -> Finding | None:
    if value is None:
        return None
    fields_, sources, doubt = value["fields"], value["sources"], value["doubt"]
    return Finding(
        Verdict(str(value["verdict"])),
        tuple(fields_) if isinstance(fields_, list) else (),
        tuple(sources) if isinstance(sources, list) else (),
        Doubt(str(doubt)) if doubt else None,
    )
