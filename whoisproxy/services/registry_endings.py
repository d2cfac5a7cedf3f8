"""Write down how an operation ended, or what it waits for: the only writers of a change's outcome.

Each function works in the caller's unit of work, on an operation that still moves its domain.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from whoisproxy.domain.operation import Operation, OperationKind, OperationState
from whoisproxy.domain.privacy import TRANSFERRED_AWAY, Privacy, PrivacyEvent, transition
from whoisproxy.domain.registration import Registration
from whoisproxy.services import relay_addresses
from whoisproxy.services.events import emit
from whoisproxy.services.holding import touched
from whoisproxy.services.registry_troubles import Trouble, trouble
from whoisproxy.services.settings import Clock, PrivacySettings
from whoisproxy.services.work_orders import work_key
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


async def standing(uow: UnitOfWork, operation_id: str) -> Standing | None:
    """Return the operation with its domain while it is the one that moves it."""
    operation = await uow.operations.get(operation_id)
    if operation is None:
        return None
    registration = await uow.registrations.by_id(operation.domain_id)
    # Read again: the domain is locked only now, and the operation may have ended before that.
    operation = await uow.operations.get(operation_id)
    if operation is None or registration is None or operation.state is not OperationState.PENDING:
        return None
    privacy = await uow.privacy.get(registration.id)
    return Standing(operation, registration, privacy) if privacy.operation_id == operation.id else None


class Endings:
    """Ends operations."""

    def __init__(self, settings: PrivacySettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def confirm(self, uow: UnitOfWork, now_is: Standing, commands: tuple[str, ...]) -> None:
        """The registry has proved the wanted state."""
        operation, registration, privacy = now_is.operation, now_is.registration, now_is.privacy
        now = self._clock()
        event, kind = _ON_DONE[operation.kind]
        status = transition(privacy.status, event) if event else privacy.status
        if event is PrivacyEvent.CONFIRM_SHOWN and not status.hidden:
            await relay_addresses.withdraw(uow, registration.id, now, self._settings.grace)
        if operation.leak_risk:
            data = {"operation_id": operation.id}
            name = registration.name.a_label
            await emit(uow, registration.registrar_id, LEAK_RESOLVED, name, data, self._clock)
        ended = replace(_cleared(operation, now), state=OperationState.DONE, commands=commands)
        changed = replace(privacy, status=status, operation_id="", reason="", updated_at=now)
        await self._end(uow, registration, ended, changed, kind)

    async def fail(self, uow: UnitOfWork, now_is: Standing, why: Trouble) -> None:
        """The wanted state will not be reached; what the registry shows now is in doubt."""
        operation, privacy, now = now_is.operation, now_is.privacy, self._clock()
        refresh = operation.kind is OperationKind.REFRESH
        # A refresh that failed leaves the proxy from before at the registry: privacy is still on.
        status = privacy.status if refresh else transition(privacy.status, PrivacyEvent.FAIL)
        await uow.registry_contacts.loosen(now_is.registration.id, now, operation.id)
        changed = replace(privacy, status=status, operation_id="", reason=why.code, updated_at=now)
        kind = "privacy.refresh_failed" if refresh else "privacy.failed"
        await self._end(uow, now_is.registration, _failed(operation, why, now), changed, kind)

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
        await relay_addresses.withdraw(uow, registration.id, now, self._settings.grace)
        await uow.registry_contacts.loosen(registration.id, now)
        pending = await uow.operations.open_of_domain(registration.id)
        if pending is not None:
            await uow.operations.update(_failed(pending, trouble(TRANSFERRED_AWAY), now))
            await uow.outbox.withdraw(work_key(registration.id))
        status = transition(privacy.status, PrivacyEvent.DEPART)
        changed = replace(privacy, status=status, operation_id="", reason=TRANSFERRED_AWAY, updated_at=now)
        await uow.privacy.put(registration.id, changed)
        gone = touched(registration, now)
        await uow.registrations.touch(gone)
        data = {"operation_id": pending.id} if pending else {}
        name = gone.name.a_label
        await emit(uow, gone.registrar_id, "domain.transferred_away", name, data, self._clock)

    async def _end(
        self, uow: UnitOfWork, registration: Registration, operation: Operation, privacy: Privacy, kind: str
    ) -> None:
        """Store how the operation ended and tell the registrar."""
        await uow.operations.update(operation)
        await uow.privacy.put(registration.id, privacy)
        changed = touched(registration, privacy.updated_at)
        await uow.registrations.touch(changed)
        data: dict[str, object] = {"state": privacy.status.state.value, "operation_id": operation.id}
        if operation.problem_code:
            data["problem_code"] = operation.problem_code
        await emit(uow, changed.registrar_id, kind, changed.name.a_label, data, self._clock)


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
