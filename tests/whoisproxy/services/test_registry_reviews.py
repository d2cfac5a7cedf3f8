"""At a registry that decides later, and at one from which a domain is transferred away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from registries.epp.connector import EppConnector
from registries.epp.frames.transfer import DomainTransfer, TransferOperation
from registries.epp.pool import SessionPool
from registries.epp.session import Account, Session
from registries.epp.transport import Endpoint
from registries.sandbox.authority import CertificateAuthority
from registries.sandbox.server import SandboxRegistry
from registries.sandbox.settings import Rules, Tld
from tests.fakes import Clock
from tests.registries.epp import world as epp
from tests.whoisproxy.services.test_registry_upkeep import HANDLES, Both
from tests.whoisproxy.services.world import ACCOUNT, SUBSTITUTED, make_world
from whoisproxy.domain.operation import OperationState
from whoisproxy.services.registry_contacts import ContactJournal
from whoisproxy.services.registry_upkeep import RegistryUpkeep
from whoisproxy.storage.unit_of_work import Storage

REGISTRAR = "registrar-1"


@asynccontextmanager
async def _reviewing(folder: Path, storage: Storage, rules: Rules) -> AsyncIterator[Both]:
    authority = CertificateAuthority(folder)
    registry = SandboxRegistry(
        tlds=[Tld("org")],
        accounts=dict.fromkeys([REGISTRAR, "registrar-2"], "foo-BAR2"),
        tls=authority.server_context(authority.issue("registry")),
        rules=rules,
    )
    async with registry:
        endpoint = Endpoint(registry.host, registry.port, authority.client_context())
        account = Account("sandbox", endpoint, REGISTRAR, "foo-BAR2")
        clock, pool = Clock(), SessionPool(account)
        connector = EppConnector(pool, journal=ContactJournal(storage, ACCOUNT.name, clock))
        services = await make_world(storage, connector=connector, clock=clock)
        upkeep = RegistryUpkeep(storage, {ACCOUNT: connector}, services.intake, "worker-1", clock)
        yield Both(services, epp.World(registry, connector, account, epp.Book()), upkeep, ACCOUNT)
        await connector.close()


@pytest.mark.parametrize("approves", [True, False])
@pytest.mark.parametrize("reviewed", [["domain:update"], ["contact:update", "domain:update"]], ids=str)
async def test_what_the_registry_decides_later_ends_as_it_decides(
    tmp_path: Path, sqlite_storage: Storage, reviewed: list[str], *, approves: bool
) -> None:
    rules = Rules(reviewed=frozenset(reviewed), review_approves=approves)
    async with _reviewing(tmp_path / "registry", sqlite_storage, rules) as both:
        await both.begin()
        view = await both.services.enable(SUBSTITUTED)
        await both.services.work()
        assert (await both.services.operation(view)).problem_code == "REGISTRY_PENDING"
        await both.look_after()
        await both.services.work()
        ended = await both.services.operation(view)
        expected = (OperationState.DONE, "") if approves else (OperationState.FAILED, "REGISTRY_DECLINED")
        assert (ended.state, ended.problem_code) == expected
        await both.look_after()
        assert await both.orphans() == set()
        assert await both.services.messages.page(both.services.registrar, "", 10) == []


async def test_a_transfer_is_not_delayed_and_ends_the_service(
    tmp_path: Path, sqlite_storage: Storage
) -> None:
    async with _reviewing(tmp_path / "registry", sqlite_storage, Rules()) as both:
        await both.registry.register(SUBSTITUTED.a_label, HANDLES)
        await both.services.hidden(SUBSTITUTED)
        gaining = await Session.open(both.registry.account_of("registrar-2"))
        await gaining.send(DomainTransfer(SUBSTITUTED.a_label, TransferOperation.REQUEST, "a7-b8-c9"))
        view = await both.services.disable(SUBSTITUTED)
        await both.services.work()
        waiting = await both.services.operation(view)
        assert (waiting.state, waiting.problem_code) == (OperationState.PENDING, "DOMAIN_TRANSFER_PENDING")
        losing = await Session.open(both.registry.account)
        await losing.send(DomainTransfer(SUBSTITUTED.a_label, TransferOperation.APPROVE))
        await both.look_after()
        await both.services.work()
        ended = await both.services.operation(view)
        assert (ended.state, ended.problem_code) == (OperationState.FAILED, "REGISTRY_TRANSFERRED_AWAY")
        assert await both.services.lookup.domain(SUBSTITUTED) is None
        for session in (gaining, losing):
            await session.close()
