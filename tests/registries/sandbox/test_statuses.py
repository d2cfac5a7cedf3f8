"""The tables of statuses of RFC 5731 2.3, RFC 5732 2.3 and RFC 5733 2.2."""

import pytest

from registries.sandbox.server import SandboxRegistry
from registries.sandbox.statuses import SETTABLE, conflict
from tests.registries.sandbox.wire import RawClient, contact_create, domain_create, domain_update, on_domain


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        ("domain", {"ok"}),
        ("domain", {"inactive"}),
        ("domain", {"linked"}),
        ("contact", {"clientHold"}),
        ("contact", {"clientRenewProhibited"}),
        ("host", {"clientTransferProhibited"}),
        ("host", {"pendingTransfer"}),
        ("domain", {"pendingDelete", "pendingUpdate"}),
        ("domain", {"pendingDelete", "serverDeleteProhibited"}),
        ("domain", {"pendingRenew", "clientRenewProhibited"}),
        ("contact", {"pendingTransfer", "clientTransferProhibited"}),
        ("contact", {"pendingUpdate", "serverUpdateProhibited"}),
        ("host", {"pendingUpdate", "clientUpdateProhibited"}),
    ],
)
async def test_statuses_that_cannot_be_are_not_even_the_registrys_to_set(
    kind: str, statuses: set[str]
) -> None:
    assert conflict(kind, frozenset(statuses)) is not None


@pytest.mark.parametrize("kind", ["contact", "domain", "host"])
def test_every_lock_may_stand_beside_every_other(kind: str) -> None:
    locks = {status for status in SETTABLE[kind] if not status.startswith("pending")}
    assert conflict(kind, frozenset(locks)) is None
    for status in SETTABLE[kind]:
        assert conflict(kind, frozenset({status})) is None


async def test_the_registry_is_held_to_the_table(registry: SandboxRegistry, client: RawClient) -> None:
    await client.succeed(contact_create("owner-1"))
    await client.succeed(domain_create("a.test"))
    with pytest.raises(ValueError, match="lock"):
        await registry.set_statuses("a.test", add=["pendingDelete", "serverDeleteProhibited"])
    with pytest.raises(KeyError):
        await registry.set_statuses("nobody", add=["serverUpdateProhibited"], kind="contact")
    read = await client.succeed(on_domain("info", "a.test"))
    assert read.all("//domain:status/@s") == ["inactive"]


async def test_ok_stands_alone_and_inactive_beside_others(
    registry: SandboxRegistry, client: RawClient
) -> None:
    await client.succeed(contact_create("owner-1"))
    served = (
        "<domain:ns><domain:hostAttr><domain:hostName>ns.a.b</domain:hostName></domain:hostAttr></domain:ns>"
    )
    await client.succeed(domain_create("a.test", served + "<domain:registrant>owner-1</domain:registrant>"))
    assert (await client.succeed(on_domain("info", "a.test"))).all("//domain:status/@s") == ["ok"]
    await registry.set_statuses("a.test", add=["serverHold"])
    await client.succeed(domain_update("a.test", rem=served))
    read = await client.succeed(on_domain("info", "a.test"))
    assert read.all("//domain:status/@s") == ["serverHold", "inactive"]


@pytest.mark.parametrize("action", ["Delete", "Renew", "Update"])
async def test_each_lock_stands_against_its_command_alone(
    registry: SandboxRegistry, client: RawClient, action: str
) -> None:
    await client.succeed(contact_create("owner-1"))
    await client.succeed(domain_create("a.test"))
    expires = (await client.succeed(on_domain("info", "a.test"))).all("//domain:exDate")[0]
    await registry.set_statuses("a.test", add=[f"server{action}Prohibited"])
    commands = {
        "Update": domain_update("a.test", add='<domain:status s="clientHold"/>'),
        "Renew": on_domain("renew", "a.test", f"<domain:curExpDate>{expires[:10]}</domain:curExpDate>"),
        "Delete": on_domain("delete", "a.test"),
    }
    codes = {name: (await client.command(verb)).code for name, verb in commands.items()}
    assert codes == {name: 2304 if name == action else 1000 for name in commands}
