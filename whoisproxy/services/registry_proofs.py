"""Write down what was proved: many operations in one unit of work, each for itself.

A proof counts only while the work is still its worker's and the operation the one that moves its domain.
State, events, addresses and contacts of one operation are committed together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from registries.connector import Observation
from registries.delegation import registry_id
from registries.errors import ContactsNotHeld
from whoisproxy.services.outbox_worker import LeaseLost
from whoisproxy.services.registry_endings import Endings, standings
from whoisproxy.services.registry_plans import Plan
from whoisproxy.services.settings import Clock
from whoisproxy.storage.gathering import Gathering
from whoisproxy.storage.repositories.outbox import OutboxItem
from whoisproxy.storage.repositories.registry import Shown
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True)
class Proof:
    """The wanted state was reached.

    Attributes:
        seen: What was read at the registry; None where it was not asked, or has nothing to show.
        without_contacts: The registry was found to hold no contacts.
    """

    item: OutboxItem
    plan: Plan
    seen: Observation | None = None
    without_contacts: ContactsNotHeld | None = None


class Proofs:
    """Takes proofs one by one."""

    def __init__(self, storage: Storage, endings: Endings, clock: Clock) -> None:
        self._endings = endings
        self._clock = clock
        self._proofs: Gathering[Proof, bool] = Gathering(
            storage.unit_of_work, self._write_all, key=lambda proof: proof.item.key
        )

    async def write(self, proof: Proof) -> bool:
        """Write a proof down; False, and nothing is written, where the operation was superseded.

        Raises:
            LeaseLost: The work was taken over; nothing is written.
        """
        return await self._proofs.ask(proof)

    async def _write_all(self, uow: UnitOfWork, proofs: Sequence[Proof]) -> list[bool | LeaseLost]:
        held = await uow.outbox.held(*(proof.item for proof in proofs))
        ours = [proof for proof in proofs if proof.item.id in held]
        now_are = await standings(uow, [proof.plan.operation_id for proof in ours])
        count = [proof for proof in ours if proof.plan.operation_id in now_are]
        await self._remember(uow, count)
        await uow.registrations.learn(
            (now_are[proof.plan.operation_id].registration, proof.seen.facts)
            for proof in count
            if proof.seen is not None and proof.seen.facts is not None
        )
        await self._endings.confirm(
            uow,
            [
                (now_are[proof.plan.operation_id], proof.seen.commands if proof.seen else ())
                for proof in count
            ],
        )
        return [
            proof.plan.operation_id in now_are if proof.item.id in held else LeaseLost() for proof in proofs
        ]

    async def _remember(self, uow: UnitOfWork, proofs: Sequence[Proof]) -> None:
        """Write down what was learned: which contacts domains have, or that registries keep none."""
        now = self._clock()
        shown = {
            proof.plan.registration.id: _shown(proof)
            for proof in proofs
            if proof.seen is not None or proof.without_contacts is not None
        }
        if not shown:
            return
        await uow.registry_contacts.settle(shown, now)
        # By account, so that nobody waits for one who waits for him.
        for proof in sorted(proofs, key=lambda proof: proof.plan.account.name):
            if proof.without_contacts is not None and proof.plan.account.name:
                scope = "" if proof.without_contacts.everywhere else proof.plan.change.domain
                await uow.registry_accounts.remember_no_contacts(proof.plan.account.name, scope, now)
        await uow.registry_accounts.remember_contacts(
            {
                proof.plan.change.domain: proof.plan.account.name
                for proof in proofs
                if proof.plan.account.name and proof.seen is not None and _linked(proof.seen)
            }
        )


def _shown(proof: Proof) -> Shown:
    if proof.seen is None:
        return Shown({}, ())
    return Shown(_linked(proof.seen), proof.seen.deleted)


def _linked(seen: Observation) -> dict[str, str]:
    # A registrar's backend tells of no objects: what it did says nothing of our account.
    return {
        each.handle: registry_id(each.registry_id) or "" for each in seen.contacts.values() if each.handle
    }
