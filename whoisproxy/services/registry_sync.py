"""Bring a switch to the registry: outbox work of kind `registry.apply`.

The operation's wanted state is asked of the connector, which reads back what it did; only what was proved
moves the state machine. Whatever is written down afterwards is written only while the work is still ours
and the operation still the domain's own: after a lost lease or a superseded change nothing is confirmed.
What a registry says is not quoted, since it may name persons.
"""

from collections.abc import Callable
from typing import Protocol

import structlog
from prometheus_client import Counter

from registries.catalogue import Catalogue
from registries.connector import Connector
from registries.errors import (
    ChangePending,
    ContactsNotHeld,
    RegistryError,
    SponsoredElsewhere,
    VerificationFailed,
)
from registries.policy import Mechanism
from whoisproxy.services.outbox_worker import LeaseLost, RetryLater
from whoisproxy.services.registry_endings import Endings, Standing, standing
from whoisproxy.services.registry_plans import Plan, Planner, demand_proof
from whoisproxy.services.registry_proofs import Proof, Proofs
from whoisproxy.services.registry_troubles import (
    DECLINED,
    NOT_CONFIGURED,
    PENDING,
    Trouble,
    trouble,
    trouble_of,
)
from whoisproxy.services.settings import Clock, PrivacySettings
from whoisproxy.storage.repositories.outbox import OutboxItem
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()
_CHANGES = Counter("whoisproxy_registry_changes", "Changes asked of registries.", ["mechanism", "outcome"])


class Connectors(Protocol):
    """The registrar's accounts at registries."""

    def for_suffix(self, suffix: str) -> Connector | None:
        """Return the way to the registry of a public suffix, or None where no account is configured."""
        ...


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
        self._connectors = connectors
        self._clock = clock
        self._finished = finished
        self._planner = Planner(storage, catalogue, settings, clock)
        self._endings = Endings(settings, clock)
        self._proofs = Proofs(storage, self._endings, clock)

    async def handle(self, item: OutboxItem) -> None:
        """Carry out one operation; nothing is done for one that has ended or was superseded.

        Raises:
            RetryLater: The registry could not do it now, or what it did could not be proved.
            LeaseLost: Another worker is at it now; nothing was written.
        """
        plan = await self._planner.plan(str(item.payload["operation_id"]))
        if plan is None:
            return
        connector = self._connectors.for_suffix(plan.registration.name.suffix)
        if connector is None and plan.policy.mechanism is not Mechanism.RDDS_ONLY:
            await self._fail(item, trouble(NOT_CONFIGURED))
            return
        try:
            await self._reach(item, plan, connector)
        except RegistryError as error:
            why = trouble_of(error, self._clock())
            _CHANGES.labels(plan.policy.mechanism, why.code).inc()
            _log.warning(
                "registry-change-failed",
                operation_id=plan.operation_id,
                code=why.code,
                client_transaction=error.trace.client_transaction,
                server_transaction=error.trace.server_transaction,
            )
            await self._not_reached(item, plan, error, why)
        else:
            _CHANGES.labels(plan.policy.mechanism, "done").inc()

    async def give_up(self, item: OutboxItem, code: str) -> None:
        """Let the operation fail: it was tried often enough."""
        await self._fail(item, trouble(code))

    async def _reach(self, item: OutboxItem, plan: Plan, connector: Connector | None) -> None:
        """Reach the wanted state and write down that it was proved.

        Raises:
            RegistryError: It was not reached, or not proved.
        """
        if connector is None or plan.policy.mechanism is Mechanism.RDDS_ONLY:
            await self._confirm(Proof(item, plan))
            return
        try:
            observation = await connector.apply(plan.change)
        except ContactsNotHeld as none:
            # What is published of the contacts, we publish.
            await self._confirm(Proof(item, plan, without_contacts=none))
            return
        demand_proof(plan.change, observation)
        await self._confirm(Proof(item, plan, observation))

    async def _confirm(self, proof: Proof) -> None:
        if await self._proofs.write(proof):
            self._finished()
        else:
            _log.info("registry-change-superseded", operation_id=proof.plan.operation_id)

    async def _not_reached(self, item: OutboxItem, plan: Plan, error: RegistryError, why: Trouble) -> None:
        """Write down why, and end the operation or come back later."""
        if isinstance(error, SponsoredElsewhere):
            await self._depart(item)
            return
        if not error.retry:
            await self._fail(item, why)
            return
        async with self._storage.unit_of_work() as uow:
            now_is = await _ours(uow, item)
            if now_is is None:
                return
            again = await self._again(uow, now_is, plan, error, why)
        if again is not None:
            raise again
        self._finished()

    async def _again(
        self, uow: UnitOfWork, now_is: Standing, plan: Plan, error: RegistryError, why: Trouble
    ) -> RetryLater | None:
        """Write down what the operation waits for; None where it ends here."""
        now = self._clock()
        awaits = error.transaction if isinstance(error, ChangePending) else now_is.operation.awaits
        ended = await uow.registry_messages.end_of(plan.account.name, awaits) if awaits else None
        if ended is not None and not ended.succeeded:
            await self._endings.fail(uow, now_is, trouble(DECLINED))
            return None
        if ended is not None:
            # The message came before we knew what to wait for: what it tells of is read at once.
            await self._endings.wait(uow, now_is, trouble(PENDING), "", leak=False)
            return RetryLater(PENDING, run_at=now, patient=True)
        if now - now_is.operation.created_at >= why.patience:
            await self._endings.fail(uow, now_is, why)
            return None
        leak = isinstance(error, VerificationFailed) and now_is.privacy.status.hidden
        await self._endings.wait(uow, now_is, why, awaits, leak=leak)
        if leak:
            _log.error("leak-risk", operation_id=plan.operation_id, domain_id=plan.registration.id)
        return RetryLater(why.code, run_at=why.look_again_at, patient=True)

    async def _fail(self, item: OutboxItem, why: Trouble) -> None:
        async with self._storage.unit_of_work() as uow:
            now_is = await _ours(uow, item)
            if now_is is not None:
                await self._endings.fail(uow, now_is, why)
        self._finished()

    async def _depart(self, item: OutboxItem) -> None:
        async with self._storage.unit_of_work() as uow:
            now_is = await _ours(uow, item)
            if now_is is not None:
                await self._endings.depart(uow, now_is.registration)
        self._finished()


async def _ours(uow: UnitOfWork, item: OutboxItem) -> Standing | None:
    """Return where the item's operation stands; None where it no longer counts.

    Raises:
        LeaseLost: The work was taken over.
    """
    if not await uow.outbox.held(item):
        raise LeaseLost
    return await standing(uow, str(item.payload["operation_id"]))
