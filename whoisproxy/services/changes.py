"""Write what becomes of domains: state, addresses, operation, work and event, of many in few statements.

A change is a value first: the domain before and the domain after. All changes of one call belong to one unit
of work, so they are committed together, and their events stand in the order of the changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from whoisproxy.domain.operation import Actor, OperationState
from whoisproxy.domain.privacy import Consent
from whoisproxy.services import relay_addresses, work_orders
from whoisproxy.services.events import emit_all
from whoisproxy.services.holding import Holding
from whoisproxy.storage.repositories.operations import NewEvent
from whoisproxy.storage.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one domain.

    Attributes:
        after: With another operation than before, that one is begun and the one before superseded; with the
            same operation in another state, it is stored as it is.
        event: Kind of the event that tells of it, such as `privacy.enabling`.
        by: Who asked for it.
        consent: Given with it, to be recorded; else None.
    """

    before: Holding
    after: Holding
    event: str
    by: Actor = Actor.REGISTRAR
    consent: Consent | None = None


async def write(uow: UnitOfWork, changes: Sequence[Change], now: datetime) -> None:
    """Store changes, each of another domain that this unit of work holds."""
    before = [change.before for change in changes]
    after = [change.after for change in changes]
    await relay_addresses.write(
        uow,
        (relay for each in before for relay in each.relays),
        (relay for each in after for relay in each.relays),
    )
    await _write_operations(uow, changes, now)
    await uow.registrations.touch(*(each.registration for each in after))
    await uow.privacy.put_all({each.registration.id: each.privacy for each in after})
    given = [(each.after.registration, each.by, each.consent) for each in changes if each.consent]
    await uow.consents.add_all(given, now)
    await emit_all(uow, [_event(change) for change in changes], now)


async def _write_operations(uow: UnitOfWork, changes: Sequence[Change], now: datetime) -> None:
    pairs = [(change.before.operation, change.after.operation) for change in changes]
    begun = [(old, new) for old, new in pairs if new is not None and (old is None or old.id != new.id)]
    await work_orders.supersede(uow, [old for old, _ in begun if old is not None], now)
    await work_orders.order(uow, [new for _, new in begun], now)
    await uow.operations.update(
        *(new for old, new in pairs if old and new and old.id == new.id and old != new)
    )


def _event(change: Change) -> NewEvent:
    registration, operation = change.after.registration, change.after.operation
    data: dict[str, object] = {
        "state": change.after.privacy.status.state.value,
        "operation_id": operation.id if operation else "",
        "by": change.by.value,
    }
    if operation is not None and operation.state is OperationState.FAILED:
        data["problem_code"] = operation.problem_code
    return NewEvent(registration.registrar_id, change.event, registration.name.a_label, data)
