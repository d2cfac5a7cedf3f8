"""Start and end operations: the wanted state and the work that leads to it are written together.

A domain has at most one pending operation. A new one takes the place of the one before, whose work becomes
a no-op: the worker asks before and after it has talked to the registry whether its operation still counts.
"""

from dataclasses import replace
from datetime import datetime

from whoisproxy.domain.ids import new_id
from whoisproxy.domain.operation import Operation, OperationKind, OperationState
from whoisproxy.domain.registration import Registration
from whoisproxy.storage.unit_of_work import UnitOfWork

APPLY = "registry.apply"
"""Outbox kind of one operation's work."""


def work_key(domain_id: str) -> str:
    """Return the outbox key under which a domain's work is done in order, one piece at a time."""
    return f"{APPLY}:{domain_id}"


async def start(uow: UnitOfWork, registration: Registration, kind: OperationKind, now: datetime) -> Operation:
    """Write a new operation and its work; supersede the one that was pending."""
    superseded = await supersede_open(uow, registration.id, now)
    operation = Operation(
        id=new_id("op", now),
        registrar_id=registration.registrar_id,
        domain_id=registration.id,
        domain=registration.name.a_label,
        kind=kind,
        state=OperationState.PENDING,
        attempts=0,
        commands=(),
        problem_code="",
        problem="",
        created_at=now,
        updated_at=now,
        # What the registry may show is told once, and once that it is over.
        leak_risk=superseded is not None and superseded.leak_risk,
    )
    await uow.operations.add(operation)
    await uow.outbox.add(APPLY, work_key(registration.id), {"operation_id": operation.id}, now)
    return operation


async def supersede_open(uow: UnitOfWork, domain_id: str, now: datetime) -> Operation | None:
    """End the domain's pending operation, if any, as superseded, and return it."""
    pending = await uow.operations.open_of_domain(domain_id)
    if pending is not None:
        await uow.operations.update(replace(pending, state=OperationState.SUPERSEDED, updated_at=now))
        await uow.outbox.withdraw(work_key(domain_id))
    return pending
