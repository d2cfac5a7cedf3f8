"""Events: what happened to a registrar's domains, for its cursor and its webhooks.

An event is written in the unit of work of the change it tells of, together with one delivery per webhook:
none is lost and none tells of what did not happen. It carries ids, states and codes, never a person.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from whoisproxy.domain.account import Registrar
from whoisproxy.domain.operation import Event
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.operations import NewEvent
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

DELIVER = "webhook.deliver"
"""Outbox kind of one delivery of one event to one webhook."""


async def emit(  # noqa: PLR0913, PLR0917 - what an event is made of
    uow: UnitOfWork, registrar_id: str, kind: str, domain: str, data: Mapping[str, object], clock: Clock
) -> Event:
    """Append an event and ask for its delivery to every webhook of the registrar.

    Args:
        uow: The unit of work of the change.
        registrar_id: Whose event it is.
        kind: Such as `privacy.enabled`.
        domain: A-label.
        data: JSON values that name no person.
        clock: Gives the event its time.
    """
    [event] = await emit_all(uow, [NewEvent(registrar_id, kind, domain, data)], clock())
    return event


async def emit_all(uow: UnitOfWork, new: Sequence[NewEvent], now: datetime) -> list[Event]:
    """Append events in their order, and ask for the delivery of each."""
    if not new:
        return []
    events = await uow.events.append_all(new, now)
    webhooks = await uow.webhooks.ids_of_registrars(event.registrar_id for event in events)
    deliveries = {
        _delivery_key(webhook_id, event.sequence): _delivery(webhook_id, event.registrar_id, event.sequence)
        for event in events
        for webhook_id, registrar_id in webhooks
        if registrar_id == event.registrar_id
    }
    await uow.outbox.add_all(DELIVER, deliveries, now)
    return events


async def ask_for_delivery(
    uow: UnitOfWork, webhook_id: str, sequence: int, registrar_id: str, clock: Clock
) -> None:
    """Put one delivery into the outbox; each has a key of its own, so a failing one delays no other."""
    payload = _delivery(webhook_id, registrar_id, sequence)
    await uow.outbox.add(DELIVER, _delivery_key(webhook_id, sequence), payload, clock())


def _delivery_key(webhook_id: str, sequence: int) -> str:
    return f"{DELIVER}:{webhook_id}:{sequence}"


def _delivery(webhook_id: str, registrar_id: str, sequence: int) -> dict[str, object]:
    return {"webhook_id": webhook_id, "registrar_id": registrar_id, "sequence": sequence}


class Events:
    """Reads events by cursor."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def after(self, registrar: Registrar, cursor: int, limit: int) -> list[Event]:
        """Return up to `limit` events of the registrar that follow the sequence `cursor`, oldest first."""
        async with self._storage.reading() as uow:
            return await uow.events.after(registrar.id, cursor, limit)
