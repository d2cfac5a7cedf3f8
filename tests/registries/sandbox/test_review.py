"""Commands that the registry decides on later: 1001, a pending status, then panData in the poll queue."""

from datetime import UTC, datetime, timedelta

import pytest

from registries.sandbox.review import TRANSFORMS
from registries.sandbox.server import SandboxRegistry
from registries.sandbox.settings import Quirk, Rules
from tests.registries.sandbox.conftest import Connect, Start
from tests.registries.sandbox.wire import (
    RawClient,
    Reply,
    contact_create,
    contact_update,
    domain_create,
    domain_update,
    on_contact,
    on_domain,
    on_host,
)

_EMAIL = "<contact:chg><contact:email>new@home.example</contact:email></contact:chg>"
_HOLD = '<domain:status s="clientHold"/>'


@pytest.fixture
async def registry(start: Start) -> SandboxRegistry:
    """A registry that decides when it is told."""
    return await start(rules=Rules(reviewed=TRANSFORMS, review_s=None))


@pytest.fixture
async def owner(registry: SandboxRegistry, client: RawClient) -> RawClient:
    """Registrar A with a contact and the domain a.test, both decided on and acknowledged."""
    for verb, kind, key in (
        (contact_create("owner-1"), "contact", "owner-1"),
        (domain_create("a.test"), "domain", "a.test"),
    ):
        assert (await client.command(verb)).code == 1001
        await registry.decide(key, approve=True, kind=kind)
        assert _told(await _take_message(client)) == (key, True)
    return client


async def _take_message(session: RawClient) -> Reply:
    message = await session.command('<poll op="req"/>')
    assert message.code == 1301, message.message
    await session.succeed(f'<poll op="ack" msgID="{message.all("//epp:msgQ/@id")[0]}"/>')
    return message


def _told(message: Reply) -> tuple[str, bool]:
    """Return the object of a panData and whether the command was carried out."""
    [(object_id, result)] = zip(
        message.all("//*[local-name()='panData']/*[1]"), message.all("//@paResult"), strict=True
    )
    return object_id, result == "1"


async def test_a_new_object_waits_with_its_data_and_is_not_published(
    registry: SandboxRegistry, owner: RawClient
) -> None:
    created = await owner.command(domain_create("b.test"))
    assert created.code == 1001
    assert created.all("//domain:creData/domain:name") == ["b.test"]
    read = await owner.succeed(on_domain("info", "b.test"))
    assert read.all("//domain:status/@s") == ["pendingCreate", "inactive"]
    assert await registry.published("b.test") is None
    assert (await owner.command(on_domain("delete", "b.test"))).code == 2304
    await registry.decide("b.test", approve=True)
    assert await registry.published("b.test") is not None


async def test_the_message_says_which_command_was_meant(registry: SandboxRegistry, owner: RawClient) -> None:
    answer = await owner.command(contact_update("owner-1", _EMAIL), "client-update-7")
    await registry.decide("owner-1", approve=True, kind="contact")
    message = await _take_message(owner)
    assert message.all("//contact:paTRID/epp:clTRID") == ["client-update-7"]
    assert message.all("//contact:paTRID/epp:svTRID") == answer.all("//epp:trID/epp:svTRID")
    assert message.all("//epp:msgQ/epp:msg") == ["Pending contact:update completed"]


async def test_an_update_is_carried_out_when_it_is_approved(
    registry: SandboxRegistry, owner: RawClient
) -> None:
    before = await owner.succeed(on_contact("info", "owner-1"))
    assert (await owner.command(contact_update("owner-1", _EMAIL))).code == 1001
    waiting = await owner.succeed(on_contact("info", "owner-1"))
    assert waiting.all("//contact:status/@s") == ["pendingUpdate", "linked"]
    assert waiting.all("//contact:email") == before.all("//contact:email")
    assert (await owner.command(contact_update("owner-1", _EMAIL))).code == 2304
    await registry.decide("owner-1", approve=True, kind="contact")
    after = await owner.succeed(on_contact("info", "owner-1"))
    assert after.all("//contact:email") == ["new@home.example"]
    assert after.all("//contact:status/@s") == ["ok", "linked"]


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        (domain_update("a.test", add=_HOLD), "pendingUpdate"),
        (on_domain("delete", "a.test"), "pendingDelete"),
    ],
)
async def test_what_is_refused_leaves_the_object_as_it_was(
    registry: SandboxRegistry, owner: RawClient, verb: str, status: str
) -> None:
    before = await owner.succeed(on_domain("info", "a.test"))
    assert (await owner.command(verb)).code == 1001
    waiting = await owner.succeed(on_domain("info", "a.test"))
    assert waiting.all("//domain:status/@s") == [status, "inactive"]
    await registry.decide("a.test", approve=False)
    assert _told(await _take_message(owner)) == ("a.test", False)
    after = await owner.succeed(on_domain("info", "a.test"))
    assert after.all("//domain:infData//*") == before.all("//domain:infData//*")
    assert after.all("//domain:status/@s") == before.all("//domain:status/@s")


async def test_a_refused_create_takes_the_object_away(registry: SandboxRegistry, owner: RawClient) -> None:
    assert (await owner.command(on_host("create", "ns1.a.test"))).code == 1001
    named = "<domain:ns><domain:hostObj>ns1.a.test</domain:hostObj></domain:ns>"
    assert (await owner.command(domain_update("a.test", add=named))).code == 2304
    await registry.decide("ns1.a.test", approve=False, kind="host")
    assert _told(await _take_message(owner)) == ("ns1.a.test", False)
    assert (await owner.command(on_host("info", "ns1.a.test"))).code == 2303


async def test_an_approved_delete_and_renewal_are_carried_out(
    registry: SandboxRegistry, owner: RawClient
) -> None:
    expires = (await owner.succeed(on_domain("info", "a.test"))).all("//domain:exDate")[0]
    renewal = on_domain("renew", "a.test", f"<domain:curExpDate>{expires[:10]}</domain:curExpDate>")
    renewed = await owner.command(renewal)
    assert renewed.code == 1001
    assert (await owner.succeed(on_domain("info", "a.test"))).all("//domain:exDate") == [expires]
    await registry.decide("a.test", approve=True)
    after = await owner.succeed(on_domain("info", "a.test"))
    assert after.all("//domain:exDate") == renewed.all("//domain:renData/domain:exDate")
    await owner.command(on_domain("delete", "a.test"))
    await registry.decide("a.test", approve=True)
    assert (await owner.command(on_domain("info", "a.test"))).code == 2303


async def test_what_could_not_be_done_at_once_is_refused_at_once(owner: RawClient) -> None:
    assert (await owner.command(domain_create("a.test"))).code == 2302
    assert (await owner.command(on_contact("delete", "owner-1"))).code == 2305
    assert (await owner.command('<poll op="req"/>')).code == 1300


async def test_what_has_become_impossible_since_is_refused_by_the_message(
    registry: SandboxRegistry, owner: RawClient, stranger: RawClient
) -> None:
    await owner.command(on_host("create", "ns.dns.example"))
    await registry.decide("ns.dns.example", approve=True, kind="host")
    await _take_message(owner)
    assert (
        await owner.command(
            on_host("update", "ns.dns.example", "<host:chg><host:name>ns.b.example</host:name></host:chg>")
        )
    ).code == 1001
    await stranger.command(on_host("create", "ns.b.example"))
    await registry.decide("ns.dns.example", approve=True, kind="host")
    assert _told(await _take_message(owner)) == ("ns.dns.example", False)


async def test_a_lock_that_is_taken_away_does_not_wait(registry: SandboxRegistry, owner: RawClient) -> None:
    """PendingUpdate cannot stand beside clientUpdateProhibited (RFC 5731 2.3)."""
    await registry.set_statuses("a.test", add=["clientUpdateProhibited"])
    await owner.succeed(domain_update("a.test", rem='<domain:status s="clientUpdateProhibited"/>'))


async def test_a_delete_that_waits_is_a_time_of_redemption(start: Start, connect: Connect) -> None:
    now = [datetime(2026, 3, 1, tzinfo=UTC)]
    rules = Rules(reviewed=frozenset({"domain:delete"}), review_s=30 * 86400.0)
    registry = await start(clock=lambda: now[0], rules=rules)
    async with connect(registry) as client:
        await client.login()
        await client.succeed(contact_create("owner-1"))
        await client.succeed(domain_create("a.test"))
        assert (await client.command(on_domain("delete", "a.test"))).code == 1001
        now[0] += timedelta(days=29)
        assert await registry.published("a.test") is not None
        now[0] += timedelta(days=1)
        assert await registry.published("a.test") is None
        assert _told(await _take_message(client)) == ("a.test", True)


@pytest.mark.parametrize("quirk", [Quirk.PENDING, Quirk.PENDING_REFUSED])
async def test_by_a_quirk_every_transform_waits_until_the_next_look(
    start: Start, connect: Connect, quirk: Quirk
) -> None:
    registry = await start(quirks=[quirk])
    approved = quirk is Quirk.PENDING
    async with connect(registry) as client:
        await client.login()
        assert (await client.command(contact_create("owner-1"))).code == 1001
        assert _told(await _take_message(client)) == ("owner-1", approved)
        assert (await client.command(on_contact("info", "owner-1"))).code == (1000 if approved else 2303)


async def test_only_what_transforms_can_be_reviewed(start: Start) -> None:
    with pytest.raises(ValueError, match="domain:update"):
        await start(rules=Rules(reviewed=frozenset({"domain:info"})))
