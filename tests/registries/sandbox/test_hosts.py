"""The host mapping (RFC 5732): where a host may lie, whose it is, and the domains that depend on it."""

import pytest

from registries.sandbox.server import SandboxRegistry
from tests.registries.sandbox.wire import (
    RawClient,
    contact_create,
    domain_create,
    domain_update,
    on_domain,
    on_host,
)

_V4 = "<host:addr>192.0.2.1</host:addr>"
_V6 = '<host:addr ip="v6">2001:DB8:0::1</host:addr>'
_LOCK = '<host:status s="clientUpdateProhibited"/>'
_OWNER = "<domain:registrant>owner-1</domain:registrant>"


def _named(host: str) -> str:
    return f"<domain:ns><domain:hostObj>{host}</domain:hostObj></domain:ns>"


def _update(name: str, *, add: str = "", rem: str = "", new_name: str = "") -> str:
    change = f"<host:name>{new_name}</host:name>" if new_name else ""
    parts = (("add", add), ("rem", rem), ("chg", change))
    return on_host("update", name, "".join(f"<host:{tag}>{body}</host:{tag}>" for tag, body in parts if body))


@pytest.fixture
async def owner(client: RawClient) -> RawClient:
    """Registrar A with a contact and the domain a.test."""
    await client.succeed(contact_create("owner-1"))
    await client.succeed(domain_create("a.test"))
    return client


async def test_a_host_is_read_back_as_it_was_created(owner: RawClient, stranger: RawClient) -> None:
    created = await owner.succeed(on_host("create", "NS1.a.test", _V4 + _V6))
    assert created.all("//host:creData/host:name") == ["ns1.a.test"]
    read = await stranger.succeed(on_host("info", "ns1.a.test"))
    assert read.all("//host:addr") == ["192.0.2.1", "2001:db8::1"]
    assert read.all("//host:addr/@ip") == ["v4", "v6"]
    assert read.all("//host:status/@s") == ["ok"]
    assert read.all("//host:roid | //host:clID | //host:crID") == ["H1-SANDBOX", "registrar-a", "registrar-a"]
    taken = await owner.succeed(on_host("check", "ns1.a.test"))
    assert taken.all("//host:name/@avail") == ["0"]


@pytest.mark.parametrize(
    ("name", "addresses", "code"),
    [
        ("ns1.a.test", "", 2302),
        ("ns.b.test", "", 2303),
        ("ns.dns.example", _V4, 2306),
    ],
)
async def test_a_host_that_must_not_be_is_refused(
    owner: RawClient, name: str, addresses: str, code: int
) -> None:
    await owner.succeed(on_host("create", "ns1.a.test"))
    assert (await owner.command(on_host("create", name, addresses))).code == code


async def test_only_the_sponsor_of_the_domain_makes_hosts_in_it_and_changes_them(
    owner: RawClient, stranger: RawClient
) -> None:
    assert (await stranger.command(on_host("create", "ns1.a.test"))).code == 2201
    await owner.succeed(on_host("create", "ns1.a.test"))
    assert (await stranger.command(_update("ns1.a.test", add=_V4))).code == 2201
    assert (await stranger.command(on_host("delete", "ns1.a.test"))).code == 2201


async def test_a_domain_names_hosts_that_are_there(owner: RawClient) -> None:
    assert (await owner.command(domain_update("a.test", add=_named("ns.dns.example")))).code == 2303
    assert (await owner.command(domain_create("b.test", _named("ns.dns.example") + _OWNER))).code == 2303
    await owner.succeed(on_host("create", "ns.dns.example"))
    await owner.succeed(domain_update("a.test", add=_named("ns.dns.example")))


async def test_an_update_changes_addresses_and_statuses_all_or_nothing(owner: RawClient) -> None:
    await owner.succeed(on_host("create", "ns1.a.test", _V4))
    for add, rem in ((_V4, ""), ("", _V6), (_V6, _V6), (_V6 + '<host:status s="ok"/>', "")):
        assert (await owner.command(_update("ns1.a.test", add=add, rem=rem))).code == 2306
    await owner.succeed(_update("ns1.a.test", add=_V6 + _LOCK, rem=_V4))
    read = await owner.succeed(on_host("info", "ns1.a.test"))
    assert read.all("//host:addr") == ["2001:db8::1"]
    assert read.all("//host:status/@s") == ["clientUpdateProhibited"]
    assert read.all("//host:upID") == ["registrar-a"]
    assert (await owner.command(_update("ns1.a.test", add=_V4))).code == 2304
    await owner.succeed(_update("ns1.a.test", add=_V4, rem=_LOCK))


async def test_a_renamed_host_takes_its_domains_along(registry: SandboxRegistry, owner: RawClient) -> None:
    await owner.succeed(on_host("create", "ns1.a.test"))
    await owner.succeed(on_host("create", "ns.dns.example"))
    await owner.succeed(domain_update("a.test", add=_named("ns1.a.test")))
    assert (await owner.command(_update("ns1.a.test", new_name="ns.dns.example"))).code == 2302
    assert (await owner.command(_update("ns1.a.test", new_name="ns.b.test"))).code == 2303
    await owner.succeed(_update("ns1.a.test", new_name="ns2.a.test"))
    assert (await owner.command(on_host("info", "ns1.a.test"))).code == 2303
    assert (await owner.succeed(on_host("info", "ns2.a.test"))).all("//host:status/@s") == ["ok", "linked"]
    entry = await registry.published("a.test")
    assert entry is not None
    assert entry.nameservers == ["ns2.a.test"]


async def test_an_external_host_of_anothers_domain_keeps_its_name(
    owner: RawClient, stranger: RawClient
) -> None:
    await owner.succeed(on_host("create", "ns.dns.example"))
    await stranger.succeed(domain_create("b.thin", _named("ns.dns.example")))
    assert (await owner.command(_update("ns.dns.example", new_name="ns.other.example"))).code == 2305


async def test_a_host_is_deleted_when_no_domain_uses_it(owner: RawClient) -> None:
    await owner.succeed(on_host("create", "ns1.a.test"))
    await owner.succeed(domain_update("a.test", add=_named("ns1.a.test")))
    assert (await owner.command(on_host("delete", "ns1.a.test"))).code == 2305
    await owner.succeed(domain_update("a.test", rem=_named("ns1.a.test")))
    await owner.succeed(on_host("delete", "ns1.a.test"))
    assert (await owner.command(on_host("delete", "ns1.a.test"))).code == 2303


async def test_a_domain_with_hosts_in_it_stays(owner: RawClient) -> None:
    await owner.succeed(on_host("create", "ns1.a.test"))
    assert (await owner.command(on_domain("delete", "a.test"))).code == 2305
    await owner.succeed(on_host("delete", "ns1.a.test"))
    await owner.succeed(on_domain("delete", "a.test"))


async def test_a_name_server_attribute_in_its_own_domain_needs_an_address(owner: RawClient) -> None:
    attribute = (
        "<domain:ns><domain:hostAttr><domain:hostName>ns.a.test</domain:hostName>{}</domain:hostAttr>"
        "</domain:ns>"
    )
    assert (await owner.command(domain_update("a.test", add=attribute.format("")))).code == 2003
    glue = "<domain:hostAddr>192.0.2.1</domain:hostAddr>"
    await owner.succeed(domain_update("a.test", add=attribute.format(glue)))


async def test_a_delete_lock_protects_a_host(registry: SandboxRegistry, owner: RawClient) -> None:
    await owner.succeed(on_host("create", "ns1.a.test"))
    await registry.set_statuses("ns1.a.test", add=["serverDeleteProhibited"], kind="host")
    assert (await owner.command(on_host("delete", "ns1.a.test"))).code == 2304
