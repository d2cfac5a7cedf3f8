"""ICANN's acceptance cases of hosts: epp-05, epp-11 to epp-13, epp-23 to epp-27, and epp-15 about hosts."""

import pytest

from tests.registries.sandbox.rst import filled, needs_data, verdict
from tests.registries.sandbox.wire import (
    RawClient,
    contact_create,
    domain_create,
    domain_update,
    on_domain,
    on_host,
)

_KNOWN = {"$TLD": "test", "$RESERVEDNAME": "taken.test"}
_GLUE = '<host:addr ip="v4">192.0.2.1</host:addr>'


def _delegate(*names: str) -> str:
    return (
        "<domain:ns>" + "".join(f"<domain:hostObj>{name}</domain:hostObj>" for name in names) + "</domain:ns>"
    )


def _rename(name: str, new: str) -> str:
    return on_host("update", name, f"<host:chg><host:name>{new}</host:name></host:chg>")


async def _make_parent(session: RawClient, host: str) -> None:
    """Register the domain that a host lies in, unless that was done."""
    name = ".".join(host.split(".")[-2:])
    if name.endswith(".test"):
        assert (await session.command(domain_create(name))).code in {1000, 2302}


@pytest.fixture
async def owner(client: RawClient) -> RawClient:
    """Registrar A with a contact and the domain a.test, delegated to hosts outside."""
    await client.succeed(contact_create("owner-1"))
    await client.succeed(on_host("create", "ns1.rst.icann"))
    parts = _delegate("ns1.rst.icann") + "<domain:registrant>owner-1</domain:registrant>"
    await client.succeed(domain_create("a.test", parts))
    return client


@pytest.fixture
async def other(stranger: RawClient) -> RawClient:
    """Registrar B with a contact and the domain taken.test."""
    await stranger.succeed(contact_create("other-1"))
    await stranger.succeed(domain_create("taken.test", "<domain:registrant>other-1</domain:registrant>"))
    return stranger


async def test_epp_05_a_check_tells_bad_names_taken_ones_and_free_ones_apart(owner: RawClient) -> None:
    assert (await owner.succeed(on_host("check", "ns1.rst.icann"))).all("//host:name/@avail") == ["0"]
    assert (await owner.succeed(on_host("check", "ns2.rst.icann"))).all("//host:name/@avail") == ["1"]
    for bad in ("-.rst.icann", "ns 1.rst.icann", "a" * 64 + ".icann", "ns1..icann"):
        assert (await owner.command(on_host("check", bad))).code in {2001, 2004, 2005}


@needs_data
async def test_epp_11_hosts_are_created_of_good_values_only_and_kept_as_sent(owner: RawClient) -> None:
    for row in filled("epp-11-data", {}, _KNOWN):
        if row["createParentFirst"] == "true":
            await _make_parent(owner, row["name"])
        address = f'<host:addr ip="{row["ip"]}">{row["addr"]}</host:addr>' if row["ip"] else ""
        reply = await owner.command(on_host("create", row["name"], address))
        assert verdict(reply.code) == row["passOrFail"], row
        if row["passOrFail"] == "pass":
            info = await owner.succeed(on_host("info", row["name"]))
            assert info.all("//host:name") == [row["name"]]
            assert info.all("//host:addr") == ([row["addr"]] if row["ip"] else [])
        else:
            assert reply.code != 2302


@pytest.mark.usefixtures("owner")
async def test_epp_12_another_registrar_does_not_change_a_host(stranger: RawClient) -> None:
    change = '<host:add><host:status s="clientDeleteProhibited"/></host:add>'
    assert (await stranger.command(on_host("update", "ns1.rst.icann", change))).code == 2201


@needs_data
async def test_epp_13_addresses_are_added_and_removed_when_they_are_good(owner: RawClient) -> None:
    await owner.succeed(on_host("create", "ns1.a.test"))
    for row in filled("epp-13-addr-data", {}):
        part = f'<host:addr ip="{row["ip"]}">{row["addr"]}</host:addr>'
        change = f"<host:{row['action']}>{part}</host:{row['action']}>"
        reply = await owner.command(on_host("update", "ns1.a.test", change))
        assert verdict(reply.code) == row["passOrFail"], row
        if row["passOrFail"] == "pass":
            shown = (await owner.succeed(on_host("info", "ns1.a.test"))).all("//host:addr")
            assert (row["addr"] in shown) == (row["action"] == "add")


@needs_data
async def test_epp_13_only_the_clients_statuses_are_its_to_add_and_remove(owner: RawClient) -> None:
    await owner.succeed(on_host("create", "ns1.a.test"))
    for row in filled("epp-13-status-data", {}):
        change = f'<host:{row["action"]}><host:status s="{row["status"]}"/></host:{row["action"]}>'
        reply = await owner.command(on_host("update", "ns1.a.test", change))
        assert verdict(reply.code) == row["passOrFail"], row
        if row["passOrFail"] == "pass":
            shown = (await owner.succeed(on_host("info", "ns1.a.test"))).all("//host:status/@s")
            assert (row["status"] in shown) == (row["action"] == "add")


async def test_epp_15_a_host_that_a_domain_uses_is_not_deleted(owner: RawClient) -> None:
    assert (await owner.command(on_host("delete", "ns1.rst.icann"))).code == 2305
    await owner.succeed(on_host("info", "ns1.rst.icann"))


@needs_data
@pytest.mark.usefixtures("other")
async def test_epp_23_a_host_is_renamed_to_where_its_sponsor_may_put_it(owner: RawClient) -> None:
    name = "ns9.rst.icann"
    await owner.succeed(on_host("create", name))
    assert (await owner.succeed(on_domain("check", "taken.test"))).all("//domain:name/@avail") == ["0"]
    for row in filled("epp-23-data", {}, _KNOWN):
        if row["createParentFirst"] == "true":
            await _make_parent(owner, row["name"])
        reply = await owner.command(_rename(name, row["name"]))
        assert verdict(reply.code) == row["passOrFail"], row
        if row["passOrFail"] == "pass":
            assert (await owner.succeed(on_host("info", row["name"]))).all("//host:name") == [row["name"]]
            name = row["name"]


async def test_epp_23_an_external_host_that_another_registrar_uses_keeps_its_name(
    owner: RawClient, other: RawClient
) -> None:
    await other.succeed(domain_update("taken.test", add=_delegate("ns1.rst.icann")))
    assert (await owner.command(_rename("ns1.rst.icann", "ns2.rst.icann"))).code == 2305


async def test_epp_24_a_deleted_host_is_gone(owner: RawClient) -> None:
    await owner.succeed(on_host("create", "ns2.rst.icann"))
    await owner.succeed(on_host("delete", "ns2.rst.icann"))
    assert (await owner.command(on_host("info", "ns2.rst.icann"))).code == 2303


@pytest.mark.parametrize("addresses", [_GLUE, '<host:addr ip="v6">2001:db8::1</host:addr>', ""])
async def test_epp_25_epp_26_epp_27_nobody_else_puts_a_host_into_a_domain(
    owner: RawClient, stranger: RawClient, addresses: str
) -> None:
    assert (await stranger.command(on_host("create", "ns1.a.test", addresses))).code == 2201
    assert (await owner.command(on_host("info", "ns1.a.test"))).code == 2303
