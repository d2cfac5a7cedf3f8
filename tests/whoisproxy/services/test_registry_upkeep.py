"""At a real registry server no contact is left over, and no message is lost or counted twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from registries.connector import Desk, Disposal, Message
from registries.contact import Role
from registries.epp.connector import EppConnector
from registries.epp.frames import DomainUpdate
from registries.epp.pool import SessionPool
from registries.epp.session import Session
from registries.errors import RegistryRefused
from registries.sandbox.settings import Tld
from tests.fakes import Clock
from tests.registries.epp import world as epp
from tests.whoisproxy.services.world import ACCOUNT, SHARED, SUBSTITUTED, World, make_world
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import OperationState
from whoisproxy.domain.privacy import PrivacyState
from whoisproxy.domain.registry import ContactState
from whoisproxy.services.registry_contacts import ContactJournal
from whoisproxy.services.registry_upkeep import RegistryUpkeep
from whoisproxy.services.settings import AccountFacts
from whoisproxy.storage.unit_of_work import Storage

OTHER = DomainName("zoe-mill.org")
HANDLES = {role: f"ZOE-{role.upper()}"[:16] for role in epp.ROLES}
OTHER_HANDLES = {role: f"MILL-{role.upper()}"[:16] for role in epp.ROLES}


@dataclass
class Both:
    """The services and the registry that they speak to."""

    services: World
    registry: epp.World
    upkeep: RegistryUpkeep
    account: AccountFacts

    async def begin(self, name: DomainName = SUBSTITUTED, handles: dict[Role, str] = HANDLES) -> None:
        """Register a domain at the registry and here."""
        await self.registry.register(name.a_label, handles)
        await self.services.register(name)

    async def look_after(self) -> None:
        await self.upkeep.look_after(self.account)

    async def rows(self) -> dict[str, ContactState]:
        """Return the contacts that are on disk."""
        async with self.services.storage.reading() as uow:
            registered = [await uow.registrations.by_name(name) for name in (SUBSTITUTED, OTHER)]
            known = [each for it in registered if it for each in await uow.registry_contacts.of_domain(it.id)]
            return {each.handle: each.state for each in known}

    async def orphans(self) -> set[str]:
        """Return the handles of contacts that no domain of the registry refers to."""
        statement = "SELECT handle FROM contacts WHERE handle NOT IN (SELECT handle FROM domain_contacts)"
        found = await self.registry.registry._store.transact(
            lambda state: state._connection.execute(statement).fetchall()
        )
        return {row[0] for row in found}

    async def retried(self) -> None:
        """Let the work be tried again until nothing is due for a while."""
        for _ in range(5):
            await self.services.work()
            self.services.clock.pass_by(minutes=20)


async def _both(folder: Path, storage: Storage, account: AccountFacts) -> AsyncIterator[Both]:
    async with epp.sandbox_world(folder / "registry", tlds=(Tld("org"),)) as registry:
        clock = Clock()
        journal = ContactJournal(storage, account.name, clock)
        connector = EppConnector(SessionPool(registry.account), journal=journal)
        services = await make_world(storage, account=account, connector=connector, clock=clock)
        upkeep = RegistryUpkeep(storage, {account: connector}, services.intake, "worker-1", clock)
        yield Both(services, registry, upkeep, account)
        await connector.close()


@pytest.fixture
async def both(tmp_path: Path, sqlite_storage: Storage) -> AsyncIterator[Both]:
    async for made in _both(tmp_path, sqlite_storage, ACCOUNT):
        yield made


@pytest.fixture
async def on_each_engine(tmp_path: Path, storage: Storage) -> AsyncIterator[Both]:
    async for made in _both(tmp_path, storage, ACCOUNT):
        yield made


@pytest.fixture
async def sharing(tmp_path: Path, sqlite_storage: Storage) -> AsyncIterator[Both]:
    async for made in _both(tmp_path, sqlite_storage, SHARED):
        yield made


async def test_a_switch_on_and_off_leaves_exactly_what_the_domain_needs(on_each_engine: Both) -> None:
    both = on_each_engine
    await both.begin()
    await both.services.enable(SUBSTITUTED)
    await both.services.work()
    assert set((await both.rows()).values()) == {ContactState.LINKED}
    assert await both.orphans() == set()
    await both.services.disable(SUBSTITUTED)
    await both.services.work()
    assert list((await both.rows()).values()) == [ContactState.LINKED]
    assert await both.orphans() == set()


@pytest.mark.parametrize("command", ["domain:update", "contact:delete", "contact:create"])
async def test_what_a_broken_connection_leaves_over_is_cleared_away(both: Both, command: str) -> None:
    await both.begin()
    await both.services.enable(SUBSTITUTED)
    both.registry.registry.drop_after(command)
    await both.retried()
    assert (await both.services.status(SUBSTITUTED)).privacy.status.state is PrivacyState.ENABLED
    await both.look_after()
    assert await both.orphans() == set()
    # What was not there at the first look is looked for once more.
    both.services.clock.pass_by(minutes=10)
    await both.look_after()
    assert set((await both.rows()).values()) == {ContactState.LINKED}


async def test_what_a_superseded_switch_has_created_is_cleared_away(both: Both) -> None:
    """The registrar changes his mind while the registry cannot be reached any more."""
    await both.begin()
    await both.services.enable(SUBSTITUTED)
    for _ in range(3):
        both.registry.registry.drop_before("domain:update")
    await both.services.work()
    assert len(await both.orphans()) == 3
    await both.services.disable(SUBSTITUTED)
    await both.retried()
    # A connection that breaks meanwhile keeps no other contact from being cleared away.
    both.registry.registry.drop_before("contact:delete")
    assert (await both.services.status(SUBSTITUTED)).privacy.status.state is PrivacyState.DISABLED
    assert list((await both.rows()).values()).count(ContactState.LOOSE) == 3
    await both.look_after()
    assert len(await both.orphans()) == 1
    await both.look_after()
    assert await both.orphans() == set()
    assert list((await both.rows()).values()) == [ContactState.LINKED]


async def test_what_a_refused_switch_has_created_is_cleared_away(both: Both) -> None:
    await both.begin()
    view = await both.services.enable(SUBSTITUTED)
    for _ in range(3):
        both.registry.registry.drop_before("domain:update")
    await both.services.work()
    await both.registry.registry.set_statuses(SUBSTITUTED.a_label, add=["serverUpdateProhibited"])
    await both.retried()
    assert (await both.services.operation(view)).state is OperationState.FAILED
    await both.look_after()
    assert await both.orphans() == set()


async def test_a_domain_that_leaves_us_leaves_no_contact_behind(both: Both) -> None:
    """While it refers to them they stay; who clears up asks again, ever less often."""
    await both.begin()
    await both.services.enable(SUBSTITUTED)
    await both.services.work()
    registration = await both.services.registrations.get(both.services.registrar, SUBSTITUTED)
    await both.services.registrations.delete(both.services.registrar, SUBSTITUTED)
    await both.look_after()
    await both.registry.register(OTHER.a_label, OTHER_HANDLES)
    await _point_to(both, SUBSTITUTED, OTHER_HANDLES[Role.REGISTRANT])
    await both.look_after()
    assert len(await both.orphans()) == 1
    both.services.clock.pass_by(minutes=1)
    await both.look_after()
    assert await both.orphans() == set()
    async with both.services.storage.reading() as uow:
        left = await uow.registry_contacts.of_domain(registration.id)
    assert all(each.look_at == both.services.clock() + timedelta(minutes=2) for each in left)


async def _point_to(both: Both, name: DomainName, handle: str) -> None:
    session = await Session.open(both.registry.account)
    await session.send(DomainUpdate(name.a_label, registrant=handle))
    await session.close()


async def test_messages_about_contacts_that_we_made_or_delete_are_not_offered(both: Both) -> None:
    await both.begin()
    await both.services.enable(SUBSTITUTED)
    both.registry.registry.drop_before("contact:delete")
    await both.services.work()
    known = await both.rows()
    assert set(known.values()) == {ContactState.LINKED, ContactState.LOOSE}
    for number, handle in enumerate(known):
        await both.services.intake.take(ACCOUNT, Message(f"M-{number}", "Done", handle, succeeded=True))
    assert await both.services.messages.page(both.services.registrar, "", 10) == []


async def test_shared_contacts_go_with_the_last_domain_that_needs_them(sharing: Both) -> None:
    both = sharing
    await both.begin()
    await both.begin(OTHER, OTHER_HANDLES)
    for name in (SUBSTITUTED, OTHER):
        await both.services.enable(name)
    await both.services.work()
    await both.look_after()
    [shared] = await both.rows()
    await both.services.disable(SUBSTITUTED)
    await both.services.work()
    await both.look_after()
    assert (await both.registry.contact(shared)).email == SHARED.shared_email
    await both.services.disable(OTHER)
    await both.services.work()
    await both.look_after()
    assert shared not in await both.rows()
    assert await both.orphans() == set()


async def test_the_queue_is_emptied_and_a_lost_acknowledgement_counts_no_message_twice(both: Both) -> None:
    await both.services.register(SUBSTITUTED)
    theirs = AccountFacts(ACCOUNT.name, registrar=both.services.registrar.name)
    both.upkeep._desks = {theirs: both.upkeep._desks[ACCOUNT]}
    for number in range(3):
        await both.registry.registry.queue_message("registrar-1", f"Credit is low {number}")
    both.registry.registry.drop_before("poll")
    both.registry.registry.drop_after("poll")
    for _ in range(4):
        await asyncio.gather(both.upkeep.look_after(theirs), return_exceptions=True)
    found = await both.services.messages.page(both.services.registrar, "", 10)
    # All came at the same moment of the test's clock.
    assert sorted(each.text for each in found) == [f"Credit is low {number}" for number in range(3)]
    assert (await both.services.events()).count("registry.message") == 3


@dataclass
class WithoutQueue:
    """A registry that has no messages for anybody."""

    behind: Desk

    async def next_message(self) -> None:
        raise RegistryRefused(2101, "the registry does not offer the command")

    async def acknowledge(self, message_id: str) -> None:
        await self.behind.acknowledge(message_id)

    async def dispose(self, handle: str, domain: str) -> Disposal:
        return await self.behind.dispose(handle, domain)


async def test_where_there_is_no_message_queue_contacts_are_cleared_away_all_the_same(both: Both) -> None:
    await both.begin()
    await both.services.enable(SUBSTITUTED)
    both.registry.registry.drop_before("contact:delete")
    await both.services.work()
    assert len(await both.orphans()) == 3
    both.upkeep._desks = {ACCOUNT: WithoutQueue(both.upkeep._desks[ACCOUNT])}
    await both.look_after()
    assert await both.orphans() == set()


async def test_an_account_is_looked_after_by_one_worker_at_a_time(on_each_engine: Both) -> None:
    both = on_each_engine
    desks, clock = both.upkeep._desks, both.services.clock
    other = RegistryUpkeep(both.services.storage, desks, both.services.intake, "worker-2", clock)
    await both.look_after()
    await both.registry.journal()
    await other.look_after(ACCOUNT)
    assert await both.registry.journal() == []
    await both.look_after()
    assert await both.registry.journal() == ["poll"]
    clock.pass_by(minutes=2)
    await other.look_after(ACCOUNT)
    assert await both.registry.journal() == ["poll"]


async def test_it_works_on_until_it_is_told_to_stop(both: Both) -> None:
    await both.services.register(SUBSTITUTED)
    theirs = AccountFacts(ACCOUNT.name, registrar=both.services.registrar.name)
    stop, taken = asyncio.Event(), asyncio.Event()
    both.services.intake._finished = taken.set
    clock, desk = both.services.clock, both.upkeep._desks[ACCOUNT]
    upkeep = RegistryUpkeep(
        both.services.storage, {theirs: desk}, both.services.intake, "worker-1", clock, every_s=0.01
    )
    running = asyncio.create_task(upkeep.run(stop))
    for text in ("first", "second"):
        taken.clear()
        await both.registry.registry.queue_message("registrar-1", text)
        await taken.wait()
    stop.set()
    await running
    assert len(await both.services.messages.page(both.services.registrar, "", 10)) == 2
