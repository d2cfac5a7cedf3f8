import hashlib
import hmac
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from registries.public_addresses import PublicResolver, is_public, may_be_called
from tests.whoisproxy.services.world import RDDS_ONLY, World
from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.services.events import DELIVER
from whoisproxy.services.outbox_worker import OutboxWorker, RetryPolicy, WorkerSettings
from whoisproxy.services.webhooks import SIGNATURE, WebhookDelivery, Webhooks


class Receiver:
    """A registrar's backend that takes webhooks, or does not."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.answers: list[int] = []

    async def take(self, request: web.Request) -> web.Response:
        self.taken.append((request.headers[SIGNATURE], await request.read()))
        status = self.answers.pop(0) if self.answers else 204
        headers = {"Location": "/elsewhere"} if status == 302 else {}
        return web.Response(status=status, headers=headers)


@pytest.fixture
async def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def url(receiver: Receiver) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    async with TestServer(app) as server:
        yield str(server.make_url("/hook"))


@pytest.fixture
async def delivery(world: World) -> AsyncIterator[OutboxWorker]:
    handler = WebhookDelivery(world.storage, world.clock, allow_private=True)
    settings = WorkerSettings(retry=RetryPolicy(attempts=3))
    yield OutboxWorker(world.storage, {DELIVER: handler}, "hooks", world.clock, settings, lambda: 0.0)
    await handler.close()


async def test_an_event_is_delivered_signed_and_can_be_verified(
    world: World, receiver: Receiver, url: str, delivery: OutboxWorker
) -> None:
    webhook = await Webhooks(world.storage, world.clock, allow_private=True).add(world.registrar, url)
    await world.register(RDDS_ONLY)
    await delivery.run_due()
    [(signed, body)] = receiver.taken
    stamp, digest = (part.partition("=")[2] for part in signed.split(","))
    wanted = hmac.new(webhook.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert (int(stamp), digest) == (int(world.clock().timestamp()), wanted)
    event = json.loads(body)
    assert (event["type"], event["domain"]) == ("domain.created", "zoe-studio.com")


@pytest.mark.parametrize("answer", [500, 302, 404])
async def test_a_delivery_that_was_not_taken_comes_again(
    world: World, receiver: Receiver, url: str, delivery: OutboxWorker, answer: int
) -> None:
    await Webhooks(world.storage, world.clock, allow_private=True).add(world.registrar, url)
    receiver.answers = [answer]
    await world.register(RDDS_ONLY)
    await delivery.run_due()
    world.clock.pass_by(minutes=1)
    await delivery.run_due()
    first, second = receiver.taken
    assert first[1] == second[1]
    assert first[0] != second[0]


async def test_what_was_given_up_can_be_replayed(
    world: World, receiver: Receiver, url: str, delivery: OutboxWorker
) -> None:
    webhooks = Webhooks(world.storage, world.clock, allow_private=True)
    webhook = await webhooks.add(world.registrar, url)
    receiver.answers = [500, 500, 500]
    await world.register(RDDS_ONLY)
    for _ in range(4):
        await delivery.run_due()
        world.clock.pass_by(hours=1)
    assert len(receiver.taken) == 3
    sequence = json.loads(receiver.taken[0][1])["sequence"]
    await webhooks.replay(world.registrar, webhook.id, sequence)
    await delivery.run_due()
    assert receiver.taken[3][1] == receiver.taken[0][1]
    with pytest.raises(NotFound):
        await webhooks.replay(world.registrar, webhook.id, sequence + 99)


async def test_a_backend_that_is_away_loses_nothing(
    world: World, delivery: OutboxWorker, unused_tcp_port: int
) -> None:
    gone = f"http://127.0.0.1:{unused_tcp_port}/hook"
    await Webhooks(world.storage, world.clock, allow_private=True).add(world.registrar, gone)
    await world.register(RDDS_ONLY)
    assert await delivery.run_due() == 1
    world.clock.pass_by(minutes=1)
    assert await delivery.run_due() == 1


async def test_a_removed_webhook_is_called_no_more(
    world: World, receiver: Receiver, url: str, delivery: OutboxWorker
) -> None:
    webhooks = Webhooks(world.storage, world.clock, allow_private=True)
    webhook = await webhooks.add(world.registrar, url)
    await world.register(RDDS_ONLY)
    await webhooks.remove(world.registrar, webhook.id)
    await delivery.run_due()
    assert receiver.taken == []


async def test_another_registrars_webhook_is_not_found_and_not_called(
    world: World, receiver: Receiver, url: str, delivery: OutboxWorker
) -> None:
    webhooks = Webhooks(world.storage, world.clock, allow_private=True)
    other = await world.accounts.add_registrar("Other", "https://other.example")
    webhook = await webhooks.add(other, url)
    await world.register(RDDS_ONLY)
    await delivery.run_due()
    assert receiver.taken == []
    assert await webhooks.list(world.registrar) == ()
    with pytest.raises(NotFound):
        await webhooks.remove(world.registrar, webhook.id)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "https://user@example.com/",
        "https:///nothing",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest",
        "http://localhost/",
        "https://example.com/#part",
    ],
)
async def test_a_url_that_reaches_inside_is_refused(world: World, url: str) -> None:
    with pytest.raises(InvalidInput, match="url"):
        await Webhooks(world.storage, world.clock).add(world.registrar, url)


async def test_a_name_with_a_private_address_is_refused_when_it_is_looked_up() -> None:
    resolver = PublicResolver(allow_private=False)
    for host in ("localhost", "127.1", "2130706433"):
        with pytest.raises(OSError, match="not public"):
            await resolver.resolve(host, 80)
    await resolver.close()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("192.0.2.1", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("fe80::1%eth0", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("nonsense", False),
        ("9.9.9.9", True),
        ("2620:fe::fe", True),
    ],
)
def test_public_means_reachable_by_anybody(address: str, public: bool) -> None:  # noqa: FBT001 - a table
    assert is_public(address) is public


def test_names_are_judged_when_they_are_looked_up() -> None:
    assert may_be_called(URL("https://hooks.example.com/"), allow_private=False)
