"""Bring a switch to the registry: outbox work of kind `registry.apply`.

The operation's wanted state is asked of the connector, which reads back what it did; only what was proved
moves the state machine. Before and after the registry is talked to, the operation must still be the
domain's own: after a superseded change nothing is confirmed. What a registry says is not quoted, since it
may name persons.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn, Protocol

import structlog
from prometheus_client import Counter

from registries.catalogue import Catalogue
from registries.connector import Change, Connector, Observation
from registries.errors import (
    CallbackExpired,
    CallbackRefused,
    ChangePending,
    ContactsNotHeld,
    NoAccount,
    OutcomeUnknown,
    RegistryError,
    RegistryRefused,
    RegistryUnavailable,
    VerificationFailed,
)
from registries.policy import Mechanism, TldPolicy
from whoisproxy.domain.operation import Operation, OperationKind, OperationState
from whoisproxy.domain.privacy import Privacy, PrivacyEvent, transition
from whoisproxy.domain.registration import Registration
from whoisproxy.services import relay_addresses
from whoisproxy.services.events import emit
from whoisproxy.services.holding import touched
from whoisproxy.services.identities import contacts_for, identities_of
from whoisproxy.services.outbox_worker import RetryLater
from whoisproxy.services.settings import Clock, PrivacySettings
from whoisproxy.storage.repositories.outbox import OutboxItem
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()
_CHANGES = Counter("whoisproxy_registry_changes", "Changes asked of registries.", ["mechanism", "outcome"])

NOT_CONFIGURED = "REGISTRY_NOT_CONFIGURED"

_CODES: dict[type[RegistryError], str] = {
    RegistryUnavailable: "REGISTRY_UNAVAILABLE",
    OutcomeUnknown: "REGISTRY_OUTCOME_UNKNOWN",
    VerificationFailed: "REGISTRY_VERIFICATION_FAILED",
    ChangePending: "REGISTRY_PENDING",
    RegistryRefused: "REGISTRY_REFUSED",
    CallbackRefused: "REGISTRY_REFUSED",
    CallbackExpired: "REGISTRY_CALLBACK_EXPIRED",
    NoAccount: NOT_CONFIGURED,
}

_PROBLEMS = {
    NOT_CONFIGURED: "No registry account is configured for this domain ending.",
    "REGISTRY_REFUSED": "The registry refused the change.",
    "REGISTRY_UNAVAILABLE": "The registry could not be reached in many attempts.",
    "REGISTRY_OUTCOME_UNKNOWN": "The registry did not say whether it made the change, in many attempts.",
    "REGISTRY_PENDING": "The registry took the change on and did not finish it, in many attempts.",
    "REGISTRY_CALLBACK_EXPIRED": "The registrar's backend did not make the change by the deadline.",
    "REGISTRY_VERIFICATION_FAILED": "The registry holds something other than what it was asked for.",
}
_OTHER_PROBLEM = "The change failed in many attempts."

# (what the machine is told, event of the registrar) when an operation ends well. A refresh leaves the state.
_ON_DONE: dict[OperationKind, tuple[PrivacyEvent | None, str]] = {
    OperationKind.ENABLE: (PrivacyEvent.CONFIRM_HIDDEN, "privacy.enabled"),
    OperationKind.DISABLE: (PrivacyEvent.CONFIRM_SHOWN, "privacy.disabled"),
    OperationKind.REFRESH: (None, "privacy.refreshed"),
}


class Connectors(Protocol):
    """The registrar's accounts at registries."""

    def for_suffix(self, suffix: str) -> Connector | None:
        """Return the way to the registry of a public suffix, or None where no account is configured."""
        ...


@dataclass(frozen=True, slots=True)
class _Plan:
    operation: Operation
    registration: Registration
    policy: TldPolicy
    change: Change


class RegistrySync:
    """Carries out operations."""

    def __init__(  # noqa: PLR0913, PLR0917 - it stands where all parts meet
        self,
        storage: Storage,
        catalogue: Catalogue,
        connectors: Connectors,
        settings: PrivacySettings,
        clock: Clock,
        finished: Callable[[], None] = lambda: None,
    ) -> None:
        """Create it; `finished` is called whenever an operation has ended."""
        self._storage = storage
        self._catalogue = catalogue
        self._connectors = connectors
        self._settings = settings
        self._clock = clock
        self._finished = finished

    async def handle(self, item: OutboxItem) -> None:
        """Carry out one operation; nothing is done for one that has ended or was superseded.

        Raises:
            RetryLater: The registry could not do it now, or what it did could not be proved.
        """
        plan = await self._plan(str(item.payload["operation_id"]))
        if plan is None:
            return
        mechanism = plan.policy.mechanism
        try:
            commands = await self._reach(plan)
        except RegistryError as error:
            code = _CODES.get(type(error), "REGISTRY_REFUSED")
            _CHANGES.labels(mechanism, code).inc()
            _log.warning("registry-change-failed", operation_id=plan.operation.id, code=code)
            if isinstance(error, VerificationFailed):
                await self._tell_leak_risk(plan)
            if error.retry:
                raise RetryLater(code) from None
            await self._fail(plan.operation.id, code, _refusal(error, code))
            return
        if commands is None:
            await self._fail(plan.operation.id, NOT_CONFIGURED, _PROBLEMS[NOT_CONFIGURED])
            return
        _CHANGES.labels(mechanism, "done").inc()
        await self._confirm(plan.operation.id, commands)

    async def give_up(self, item: OutboxItem, code: str) -> None:
        """Let the operation fail: it was tried often enough."""
        await self._fail(str(item.payload["operation_id"]), code, _PROBLEMS.get(code, _OTHER_PROBLEM))

    async def _plan(self, operation_id: str) -> _Plan | None:
        """Count the attempt and say what to ask for; None where the operation no longer counts."""
        async with self._storage.unit_of_work() as uow:
            current = await self._current(uow, operation_id)
            if current is None:
                return None
            operation, registration, _ = current
            operation = replace(operation, attempts=operation.attempts + 1, updated_at=self._clock())
            await uow.operations.update(operation)
            registrar = await uow.registrars.get(registration.registrar_id)
            relays = await uow.relays.of_domain(registration.id)
        if registrar is None:
            return None
        policy = self._catalogue.policy(registration.name.suffix)
        hide = operation.kind is not OperationKind.DISABLE
        identities = identities_of(registrar, relays, self._settings.brand)
        contacts = contacts_for(policy, registration.registrant, identities, hide=hide)
        change = Change(operation.id, registration.name.a_label, policy.mechanism, hide, contacts)
        return _Plan(operation, registration, policy, change)

    async def _current(
        self, uow: UnitOfWork, operation_id: str
    ) -> tuple[Operation, Registration, Privacy] | None:
        """Return operation, domain and privacy while the operation is the one that moves the domain."""
        operation = await uow.operations.get(operation_id)
        if operation is None:
            return None
        registration = await uow.registrations.by_id(operation.domain_id)
        # Read again: the domain is locked only now, and the operation may have ended before that.
        operation = await uow.operations.get(operation_id)
        if operation is None or registration is None or operation.state is not OperationState.PENDING:
            return None
        privacy = await uow.privacy.get(registration.id)
        return (operation, registration, privacy) if privacy.operation_id == operation.id else None

    async def _reach(self, plan: _Plan) -> tuple[str, ...] | None:
        """Reach the wanted state and return the commands it took; None where there is no account.

        Raises:
            RegistryError: It was not reached, or not proved.
        """
        if plan.policy.mechanism is Mechanism.RDDS_ONLY:
            return ()
        connector = self._connectors.for_suffix(plan.registration.name.suffix)
        if connector is None:
            return None
        try:
            observation = await connector.apply(plan.change)
        except ContactsNotHeld:
            # The registry keeps no contacts: what is published of them, we publish.
            return ()
        _demand_proof(plan.change, observation)
        return observation.commands

    async def _confirm(self, operation_id: str, commands: tuple[str, ...]) -> None:
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            current = await self._current(uow, operation_id)
            if current is None:
                _log.info("registry-change-superseded", operation_id=operation_id)
                return
            operation, registration, privacy = current
            event, kind = _ON_DONE[operation.kind]
            status = transition(privacy.status, event) if event else privacy.status
            if event is PrivacyEvent.CONFIRM_SHOWN and not status.hidden:
                await relay_addresses.withdraw(uow, registration.id, now, self._settings.grace)
            ended = replace(operation, state=OperationState.DONE, commands=commands, updated_at=now)
            changed = replace(privacy, status=status, operation_id="", reason="", updated_at=now)
            await self._end(uow, registration, ended, changed, kind)
        self._finished()

    async def _fail(self, operation_id: str, code: str, problem: str) -> None:
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            current = await self._current(uow, operation_id)
            if current is None:
                return
            operation, registration, privacy = current
            refresh = operation.kind is OperationKind.REFRESH
            # A refresh that failed leaves the proxy from before at the registry: privacy is still on.
            status = privacy.status if refresh else transition(privacy.status, PrivacyEvent.FAIL)
            ended = replace(
                operation,
                state=OperationState.FAILED,
                problem_code=code,
                problem=problem,
                updated_at=now,
            )
            changed = replace(privacy, status=status, operation_id="", reason=code, updated_at=now)
            kind = "privacy.refresh_failed" if refresh else "privacy.failed"
            await self._end(uow, registration, ended, changed, kind)
        self._finished()

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

    async def _tell_leak_risk(self, plan: _Plan) -> None:
        """Tell the registrar at once: the registry may show the registrant though it said it would not."""
        async with self._storage.unit_of_work() as uow:
            current = await self._current(uow, plan.operation.id)
            if current is None or not current[2].status.hidden:
                return
            data = {"operation_id": plan.operation.id, "hide": plan.change.hide}
            registration = plan.registration
            name = registration.name.a_label
            await emit(uow, registration.registrar_id, "privacy.leak_risk", name, data, self._clock)
        _log.error("leak-risk", operation_id=plan.operation.id, domain_id=plan.registration.id)


def _demand_proof(change: Change, observation: Observation) -> None:
    """Check by ourselves, apart from the connector, that the relay address stands where it must.

    Raises:
        VerificationFailed: A role shows another e-mail, or nothing was read at all.
    """
    if not change.hide or change.mechanism not in {Mechanism.SUBSTITUTE, Mechanism.RELAY_EMAIL}:
        return
    seen = {
        each.contact.email.casefold()
        for role, each in observation.contacts.items()
        if role in change.contacts
    }
    # Roles that share one contact object share one address, whichever role's it is.
    if not seen or seen - {contact.email.casefold() for contact in change.contacts.values()}:
        _unproved()


def _unproved() -> NoReturn:
    raise VerificationFailed("the registry reads back another e-mail than the relay address")


def _refusal(error: RegistryError, code: str) -> str:
    match error:
        case RegistryRefused():
            return f"The registry refused the change (EPP {error.code})."
        case CallbackRefused():
            return f"The registrar's backend refused the change ({error.reason})."
    return _PROBLEMS.get(code, _OTHER_PROBLEM)
