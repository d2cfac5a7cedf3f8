"""Owners who change their minds, connections that break, workers that die: in the end all is as wanted."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from registries.epp.connector import EppConnector
from registries.epp.pool import SessionPool
from registries.errors import RegistryError
from registries.sandbox.settings import Tld
from tests.fakes import Clock
from tests.registries.epp import world as epp
from tests.whoisproxy.services.world import ACCOUNT, SHARED, World, make_world
from whoisproxy.domain.errors import DomainLocked
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import PrivacyState
from whoisproxy.domain.registry import ContactState
from whoisproxy.services.outbox_worker import OutboxWorker
from whoisproxy.services.registry_contacts import ContactJournal
from whoisproxy.services.registry_upkeep import RegistryUpkeep
from whoisproxy.services.settings import AccountFacts
from whoisproxy.services.work_orders import APPLY
from whoisproxy.storage.unit_of_work import Storage

NAMES = [DomainName(f"zoe-{number}.org") for number in range(6)]
STATES = {True: PrivacyState.ENABLED, False: PrivacyState.DISABLED}
STEPS = 40
ORPHANS = "SELECT handle FROM contacts WHERE handle NOT IN (SELECT handle FROM domain_contacts)"


@dataclass
class Killer:
    """Ends a piece of work at some frame on the wire, wherever that is."""

    frames_left: int = 0
    victim: asyncio.Task[int] | None = None

    def on_frame(self, _direction: str, _xml: bytes) -> None:
        self.frames_left -= 1
        if self.frames_left == 0 and self.victim is not None:
            self.victim.cancel()


@dataclass
class Storm:
    """One storm over a few domains."""

    services: World
    registry: epp.World
    upkeep: RegistryUpkeep
    account: AccountFacts
    killer: Killer
    chance: random.Random
    wishes: dict[DomainName, bool]

    async def step(self, number: int) -> None:
        name = self.chance.choice(NAMES)
        match self.chance.choice(["on", "on", "off", "off", "rotate"]):
            case "on":
                await self.services.enable(name)
                self.wishes[name] = True
            case "off":
                await self.services.disable(name)
                self.wishes[name] = False
            case _:
                with suppress(DomainLocked):
                    await self.services.privacy.rotate(self.services.registrar, name)
        await self.work_until_killed(number)
        self.services.clock.pass_by(seconds=self.chance.choice([1, 31]))
        if number % 10 == 0:
            with suppress(RegistryError):
                await self.upkeep.look_after(self.account)

    async def work_until_killed(self, number: int) -> None:
        worker = OutboxWorker(
            self.services.storage, {APPLY: self.services.sync}, f"worker-{number}", self.services.clock
        )
        self.killer.frames_left = self.chance.randint(1, 40)
        self.killer.victim = asyncio.create_task(worker.run_due())
        await asyncio.gather(self.killer.victim, return_exceptions=True)
        self.killer.victim = None

    async def calm(self) -> None:
        """Let everything that is begun come to its end."""
        self.registry.registry.faults.disconnect_share = 0.0
        for _ in range(5):
            self.services.clock.pass_by(minutes=20)
            await self.services.work()
        for _ in range(2):
            self.services.clock.pass_by(hours=2)
            await self.upkeep.look_after(self.account)


async def _check(storm: Storm) -> None:
    for name, wanted in storm.wishes.items():
        assert (await storm.services.status(name)).privacy.status.state is STATES[wanted]
        registration = await storm.services.registrations.get(storm.services.registrar, name)
        async with storm.services.storage.reading() as uow:
            rows = await uow.registry_contacts.of_domain(registration.id)
        held = await storm.registry.connector.read(name.a_label)
        assert {row.handle for row in rows} <= {each.handle for each in held.contacts.values()}
        assert all(row.state is ContactState.LINKED for row in rows)
    orphans = await storm.registry.registry._store.transact(
        lambda state: state._connection.execute(ORPHANS).fetchall()
    )
    assert orphans == []


@pytest.mark.slow
@pytest.mark.parametrize("account", [ACCOUNT, SHARED], ids=["own", "shared"])
@pytest.mark.parametrize("seed", range(3))
async def test_after_any_storm_every_domain_is_as_wanted_and_no_contact_is_left_over(
    tmp_path: Path, sqlite_storage: Storage, account: AccountFacts, seed: int
) -> None:
    async with epp.sandbox_world(tmp_path / "registry", tlds=(Tld("org"),)) as registry:
        clock, killer = Clock(), Killer()
        pool = SessionPool(registry.account, on_frame=killer.on_frame)
        connector = EppConnector(pool, journal=ContactJournal(sqlite_storage, account.name, clock))
        services = await make_world(sqlite_storage, account=account, connector=connector, clock=clock)
        upkeep = RegistryUpkeep(sqlite_storage, {account: connector}, services.intake, "worker", clock)
        for number, name in enumerate(NAMES):
            handles = {role: f"Z{number}-{role.upper()}"[:16] for role in epp.ROLES}
            await registry.register(name.a_label, handles)
            await services.register(name)
        chance = random.Random(seed)  # noqa: S311 - a storm is no secret
        registry.registry.faults.disconnect_share = 0.08
        storm = Storm(services, registry, upkeep, account, killer, chance, {})
        for number in range(STEPS):
            await storm.step(number)
        await storm.calm()
        await _check(storm)
        await connector.close()
