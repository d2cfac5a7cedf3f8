"""Write down how an operation ended, or what it waits for: the only writers of a change's outcome.

Each function works in the caller's unit of work, on an operation that still moves its domain.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from whoisproxy.domain.disclosure import Ending
from whoisproxy.domain.operation import Operation, OperationKind, OperationState
from whoisproxy.domain.privacy import TRANSFERRED_AWAY, Privacy, PrivacyEvent, transition
from whoisproxy.domain.registration import Registration
from whoisproxy.services import relay_addresses
from whoisproxy.services.disclosure_endings import end_disclosures
from whoisproxy.services.events import emit, emit_all
from whoisproxy.services.holding import touched
from whoisproxy.services.registry_troubles import Trouble, trouble
from whoisproxy.services.settings import Clock, PrivacySettings
from whoisproxy.services.work_orders import work_key
from whoisproxy.storage.repositories.operations import NewEvent
from whoisproxy.storage.unit_of_work import UnitOfWork

LEAK_RISK = "privacy.leak_risk"
LEAK_RESOLVED = "privacy.leak_resolved"

# (what the machine is told, event of the registrar) when an operation ends well. A refresh leaves the state.
_ON_DONE: dict[OperationKind, tuple[PrivacyEvent | None, str]] = {
    OperationKind.ENABLE: (PrivacyEvent.CONFIRM_HIDDEN, "privacy.enabled"),
    OperationKind.DISABLE: (PrivacyEvent.CONFIRM_SHOWN, "privacy.disabled"),
    OperationKind.REFRESH: (None, "privacy.refreshed"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A pending operation that moves its domain, and the domain; locked in the unit of work that read it."""

    operation: Operation
    registration: Registration
    privacy: Privacy


@dataclass(frozen=True, slots=True)
class _End:
    """What becomes of a domain when its operation ends.

    Attributes:
        events: Types of the events that tell of it, in their order.
    """

    registration: Registration
    operation: Operation
    privacy: Privacy
    events: tuple[str, ...]


async def standing(uow: UnitOfWork, operation_id: str) -> Standing | None:
    """Return the operation with its domain while it is the one that moves it."""
    return (await standings(uow, [operation_id])).get(operation_id)


async def standings(uow: UnitOfWork, operation_ids: Collection[str]) -> dict[str, Standing]:
    """Return those operations that move their domains, by their ids."""
    known = await uow.operations.by_ids(operation_ids)
    registrations = await uow.registrations.by_ids({each.domain_id for each in known.values()})
    # Read again: the domains are locked only now, and an operation may have ended before that.
    operations = await uow.operations.by_ids(known)
    privacies = await uow.privacy.of_domains(registrations)
    return {
        each.id: Standing(each, registrations[each.domain_id], privacies[each.domain_id])
        for each in operations.values()
        if each.state is OperationState.PENDING
        and each.domain_id in registrations
        and privacies[each.domain_id].operation_id == each.id
    }


class Endings:
    """Ends operations."""

    def __init__(self, settings: PrivacySettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def confirm(self, uow: UnitOfWork, proved: Iterable[tuple[Standing, tuple[str, ...]]]) -> None:
        """The registries have proved the wanted states.

        Args:
            uow: Has read all of them.
            proved: With the commands that it took; each of another domain.
        """
        now = self._clock()
        ends = [_confirmed(now_is, commands, now) for now_is, commands in proved]
        shown = [
            end.registration.id
            for end in ends
            if end.operation.kind is OperationKind.DISABLE and not end.privacy.status.hidden
        ]
        await relay_addresses.withdraw(uow, shown, now, self._settings.grace)
        await _write(uow, ends, now)

    async def fail(self, uow: UnitOfWork, now_is: Standing, why: Trouble) -> None:
        """The wanted state will not be reached; what the registry shows now is in doubt."""
        operation, privacy, now = now_is.operation, now_is.privacy, self._clock()
        refresh = operation.kind is OperationKind.REFRESH
        # A refresh that failed leaves the proxy from before at the registry: privacy is still on.
        status = privacy.status if refresh else transition(privacy.status, PrivacyEvent.FAIL)
        await uow.registry_contacts.loosen(now_is.registration.id, now, operation.id)
        changed = replace(privacy, status=status, operation_id="", reason=why.code, updated_at=now)
        kind = "privacy.refresh_failed" if refresh else "privacy.failed"
        failed = _failed(operation, why, now)
        await _write(uow, [_End(touched(now_is.registration, now), failed, changed, (kind,))], now)

    async def wait(self, uow: UnitOfWork, now_is: Standing, why: Trouble, awaits: str, *, leak: bool) -> None:
        """The wanted state is not reached yet; the registrar is told of a leak once."""
        operation, registration = now_is.operation, now_is.registration
        waiting = replace(
            operation,
            problem_code=why.code,
            problem=why.problem,
            look_again_at=why.look_again_at,
            awaits=awaits,
            leak_risk=operation.leak_risk or leak,
            updated_at=self._clock(),
        )
        await uow.operations.update(waiting)
        if leak and not operation.leak_risk:
            data = {"operation_id": operation.id, "hide": operation.kind is not OperationKind.DISABLE}
            name = registration.name.a_label
            await emit(uow, registration.registrar_id, LEAK_RISK, name, data, self._clock)

    async def resume(self, uow: UnitOfWork, now_is: Standing) -> None:
        """What the operation waited for has happened: its change is to be read back."""
        await uow.operations.update(_cleared(now_is.operation, self._clock()))

    async def depart(self, uow: UnitOfWork, registration: Registration) -> None:
        """The domain belongs to another registrar: serve and publish it no longer.

        Its relay addresses go on through their grace period, and the contacts that we made for it are
        cleared away as far as the registry does not need them.
        """
        privacy, now = await uow.privacy.get(registration.id), self._clock()
        if privacy.departed:
            return
        await relay_addresses.withdraw(uow, [registration.id], now, self._settings.grace)
        await uow.registry_contacts.loosen(registration.id, now)
        await uow.registrations.withdraw(registration)
        pending = await uow.operations.open_of_domain(registration.id)
        if pending is not None:
            await uow.operations.update(_failed(pending, trouble(TRANSFERRED_AWAY), now))
            await uow.outbox.withdraw(work_key(registration.id))
            await uow.registry_tasks.supersede(registration.id, now)
        status = transition(privacy.status, PrivacyEvent.DEPART)
        changed = replace(privacy, status=status, operation_id="", reason=TRANSFERRED_AWAY, updated_at=now)
        await uow.privacy.put(registration.id, changed)
        gone = touched(registration, now)
        await uow.registrations.touch(gone)
        await end_disclosures(uow, gone.id, Ending.TRANSFERRED_AWAY, self._clock)
        data = {"operation_id": pending.id} if pending else {}
        name = gone.name.a_label
        await emit(uow, gone.registrar_id, "domain.transferred_away", name, data, self._clock)


async def _write(uow: UnitOfWork, ends: Sequence[_End], now: datetime) -> None:
    """Store how operations ended, each of another domain, and tell the registrars."""
    await uow.operations.update(*(end.operation for end in ends))
    await uow.privacy.put_all({end.registration.id: end.privacy for end in ends})
    await uow.registrations.touch(*(end.registration for end in ends))
    # All at once: batches that ask for their registrars' places twice could wait for each other.
    await emit_all(uow, [_event(end, kind) for end in ends for kind in end.events], now)


def _event(end: _End, kind: str) -> NewEvent:
    data: dict[str, object] = {"operation_id": end.operation.id}
    if kind != LEAK_RESOLVED:
        data["state"] = end.privacy.status.state.value
    if end.operation.problem_code:
        data["problem_code"] = end.operation.problem_code
    return NewEvent(end.registration.registrar_id, kind, end.registration.name.a_label, data)


def _confirmed(now_is: Standing, commands: tuple[str, ...], now: datetime) -> _End:
    operation, privacy = now_is.operation, now_is.privacy
    event, kind = _ON_DONE[operation.kind]
    status = transition(privacy.status, event) if event else privacy.status
    return _End(
        registration=touched(now_is.registration, now),
        operation=replace(_cleared(operation, now), state=OperationState.DONE, commands=commands),
        privacy=replace(privacy, status=status, operation_id="", reason="", updated_at=now),
        events=(LEAK_RESOLVED, kind) if operation.leak_risk else (kind,),
    )


def _cleared(operation: Operation, now: datetime) -> Operation:
    return replace(operation, problem_code="", problem="", look_again_at=None, awaits="", updated_at=now)


def _failed(operation: Operation, why: Trouble, now: datetime) -> Operation:
    return replace(
        operation,
        state=OperationState.FAILED,
        problem_code=why.code,
        problem=why.problem,
        look_again_at=why.look_again_at,
        awaits="",
        updated_at=now,
    )
