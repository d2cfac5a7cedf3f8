"""Operations, and the events that tell registrars of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Row, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from whoisproxy.domain.ids import new_id
from whoisproxy.domain.operation import Event, Operation, OperationKind, OperationState
from whoisproxy.storage.ordering import in_order
from whoisproxy.storage.tables import events, operations

_FIELDS = tuple(field.name for field in fields(Operation))
# Set when an operation is made, and never again.
_FIXED = frozenset({"id", "registrar_id", "domain_id", "domain", "kind", "created_at"})

# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_ADD = insert(operations)
_UPDATE = update(operations).where(operations.c.id == bindparam("of_id"))
_BY_IDS = select(operations).where(operations.c.id.in_(bindparam("ids", expanding=True)))
_OPEN = (
    select(operations)
    .where(operations.c.domain_id.in_(bindparam("domain_ids", expanding=True)))
    .where(operations.c.state == OperationState.PENDING)
    .order_by(operations.c.id)
)
_OF_DOMAIN = (
    select(operations)
    .where(operations.c.domain_id == bindparam("domain_id"))
    .order_by(operations.c.id.desc())
    .limit(1)
)
_LAST_SWITCH = _OF_DOMAIN.where(
    operations.c.state == OperationState.DONE,
    operations.c.kind.in_([OperationKind.ENABLE, OperationKind.DISABLE]),
)
_OF_DOMAINS = (
    select(operations)
    .where(operations.c.domain_id.in_(bindparam("domain_ids", expanding=True)))
    .order_by(operations.c.id)
)
_AWAITING = select(operations).where(
    operations.c.awaits == bindparam("transaction"), operations.c.state == OperationState.PENDING
)
_APPEND = insert(events).returning(events.c.sequence, sort_by_parameter_order=True)


class Operations:
    """Work that goes on after the API has answered."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, *new: Operation) -> None:
        """Store new operations."""
        if new:
            await self._connection.execute(_ADD, [_values(each) for each in new])

    async def get(self, operation_id: str) -> Operation | None:
        """Return an operation by id."""
        return (await self.by_ids([operation_id])).get(operation_id)

    async def by_ids(self, ids: Iterable[str]) -> dict[str, Operation]:
        """Return the operations that there are of these ids."""
        rows = (await self._connection.execute(_BY_IDS, {"ids": list(ids)})).all()
        return {row.id: _operation(row) for row in rows}

    async def update(self, *changed: Operation) -> None:
        """Store changed operations."""
        if changed:
            await self._connection.execute(_UPDATE, [_changed_values(each) for each in changed])

    async def open_of_domain(self, domain_id: str) -> Operation | None:
        """Return the operation of a domain that is still pending."""
        return (await self.open_of_domains([domain_id])).get(domain_id)

    async def open_of_domains(self, domain_ids: Iterable[str]) -> dict[str, Operation]:
        """Return the pending operations by domain; the newest one of each."""
        rows = (await self._connection.execute(_OPEN, {"domain_ids": list(domain_ids)})).all()
        return {row.domain_id: _operation(row) for row in rows}

    async def last_of_domain(self, domain_id: str) -> Operation | None:
        """Return the newest operation of a domain, whatever became of it."""
        row = (await self._connection.execute(_OF_DOMAIN, {"domain_id": domain_id})).one_or_none()
        return _operation(row) if row else None

    async def last_switch_of_domain(self, domain_id: str) -> Operation | None:
        """Return the newest operation of a domain that switched it on or off and is done."""
        row = (await self._connection.execute(_LAST_SWITCH, {"domain_id": domain_id})).one_or_none()
        return _operation(row) if row else None

    async def of_domains(self, domain_ids: Iterable[str]) -> list[Operation]:
        """Return all operations that domains ever had, oldest first."""
        rows = (await self._connection.execute(_OF_DOMAINS, {"domain_ids": list(domain_ids)})).all()
        return [_operation(row) for row in rows]

    async def awaiting(self, transaction: str) -> list[Operation]:
        """Return the pending operations that wait for the end of a registry's transaction."""
        rows = (await self._connection.execute(_AWAITING, {"transaction": transaction})).all()
        return [_operation(row) for row in rows]


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that has no place in the order yet; see `Event`."""

    registrar_id: str
    type: str
    domain: str
    data: Mapping[str, object]


class Events:
    """What registrars may want to know, in order."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def append_all(self, new: Sequence[NewEvent], at: datetime) -> list[Event]:
        """Store events in their order and return them with their sequences."""
        if not new:
            return []
        await in_order(self._connection, *(f"events:{each.registrar_id}" for each in new))
        rows: list[dict[str, object]] = [
            {
                "id": new_id("ev", at),
                "registrar_id": each.registrar_id,
                "type": each.type,
                "domain": each.domain,
                "data": dict(each.data),
                "at": at,
            }
            for each in new
        ]
        sequences = (await self._connection.execute(_APPEND, rows)).scalars()
        return [Event(sequence, **row) for sequence, row in zip(sequences, rows, strict=True)]  # type: ignore[arg-type]

    async def after(self, registrar_id: str, sequence: int, limit: int) -> list[Event]:
        """Return up to `limit` events of a registrar that follow `sequence`."""
        statement = (
            select(events)
            .where(events.c.registrar_id == registrar_id, events.c.sequence > sequence)
            .order_by(events.c.sequence)
            .limit(limit)
        )
        return [_event(row) for row in (await self._connection.execute(statement)).all()]

    async def purge(self, before: datetime) -> int:
        """Delete events older than `before`; return how many."""
        return (await self._connection.execute(delete(events).where(events.c.at < before))).rowcount


def _values(operation: Operation) -> dict[str, object]:
    values = {name: getattr(operation, name) for name in _FIELDS}
    return {**values, "commands": list(operation.commands)}


def _changed_values(operation: Operation) -> dict[str, object]:
    values = {name: value for name, value in _values(operation).items() if name not in _FIXED}
    return {**values, "of_id": operation.id}


def _operation(row: Row[tuple[object, ...]]) -> Operation:
    values = {
        **row._mapping,  # noqa: SLF001 - SQLAlchemy's documented accessor
        "kind": OperationKind(row.kind),
        "state": OperationState(row.state),
        "commands": tuple(row.commands),
    }
    return Operation(**values)


def _event(row: Row[tuple[object, ...]]) -> Event:
    return Event(row.sequence, row.id, row.registrar_id, row.type, row.domain, row.data, row.at)
