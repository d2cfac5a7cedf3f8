"""ICANN's acceptance cases of domains: epp-04, epp-14, epp-16, epp-18 to epp-21."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from registries.sandbox.server import SandboxRegistry
from tests.registries.sandbox.conftest import Connect
from tests.registries.sandbox.rst import Row, filled, needs_data, verdict
from tests.registries.sandbox.wire import (
    ACCOUNTS,
    NAMESPACES,
    RawClient,
    contact_create,
    domain_create,
    domain_update,
    ds_create,
    ds_data,
    ds_update,
    login,
    on_contact,
    on_domain,
    on_host,
    transfer,
)

_REGISTRANT = "<domain:registrant>owner-1</domain:registrant>"
_SECRET = "domain-secret"
_EXTERNAL = ("ns1.epp-14.rst.icann", "ns2.epp-14.rst.icann")


@pytest.fixture
async def owner(registry: SandboxRegistry, connect: Connect) -> AsyncIterator[RawClient]:
    """Registrar A, logged in with DNSSEC, with a contact and two hosts outside."""
    async with connect(registry) as session:
        await session.succeed(login("registrar-a", ACCOUNTS["registrar-a"], extension=NAMESPACES["secDNS"]))
        await session.succeed(contact_create("owner-1"))
        for host in _EXTERNAL:
            await session.succeed(on_host("create", host))
        yield session


def _renew(expires: str, years: int) -> str:
    period = f'<domain:period unit="y">{years}</domain:period>'
    return on_domain("renew", "a.test", f"<domain:curExpDate>{expires[:10]}</domain:curExpDate>{period}")


async def _expires(session: RawClient) -> str:
    return (await session.succeed(on_domain("info", "a.test"))).all("//domain:exDate")[0]


async def _statuses(session: RawClient) -> list[str]:
    return (await session.succeed(on_domain("info", "a.test"))).all("//domain:status/@s")


async def test_epp_04_a_check_tells_bad_names_taken_ones_and_free_ones_apart(owner: RawClient) -> None:
    await owner.succeed(domain_create("a.test"))
    assert (await owner.succeed(on_domain("check", "a.test"))).all("//domain:name/@avail") == ["0"]
    assert (await owner.succeed(on_domain("check", "b.test"))).all("//domain:name/@avail") == ["1"]
    for bad in ("-a.test", "a-.test", "a_b.test", "a b.test", "a" * 64 + ".test", ".test", "!.test"):
        assert (await owner.command(on_domain("check", bad))).code in {2001, 2004, 2005}


def _server(name: str, addresses: dict[str, str], *, attributes: bool) -> str:
    if not attributes:
        return f"<domain:hostObj>{name}</domain:hostObj>"
    glue = "".join(
        f'<domain:hostAddr ip="{family}">{address}</domain:hostAddr>'
        for family, address in addresses.items()
        if address
    )
    return f"<domain:hostAttr><domain:hostName>{name}</domain:hostName>{glue}</domain:hostAttr>"


def _created(row: Row) -> str:
    servers = "".join(
        _server(
            row[host],
            {"v4": row[f"{host}ipv4"], "v6": row[f"{host}ipv6"]},
            attributes=row["hostModel"] == "attributes",
        )
        for host in ("ns1", "ns2")
        if row[host]
    )
    registrant = f"<domain:registrant>{row['registrant']}</domain:registrant>" if row["registrant"] else ""
    parts = (
        f'<domain:period unit="{row["periodUnit"]}">{row["period"]}</domain:period>'
        f"<domain:ns>{servers}</domain:ns>{registrant}"
    )
    record = ds_data(row["keyTag"], row["dsDataAlg"], row["digestType"], row["digest"])
    return domain_create(row["name"], parts) + ds_create(record)


@needs_data
async def test_epp_14_domains_are_created_of_good_values_only_and_kept_as_sent(owner: RawClient) -> None:
    known = {"$TLD": "test", "$PREFIX": "rst-"}
    auto = {"registrant": "owner-1", "keyTag": "12345"}
    # The registry takes DS data, so the rows about key data are not for it (epp.secDNSInterfaces).
    rows = [row for row in filled("epp-14-data", auto, known) if row["secDNSInterface"] != "keyData"]
    for row in rows:
        reply = await owner.command(_created(row))
        assert verdict(reply.code) == row["passOrFail"], row
        if row["passOrFail"] == "pass":
            info = await owner.succeed(on_domain("info", row["name"]))
            assert info.all("//domain:crID | //domain:clID") == ["registrar-a", "registrar-a"]
            created, expires = map(datetime.fromisoformat, info.all("//domain:crDate | //domain:exDate"))
            assert expires.year - created.year == int(row["period"])
            assert info.all("//secDNS:dsData/secDNS:digest") == [row["digest"]]
    assert len(rows) > 30


async def test_epp_14_a_registrant_is_needed_where_contacts_are_held_and_refused_where_not(
    owner: RawClient,
) -> None:
    assert (await owner.command(domain_create("a.test", ""))).code == 2003
    assert (await owner.command(domain_create("a.thin", _REGISTRANT))).code == 2306
    assert (await owner.command(domain_create("a.thin", ""))).code == 1000


@needs_data
@pytest.mark.parametrize("model", ["objects", "attributes"])
async def test_epp_16_name_servers_are_added_and_removed_when_they_are_good(
    owner: RawClient, model: str
) -> None:
    await owner.succeed(domain_create("a.test"))
    for row in filled("epp-16-ns-data", {}, {"$DOMAIN": "a.test"}):
        if row["hostModel"] != model:
            continue
        if row["createIfNeeded"] == "true":
            assert (await owner.command(on_host("create", row["hostname"]))).code in {1000, 2302}
        glue = f'<domain:hostAddr ip="{row["ipType"]}">{row["ip"]}</domain:hostAddr>' if row["ipType"] else ""
        server = f"<domain:hostObj>{row['hostname']}</domain:hostObj>"
        if model == "attributes":
            named = f"<domain:hostName>{row['hostname']}</domain:hostName>"
            server = f"<domain:hostAttr>{named}{glue}</domain:hostAttr>"
        reply = await owner.command(
            domain_update("a.test", **{row["action"]: f"<domain:ns>{server}</domain:ns>"})
        )
        assert verdict(reply.code) == row["passOrFail"], row
        if row["passOrFail"] == "pass":
            info = await owner.succeed(on_domain("info", "a.test"))
            shown = info.all("//domain:hostObj | //domain:hostName")
            assert (row["hostname"] in shown) == (row["action"] == "add")


@needs_data
async def test_epp_16_only_the_clients_statuses_are_its_to_add_and_remove(owner: RawClient) -> None:
    await owner.succeed(domain_create("a.test"))
    for row in filled("epp-16-status-data", {}):
        change = {row["action"]: f'<domain:status s="{row["status"]}"/>'}
        reply = await owner.command(domain_update("a.test", **change))
        assert verdict(reply.code) == row["passOrFail"], row
        if row["passOrFail"] == "pass":
            assert (row["status"] in await _statuses(owner)) == (row["action"] == "add")


@needs_data
async def test_epp_16_ds_records_are_added_and_removed_when_they_are_good(owner: RawClient) -> None:
    await owner.succeed(domain_create("a.test"))
    for row in filled("epp-16-dnssec-data", {"keyTag": "12345"}):
        if row["secDNSInterface"] != "dsData":
            continue
        record = ds_data(row["keyTag"], row["dsDataAlg"], row["digestType"], row["digest"])
        change = ds_update(f"<secDNS:{row['action']}>{record}</secDNS:{row['action']}>")
        reply = await owner.command(on_domain("update", "a.test") + change)
        assert verdict(reply.code) == row["passOrFail"], row
        if row["passOrFail"] == "pass":
            info = await owner.succeed(on_domain("info", "a.test"))
            assert (row["digest"] in info.all("//secDNS:digest")) == (row["action"] == "add")


async def test_epp_16_the_registrant_is_changed_to_one_that_exists(owner: RawClient) -> None:
    await owner.succeed(domain_create("a.test"))
    await owner.succeed(contact_create("owner-2"))
    await owner.succeed(domain_update("a.test", chg="<domain:registrant>owner-2</domain:registrant>"))
    info = await owner.succeed(on_domain("info", "a.test"))
    assert info.all("//domain:registrant") == ["owner-2"]
    change = domain_update("a.test", chg="<domain:registrant>nobody</domain:registrant>")
    assert (await owner.command(change)).code == 2303


async def test_epp_16_another_registrar_does_not_change_a_domain(
    owner: RawClient, stranger: RawClient
) -> None:
    await owner.succeed(domain_create("a.test"))
    change = domain_update("a.test", add='<domain:status s="clientHold"/>')
    assert (await stranger.command(change)).code == 2201


async def test_epp_18_a_renewal_adds_its_period_and_ends_within_ten_years(owner: RawClient) -> None:
    await owner.succeed(domain_create("a.test"))
    before = await _expires(owner)
    assert (await owner.command(_renew("2001-01-01", 1))).code == 2306
    await owner.succeed(_renew(before, 2))
    after = await _expires(owner)
    assert int(after[:4]) - int(before[:4]) == 2
    for years in (8, 99, 100, 0):
        assert (await owner.command(_renew(after, years))).code in {2004, 2306}
    assert await _expires(owner) == after


async def test_epp_19_a_transfer_needs_the_authorization_and_hands_over_when_it_is_approved(
    owner: RawClient, stranger: RawClient
) -> None:
    await owner.succeed(domain_create("a.test"))
    secret = "<domain:authInfo><domain:pw>fresh-secret</domain:pw></domain:authInfo>"
    await owner.succeed(domain_update("a.test", chg=secret))
    before = await _expires(owner)
    assert (await stranger.command(transfer("request", "domain", "a.test", secret=_SECRET))).code == 2202
    long = transfer(
        "request",
        "domain",
        "a.test",
        secret="fresh-secret",
        period='<domain:period unit="y">10</domain:period>',
    )
    assert (await stranger.command(long)).code == 2306
    request = transfer(
        "request",
        "domain",
        "a.test",
        secret="fresh-secret",
        period='<domain:period unit="y">1</domain:period>',
    )
    assert (await stranger.command(request)).code == 1001
    assert "pendingTransfer" in await _statuses(owner)
    await owner.succeed(transfer("approve", "domain", "a.test"))
    info = await stranger.succeed(on_domain("info", "a.test"))
    assert info.all("//domain:clID") == ["registrar-b"]
    assert "pendingTransfer" not in info.all("//domain:status/@s")
    assert int(info.all("//domain:exDate")[0][:4]) - int(before[:4]) == 1


async def test_epp_20_a_rejected_transfer_changes_nothing(owner: RawClient, stranger: RawClient) -> None:
    await owner.succeed(domain_create("a.test"))
    before = (await owner.succeed(on_domain("info", "a.test"))).all("//domain:infData//*")
    assert (await stranger.command(transfer("request", "domain", "a.test", secret="wrong-one"))).code == 2202
    assert (await stranger.command(transfer("request", "domain", "a.test", secret=_SECRET))).code == 1001
    await owner.succeed(transfer("reject", "domain", "a.test"))
    assert (await owner.succeed(on_domain("info", "a.test"))).all("//domain:infData//*") == before
    assert "pendingTransfer" not in await _statuses(owner)


async def test_epp_21_a_deleted_domain_is_gone_and_what_it_used_can_go(owner: RawClient) -> None:
    servers = "".join(f"<domain:hostObj>{name}</domain:hostObj>" for name in _EXTERNAL)
    await owner.succeed(domain_create("a.test", f"<domain:ns>{servers}</domain:ns>{_REGISTRANT}"))
    await owner.succeed(on_domain("delete", "a.test"))
    assert (await owner.command(on_domain("info", "a.test"))).code == 2303
    for name in _EXTERNAL:
        await owner.succeed(on_host("delete", name))
        assert (await owner.command(on_host("info", name))).code == 2303
    await owner.succeed(on_contact("delete", "owner-1"))
    assert (await owner.command(on_contact("info", "owner-1"))).code == 2303
