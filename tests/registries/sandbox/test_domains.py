"""The domain and host mappings and the poll queue: what is sent comes back, every rule has its code."""

from datetime import UTC, datetime

import pytest

from registries.sandbox.server import SandboxRegistry
from registries.sandbox.settings import Rules
from tests.registries.sandbox.conftest import Connect, Start
from tests.registries.sandbox.wire import RawClient, contact_create, domain_create, on_domain

_OWNER = "<domain:registrant>owner-1</domain:registrant>"
_ADMIN = '<domain:contact type="admin">{}</domain:contact>'


def _ns(*hosts: str) -> str:
    return (
        "<domain:ns>" + "".join(f"<domain:hostObj>{host}</domain:hostObj>" for host in hosts) + "</domain:ns>"
    )


_HOSTS = _ns("ns1.dns.example", "ns.a.test")
_ATTRIBUTES = (
    "<domain:ns><domain:hostAttr><domain:hostName>ns.a.test</domain:hostName>"
    "<domain:hostAddr>192.0.2.1</domain:hostAddr>"
    '<domain:hostAddr ip="v6">2001:DB8:0::1</domain:hostAddr></domain:hostAttr></domain:ns>'
)
_FULL = f'<domain:period unit="y">2</domain:period>{_HOSTS}{_OWNER}{_ADMIN.format("admin-1")}'


def _update(name: str, *, add: str = "", rem: str = "", chg: str = "") -> str:
    parts = [
        f"<domain:{tag}>{body}</domain:{tag}>"
        for tag, body in (("add", add), ("rem", rem), ("chg", chg))
        if body
    ]
    return on_domain("update", name, "".join(parts))


def _status(name: str) -> str:
    return f'<domain:status s="{name}"/>'


@pytest.fixture
async def registry(start: Start) -> SandboxRegistry:
    """A registry that makes the hosts that a domain names; where they must be there, `test_hosts` tells."""
    return await start(rules=Rules(make_hosts=True))


@pytest.fixture
async def owner(client: RawClient) -> RawClient:
    """Registrar A with two contacts."""
    await client.succeed(contact_create("owner-1"))
    await client.succeed(contact_create("admin-1"))
    return client


async def test_a_domain_is_read_back_as_it_was_created(start: Start, connect: Connect) -> None:
    registry = await start(clock=lambda: datetime(2024, 2, 29, 12, tzinfo=UTC), rules=Rules(make_hosts=True))
    async with connect(registry) as client:
        await client.login()
        await client.succeed(contact_create("owner-1"))
        await client.succeed(contact_create("admin-1"))
        created = await client.succeed(domain_create("A.test", _FULL))
        assert created.all("//domain:creData/*") == [
            "a.test",
            "2024-02-29T12:00:00.000Z",
            "2026-02-28T12:00:00.000Z",
        ]
        read = await client.succeed(on_domain("info", "a.test"))
    assert read.all("//domain:infData/*/text()") == [
        *("a.test", "D1-SANDBOX", "owner-1", "admin-1", "ns.a.test", "registrar-a", "registrar-a"),
        *("2024-02-29T12:00:00.000Z", "2026-02-28T12:00:00.000Z"),
    ]
    assert read.all("//domain:contact/@type") == ["admin"]
    assert read.all("//domain:hostObj") == ["ns1.dns.example", "ns.a.test"]
    assert read.all("//domain:status/@s") == ["ok"]
    assert read.all("//domain:pw") == ["domain-secret"]


@pytest.mark.parametrize(
    ("hosts", "tags"), [("all", ["ns", "host"]), ("del", ["ns"]), ("sub", ["host"]), ("none", [])]
)
async def test_info_shows_the_hosts_asked_for(owner: RawClient, hosts: str, tags: list[str]) -> None:
    await owner.succeed(domain_create("a.test", _FULL))
    verb = on_domain("info", "a.test").replace("<domain:name", f'<domain:name hosts="{hosts}"')
    assert (await owner.succeed(verb)).names("//domain:ns | //domain:host") == tags


async def test_name_servers_may_be_attributes(owner: RawClient) -> None:
    await owner.succeed(domain_create("a.test", _ATTRIBUTES + _OWNER))
    read = await owner.succeed(on_domain("info", "a.test"))
    assert read.all("//domain:hostName") == ["ns.a.test"]
    assert read.all("//domain:hostAddr") == ["192.0.2.1", "2001:db8::1"]
    assert read.all("//domain:hostAddr/@ip") == ["v4", "v6"]
    assert (await owner.command(_update("a.test", add=_HOSTS))).code == 2306


async def test_a_check_tells_free_from_taken_and_foreign(owner: RawClient) -> None:
    await owner.succeed(domain_create("a.test"))
    names = "".join(
        f"<domain:name>{name}</domain:name>" for name in ("a.test", "b.test", "b.co.test", "a.other")
    )
    reply = await owner.succeed(f"<check><domain:check>{names}</domain:check></check>")
    assert reply.all("//domain:name/@avail") == ["0", "1", "1", "0"]
    assert reply.all("//domain:reason") == ["In use", "Not in a zone of this registry"]


@pytest.mark.parametrize(
    ("name", "parts", "code"),
    [
        ("a.test", _OWNER, 2302),
        ("b.other", _OWNER, 2306),
        ("c.b.test", _OWNER, 2306),
        ("b.test", "", 2003),
        ("b.test", _ADMIN.format("admin-1"), 2003),
        ("b.full", _OWNER, 2003),
        ("b.test", _OWNER.replace("owner-1", "owner-9"), 2303),
        ("b.test", _OWNER + _ADMIN.format("admin-9"), 2303),
        ("b.test", _OWNER.replace("owner-1", "foreign-1"), 2201),
        ("b.test", '<domain:period unit="y">11</domain:period>' + _OWNER, 2306),
        ("b.thin", _OWNER, 2306),
        ("b.test", _ns(*(f"ns{number}.a.b" for number in range(14))) + _OWNER, 2306),
    ],
)
async def test_a_domain_that_must_not_be_is_refused_and_leaves_nothing(
    owner: RawClient, stranger: RawClient, name: str, parts: str, code: int
) -> None:
    await stranger.succeed(contact_create("foreign-1"))
    await owner.succeed(domain_create("a.test"))
    reply = await owner.command(domain_create(name, parts))
    assert reply.code == code, reply.message
    if name != "a.test":
        assert (await owner.command(on_domain("info", name))).code == 2303
    hosts = await owner.succeed("<check><host:check><host:name>ns1.a.b</host:name></host:check></check>")
    assert hosts.all("//host:name/@avail") == ["1"]


async def test_a_suffix_of_the_minimum_model_takes_domains_without_contacts(client: RawClient) -> None:
    await client.succeed(domain_create("a.thin", ""))
    read = await client.succeed(on_domain("info", "a.thin"))
    assert read.all("//domain:registrant | //domain:contact") == []


async def test_one_update_replaces_registrant_contacts_and_name_servers(owner: RawClient) -> None:
    await owner.succeed(domain_create("a.test", _FULL))
    for handle in ("proxy-1", "proxy-2"):
        await owner.succeed(contact_create(handle))
    await owner.succeed(
        _update(
            "a.test",
            add=_ns("ns2.dns.example") + _ADMIN.format("proxy-2") + _status("clientTransferProhibited"),
            rem=_ns("ns1.dns.example") + _ADMIN.format("admin-1"),
            chg="<domain:registrant>proxy-1</domain:registrant><domain:authInfo><domain:pw>new</domain:pw></domain:authInfo>",
        )
    )
    read = await owner.succeed(on_domain("info", "a.test"))
    assert read.all("//domain:registrant | //domain:contact") == ["proxy-1", "proxy-2"]
    assert read.all("//domain:hostObj") == ["ns.a.test", "ns2.dns.example"]
    assert read.all("//domain:status/@s") == ["clientTransferProhibited"]
    assert read.all("//domain:pw") == ["new"]
    assert read.all("//domain:upID") == ["registrar-a"]


@pytest.mark.parametrize(
    ("verb", "code"),
    [
        (_update("b.test", chg=_OWNER), 2303),
        (_update("a.test", add=_ADMIN.format("admin-9")), 2303),
        (_update("a.test", add=_ADMIN.format("admin-1")), 2306),
        (_update("a.test", rem=_ADMIN.format("owner-1")), 2306),
        (_update("a.test", add=_HOSTS), 2306),
        (_update("a.test", rem=_ATTRIBUTES.replace("ns.a.test", "ns9.a.test")), 2306),
        (_update("a.test", chg="<domain:registrant/>"), 2003),
        (_update("a.test", chg="<domain:registrant>owner-9</domain:registrant>"), 2303),
        (_update("a.test", add=_status("serverHold")), 2306),
        (_update("a.test", rem=_status("clientHold")), 2306),
        (_update("a.test", add=_ADMIN.format("owner-1") + _ADMIN.format("admin-9")), 2303),
    ],
)
async def test_an_update_that_must_not_be_is_refused_and_changes_nothing(
    owner: RawClient, verb: str, code: int
) -> None:
    await owner.succeed(domain_create("a.test", _FULL))
    before = await owner.succeed(on_domain("info", "a.test"))
    reply = await owner.command(verb)
    assert reply.code == code, reply.message
    after = await owner.succeed(on_domain("info", "a.test"))
    assert after.all("//domain:infData//*") == before.all("//domain:infData//*")


async def test_an_authorization_can_be_taken_away(owner: RawClient, stranger: RawClient) -> None:
    await owner.succeed(domain_create("a.test"))
    await owner.succeed(_update("a.test", chg="<domain:authInfo><domain:null/></domain:authInfo>"))
    assert (await owner.succeed(on_domain("info", "a.test"))).all("//domain:pw") == []
    shown = "<domain:authInfo><domain:pw></domain:pw></domain:authInfo>"
    assert (await stranger.command(on_domain("info", "a.test", shown))).code == 2202


async def test_another_registrars_domain_is_closed_without_its_authorization(
    owner: RawClient, stranger: RawClient
) -> None:
    await owner.succeed(domain_create("a.test"))
    for verb in (
        on_domain("info", "a.test"),
        on_domain("delete", "a.test"),
        _update("a.test", add=_status("clientHold")),
        on_domain("renew", "a.test", "<domain:curExpDate>2026-01-01</domain:curExpDate>"),
    ):
        assert (await stranger.command(verb)).code == 2201
    shown = "<domain:authInfo><domain:pw>{}</domain:pw></domain:authInfo>"
    assert (await stranger.command(on_domain("info", "a.test", shown.format("guess")))).code == 2202
    read = await stranger.succeed(on_domain("info", "a.test", shown.format("domain-secret")))
    assert read.all("//domain:pw") == []


@pytest.mark.parametrize("status", ["serverUpdateProhibited", "pendingTransfer", "pendingUpdate"])
async def test_a_status_of_the_registry_prohibits_an_update(
    registry: SandboxRegistry, owner: RawClient, status: str
) -> None:
    await owner.succeed(domain_create("a.test"))
    await registry.set_statuses("a.test", add=[status])
    assert (await owner.command(_update("a.test", add=_status("clientHold")))).code == 2304
    await registry.set_statuses("a.test", remove=[status])
    await owner.succeed(_update("a.test", add=_status("clientHold")))


async def test_a_client_unlocks_its_own_lock(owner: RawClient) -> None:
    await owner.succeed(domain_create("a.test"))
    lock = _status("clientUpdateProhibited")
    await owner.succeed(_update("a.test", add=lock + _status("clientDeleteProhibited")))
    assert (await owner.command(_update("a.test", add=_status("clientHold")))).code == 2304
    assert (await owner.command(on_domain("delete", "a.test"))).code == 2304
    await owner.succeed(_update("a.test", rem=lock + _status("clientDeleteProhibited")))
    await owner.succeed(on_domain("delete", "a.test"))


async def test_a_deleted_domain_frees_its_name_and_its_contacts(owner: RawClient) -> None:
    await owner.succeed(domain_create("a.test", _FULL))
    await owner.succeed(on_domain("delete", "a.test"))
    assert (await owner.command(on_domain("info", "a.test"))).code == 2303
    await owner.succeed(domain_create("a.test", _FULL))


async def test_a_domain_whose_host_serves_another_stays(owner: RawClient) -> None:
    await owner.succeed(domain_create("a.test", _FULL))
    await owner.succeed(domain_create("b.test", _FULL))
    assert (await owner.command(on_domain("delete", "a.test"))).code == 2305
    await owner.succeed(on_domain("delete", "b.test"))
    await owner.succeed(on_domain("delete", "a.test"))


async def test_a_renewal_adds_years_once(start: Start, connect: Connect) -> None:
    registry = await start(clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))
    async with connect(registry) as client:
        await client.login()
        await client.succeed(contact_create("owner-1"))
        await client.succeed(domain_create("a.test"))
        period = '<domain:period unit="y">2</domain:period>'
        renewal = on_domain("renew", "a.test", f"<domain:curExpDate>2027-03-01</domain:curExpDate>{period}")
        renewed = await client.succeed(renewal)
        assert renewed.all("//domain:exDate") == ["2029-03-01T00:00:00.000Z"]
        assert (await client.command(renewal)).code == 2306
        too_far = on_domain(
            "renew", "a.test", "<domain:curExpDate>2029-03-01</domain:curExpDate>" + period.replace("2", "8")
        )
        assert (await client.command(too_far)).code == 2306


async def test_a_host_comes_into_being_with_the_domain_that_names_it(
    owner: RawClient, stranger: RawClient
) -> None:
    info = "<info><host:info><host:name>NS1.dns.example</host:name></host:info></info>"
    assert (await owner.command(info)).code == 2303
    await owner.succeed(domain_create("a.test", _FULL))
    read = await stranger.succeed(info)
    assert read.all("//host:infData/host:name") == ["ns1.dns.example"]
    assert read.all("//host:status/@s") == ["ok", "linked"]
    await owner.succeed(on_domain("delete", "a.test"))
    assert (await stranger.succeed(info)).all("//host:status/@s") == ["ok"]


async def test_messages_are_read_in_order_and_gone_when_acknowledged(
    registry: SandboxRegistry, client: RawClient, stranger: RawClient
) -> None:
    assert (await client.command('<poll op="req"/>')).code == 1300
    for text in ("first", "second"):
        await registry.queue_message("registrar-a", text)
    for text, waiting in (("first", "2"), ("second", "1")):
        await client.command('<poll op="req"/>')
        message = await client.command('<poll op="req"/>')
        assert message.code == 1301
        assert message.all("//epp:msgQ/epp:msg") == [text]
        assert message.all("//epp:msgQ/@count") == [waiting]
        identifier = message.all("//epp:msgQ/@id")[0]
        assert (await stranger.command(f'<poll op="ack" msgID="{identifier}"/>')).code == 2303
        acknowledged = await client.succeed(f'<poll op="ack" msgID="{identifier}"/>')
        # RFC 5730 2.9.2.3: the message that was acknowledged, and the number of those that are left.
        assert acknowledged.all("//epp:msgQ/@id") == [identifier]
        assert acknowledged.all("//epp:msgQ/@count") == [str(int(waiting) - 1)]
        assert (await client.command(f'<poll op="ack" msgID="{identifier}"/>')).code == 2303
    assert (await client.command('<poll op="req"/>')).code == 1300


async def test_the_counter_of_the_registry_knows_its_accounts_and_domains(registry: SandboxRegistry) -> None:
    with pytest.raises(KeyError):
        await registry.queue_message("nobody", "text")
    with pytest.raises(ValueError, match="XML"):
        await registry.queue_message("registrar-a", "\x00")
    with pytest.raises(KeyError):
        await registry.set_statuses("a.test", add=["serverHold"])
