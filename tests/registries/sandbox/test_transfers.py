"""Transfers of domains and contacts (RFC 5730 2.9.3.4): who may do what, what it changes, who is told."""

from datetime import UTC, datetime, timedelta

import pytest

from registries.sandbox.server import SandboxRegistry
from registries.sandbox.settings import Rules
from tests.registries.sandbox.conftest import Start
from tests.registries.sandbox.wire import (
    RawClient,
    Reply,
    contact_create,
    domain_create,
    domain_update,
    on_contact,
    on_domain,
    on_host,
    transfer,
)

_REQUEST = transfer("request", "domain", "a.test", secret="domain-secret")
_REQUEST_CONTACT = transfer("request", "contact", "owner-1", secret="contact-secret")
_START = datetime(2026, 3, 1, tzinfo=UTC)


class _Clock:
    def __init__(self) -> None:
        self.now = _START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
async def registry(start: Start, clock: _Clock) -> SandboxRegistry:
    return await start(clock=clock, rules=Rules(transfer_s=86400.0))


@pytest.fixture
async def owner(client: RawClient) -> RawClient:
    """Registrar A with a contact and the domain a.test, which expires on 2027-03-01."""
    await client.succeed(contact_create("owner-1"))
    await client.succeed(domain_create("a.test"))
    return client


async def _take_message(session: RawClient) -> Reply:
    message = await session.command('<poll op="req"/>')
    assert message.code == 1301, message.message
    await session.succeed(f'<poll op="ack" msgID="{message.all("//epp:msgQ/@id")[0]}"/>')
    return message


async def _has_no_message(session: RawClient) -> bool:
    return (await session.command('<poll op="req"/>')).code == 1300


async def test_a_requested_transfer_is_pending_and_its_sponsor_is_told(
    owner: RawClient, stranger: RawClient
) -> None:
    requested = await stranger.command(_REQUEST)
    assert requested.code == 1001
    told = [
        *("a.test", "pending", "registrar-b", "2026-03-01T00:00:00.000Z"),
        *("registrar-a", "2026-03-02T00:00:00.000Z", "2028-03-01T00:00:00.000Z"),
    ]
    assert requested.all("//domain:trnData/*") == told
    message = await _take_message(owner)
    assert message.all("//domain:trnData/*") == told
    assert message.all("//epp:msgQ/epp:msg") == ["Transfer requested"]
    assert await _has_no_message(stranger)
    for session in (owner, stranger):
        asked = await session.succeed(transfer("query", "domain", "a.test"))
        assert asked.all("//domain:trnData/*") == told
    read = await owner.succeed(on_domain("info", "a.test"))
    assert read.all("//domain:status/@s") == ["pendingTransfer", "inactive"]


async def test_an_approved_transfer_hands_over_and_renews(owner: RawClient, stranger: RawClient) -> None:
    await owner.succeed(on_host("create", "ns1.a.test"))
    await stranger.command(_REQUEST)
    moving = await owner.succeed(on_host("info", "ns1.a.test"))
    assert moving.all("//host:status/@s") == ["pendingTransfer"]
    approved = await owner.succeed(transfer("approve", "domain", "a.test"))
    assert approved.all("//domain:trStatus | //domain:exDate") == [
        "clientApproved",
        "2028-03-01T00:00:00.000Z",
    ]
    message = await _take_message(stranger)
    assert message.all("//domain:trStatus") == ["clientApproved"]
    read = await stranger.succeed(on_domain("info", "a.test"))
    assert read.all("//domain:clID | //domain:crID") == ["registrar-b", "registrar-a"]
    assert read.all("//domain:trDate") == ["2026-03-01T00:00:00.000Z"]
    assert read.all("//domain:exDate") == ["2028-03-01T00:00:00.000Z"]
    assert read.all("//domain:status/@s") == ["inactive"]
    assert (await owner.command(on_domain("info", "a.test"))).code == 2201
    host = await stranger.succeed(on_host("info", "ns1.a.test"))
    assert host.all("//host:clID | //host:trDate") == ["registrar-b", "2026-03-01T00:00:00.000Z"]


@pytest.mark.parametrize(
    ("operation", "status"), [("reject", "clientRejected"), ("cancel", "clientCancelled")]
)
async def test_a_transfer_that_is_rejected_or_cancelled_changes_nothing(
    owner: RawClient, stranger: RawClient, operation: str, status: str
) -> None:
    before = await owner.succeed(on_domain("info", "a.test"))
    await stranger.command(_REQUEST)
    await _take_message(owner)
    actor, told = (owner, stranger) if operation == "reject" else (stranger, owner)
    ended = await actor.succeed(transfer(operation, "domain", "a.test"))
    assert ended.all("//domain:trStatus") == [status]
    assert (await _take_message(told)).all("//domain:trStatus") == [status]
    assert await _has_no_message(actor)
    after = await owner.succeed(on_domain("info", "a.test"))
    assert after.all("//domain:infData//*") == before.all("//domain:infData//*")
    assert (await owner.succeed(transfer("query", "domain", "a.test"))).all("//domain:trStatus") == [status]
    assert (await stranger.command(_REQUEST)).code == 1001


async def test_a_contact_is_transferred_too(owner: RawClient, stranger: RawClient) -> None:
    requested = await stranger.command(_REQUEST_CONTACT)
    assert requested.code == 1001
    assert requested.all("//contact:trnData/*")[:3] == ["owner-1", "pending", "registrar-b"]
    read = await owner.succeed(on_contact("info", "owner-1"))
    assert read.all("//contact:status/@s") == ["pendingTransfer", "linked"]
    await owner.succeed(transfer("approve", "contact", "owner-1"))
    assert (await _take_message(stranger)).all("//contact:trStatus") == ["clientApproved"]
    read = await stranger.succeed(on_contact("info", "owner-1"))
    assert read.all("//contact:clID | //contact:trDate") == ["registrar-b", "2026-03-01T00:00:00.000Z"]


async def test_what_nobody_answers_is_approved_by_the_clock(
    owner: RawClient, stranger: RawClient, clock: _Clock
) -> None:
    await stranger.command(_REQUEST)
    await _take_message(owner)
    clock.now += timedelta(days=1, seconds=-1)
    assert (await owner.succeed(transfer("query", "domain", "a.test"))).all("//domain:trStatus") == [
        "pending"
    ]
    clock.now += timedelta(seconds=1)
    for session in (owner, stranger):
        assert (await _take_message(session)).all("//domain:trStatus") == ["serverApproved"]
    await stranger.succeed(on_domain("info", "a.test"))


@pytest.mark.parametrize("status", ["serverApproved", "serverCancelled"])
async def test_the_registry_decides_and_tells_both_sides(
    registry: SandboxRegistry, owner: RawClient, stranger: RawClient, status: str
) -> None:
    await stranger.command(_REQUEST)
    await _take_message(owner)
    await registry.decide("a.test", approve=status == "serverApproved")
    for session in (owner, stranger):
        assert (await _take_message(session)).all("//domain:trStatus") == [status]
    with pytest.raises(KeyError):
        await registry.decide("a.test", approve=True)


@pytest.mark.parametrize(
    ("verb", "code"),
    [
        (transfer("request", "domain", "b.test", secret="domain-secret"), 2303),
        (transfer("request", "domain", "a.test"), 2003),
        (transfer("request", "domain", "a.test", secret="guess"), 2202),
        (transfer("query", "domain", "a.test"), 2201),
        (transfer("query", "domain", "a.test", secret="domain-secret"), 2301),
        (transfer("approve", "domain", "a.test"), 2201),
        (transfer("reject", "domain", "a.test"), 2201),
        (transfer("cancel", "domain", "a.test"), 2301),
        (transfer("request", "contact", "owner-1", secret="guess"), 2202),
        (transfer("query", "contact", "owner-2"), 2303),
    ],
)
async def test_a_transfer_that_must_not_be_is_refused(
    owner: RawClient, stranger: RawClient, verb: str, code: int
) -> None:
    reply = await stranger.command(verb)
    assert reply.code == code, reply.message
    assert await _has_no_message(owner)


async def test_the_sponsor_asks_for_nothing_and_only_the_requester_cancels(
    owner: RawClient, stranger: RawClient
) -> None:
    assert (await owner.command(_REQUEST)).code == 2106
    for operation in ("approve", "reject"):
        assert (await owner.command(transfer(operation, "domain", "a.test"))).code == 2301
    await stranger.command(_REQUEST)
    assert (await owner.command(transfer("cancel", "domain", "a.test"))).code == 2201
    assert (await stranger.command(transfer("approve", "domain", "a.test"))).code == 2201


async def test_a_pending_transfer_stands_against_everything_else(
    owner: RawClient, stranger: RawClient
) -> None:
    await stranger.command(_REQUEST)
    assert (await stranger.command(_REQUEST)).code == 2300
    for verb in (
        domain_update("a.test", add='<domain:status s="clientHold"/>'),
        on_domain("delete", "a.test"),
        on_domain("renew", "a.test", "<domain:curExpDate>2027-03-01</domain:curExpDate>"),
    ):
        assert (await owner.command(verb)).code == 2304


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("status", ["clientTransferProhibited", "serverTransferProhibited"])
async def test_a_lock_stands_against_a_transfer(
    registry: SandboxRegistry, stranger: RawClient, status: str
) -> None:
    await registry.set_statuses("a.test", add=[status])
    await registry.set_statuses("owner-1", add=[status], kind="contact")
    for verb in (_REQUEST, _REQUEST_CONTACT):
        assert (await stranger.command(verb)).code == 2304


@pytest.mark.parametrize(("years", "expires"), [(3, "2030-03-01"), (9, "2036-03-01")])
async def test_a_request_may_say_by_how_much_it_prolongs(
    owner: RawClient, stranger: RawClient, years: int, expires: str
) -> None:
    period = f'<domain:period unit="y">{years}</domain:period>'
    await stranger.command(transfer("request", "domain", "a.test", secret="domain-secret", period=period))
    approved = await owner.succeed(transfer("approve", "domain", "a.test"))
    assert approved.all("//domain:exDate") == [f"{expires}T00:00:00.000Z"]


async def test_a_transfer_prolongs_no_further_than_a_domain_may_be_registered(
    owner: RawClient, stranger: RawClient
) -> None:
    period = '<domain:period unit="y">10</domain:period>'
    too_far = transfer("request", "domain", "a.test", secret="domain-secret", period=period)
    assert (await stranger.command(too_far)).code == 2306
    nine_years = "<domain:curExpDate>2027-03-01</domain:curExpDate>" + period.replace("10", "9")
    await owner.succeed(on_domain("renew", "a.test", nine_years))
    assert (await stranger.command(_REQUEST)).all("//domain:exDate") == ["2036-03-01T00:00:00.000Z"]


async def test_a_new_domain_of_an_old_name_has_no_transfers(owner: RawClient, stranger: RawClient) -> None:
    await stranger.command(_REQUEST)
    await owner.succeed(transfer("reject", "domain", "a.test"))
    await owner.succeed(on_domain("delete", "a.test"))
    await owner.succeed(domain_create("a.test"))
    assert (await owner.command(transfer("query", "domain", "a.test"))).code == 2301
