"""Operations, and the events that tell registrars of them."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from whoisproxy.domain.ids import new_id
from whoisproxy.domain.operation import Event, Operation, OperationKind, OperationState
from whoisproxy.storage.ordering import in_order
from whoisproxy.storage.tables import events, operations


class Operations:
    """Work that goes on after the API has answered."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, operation: Operation) -> None:
        """Store a new operation."""
        await self._connection.execute(insert(operations).values(**_values(operation)))

    async def get(self, operation_id: str) -> Operation | None:
        """Return an operation by id."""
        return await self._one(operations.c.id == operation_id)

    async def update(self, operation: Operation) -> None:
        """Store a changed operation."""
        await self._connection.execute(
            update(operations).where(operations.c.id == operation.id).values(**_values(operation))
        )

    async def open_of_domain(self, domain_id: str) -> Operation | None:
        """Return the operation of a domain that is still pending."""
        return await self._one(
            operations.c.domain_id == domain_id, operations.c.state == OperationState.PENDING
        )

    async def awaiting(self, transaction: str) -> list[Operation]:
        """Return the pending operations that wait for the end of a registry's transaction."""
        statement = select(operations).where(
            operations.c.awaits == transaction, operations.c.state == OperationState.PENDING
        )
        return [_operation(row) for row in (await self._connection.execute(statement)).all()]

    async def _one(self, *conditions: object) -> Operation | None:
        statement = select(operations).where(*conditions).order_by(operations.c.id.desc())  # type: ignore[arg-type]
        row = (await self._connection.execute(statement)).first()
        return None if row is None else _operation(row)


class Events:
    """What registrars may want to know, in order."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def append(
        self, registrar_id: str, kind: str, domain: str, data: Mapping[str, object], at: datetime
    ) -> Event:
        """Store an event and return it with its sequence."""
        await in_order(self._connection, f"events:{registrar_id}")
        event_id = new_id("ev", at)
        statement = (
            insert(events)
            .values(id=event_id, registrar_id=registrar_id, type=kind, domain=domain, data=dict(data), at=at)
            .returning(events.c.sequence)
        )
        sequence = (await self._connection.execute(statement)).scalar_one()
        return Event(sequence, event_id, registrar_id, kind, domain, data, at)

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
    return {**asdict(operation), "commands": list(operation.commands)}


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
