"""The queue: durable, leased, sealed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailrelay.queue.entry import Direction, NewMessage, NoteOfVerdict, State
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from tests.mailrelay.conftest import Clock
from tests.mailrelay.world import OwnerKeys
from whoisproxy.storage.engine import open_engine

LEASE = timedelta(minutes=1)


@pytest.fixture
async def site(database_url: str, tmp_path: Path) -> AsyncIterator[QueueSite]:
    """Where the queue is, once with SQLite and once with PostgreSQL."""
    engine = open_engine(database_url)
    yield QueueSite(engine, tmp_path / "mail")
    await engine.dispose()


@pytest.fixture
def keys() -> OwnerKeys:
    return OwnerKeys()


@pytest.fixture
async def store(site: QueueSite, keys: OwnerKeys, clock: Clock) -> AsyncIterator[QueueStore]:
    async with open_queue(site, keys, clock) as store:
        yield store


def letter(text: str = "Subject: hello\r\n\r\nsecret text\r\n", relay_id: str = "relay_1") -> NewMessage:
    return NewMessage(
        direction=Direction.FORWARD,
        owner_id="reg_1",
        relay_id=relay_id,
        recipient="abc@relay.example",
        reverse_path="ada.buyer@offers.example",
        raw=text.encode(),
        size_octets=len(text),
        verdicts=(NoteOfVerdict("content-score", "tag", "score"),),
        authentication="relay.example; spf=pass smtp.mailfrom=offers.example",
        proven=True,
        thread_ids=("<1@offers.example>",),
    )


async def test_what_is_queued_comes_back_whole_and_only_once(store: QueueStore) -> None:
    [message_id] = await store.enqueue([letter()])

    [claimed] = await store.claim("one", LEASE, 10)
    assert await store.claim("two", LEASE, 10) == []
    assert claimed.id == message_id
    assert (claimed.raw, claimed.reverse_path) == (letter().raw, "ada.buyer@offers.example")
    assert claimed.verdicts == letter().verdicts
    assert claimed.attempts == 0


async def test_concurrent_workers_never_get_the_same_message(store: QueueStore) -> None:
    ids = await store.enqueue([letter() for _ in range(20)])

    claims = await asyncio.gather(*(store.claim(f"worker-{n}", LEASE, 3) for n in range(8)))

    got = [message.id for claim in claims for message in claim]
    assert sorted(got) == sorted(ids)


async def test_a_dead_workers_message_is_taken_over_and_it_cannot_speak_for_it_any_more(
    store: QueueStore, clock: Clock
) -> None:
    [message_id] = await store.enqueue([letter()])
    await store.claim("dead", LEASE, 1)
    clock.advance(61)

    [taken] = await store.claim("alive", LEASE, 1)

    assert (taken.id, taken.attempts) == (message_id, 1)
    assert await store.delivered("dead", message_id) is False
    assert await store.delivered("alive", message_id) is True


async def test_a_heartbeat_keeps_the_lease(store: QueueStore, clock: Clock) -> None:
    [message_id] = await store.enqueue([letter()])
    await store.claim("slow", LEASE, 1)
    clock.advance(50)
    await store.heartbeat("slow", [message_id], LEASE)
    clock.advance(50)

    assert await store.claim("other", LEASE, 1) == []


async def test_a_deferred_message_is_not_due_before_its_time(store: QueueStore, clock: Clock) -> None:
    [message_id] = await store.enqueue([letter()])
    await store.claim("w", LEASE, 1)
    await store.deferred("w", message_id, "deferred-451", clock() + timedelta(minutes=5))

    assert await store.claim("w", LEASE, 1) == []
    clock.advance(301)
    assert [one.attempts for one in await store.claim("w", LEASE, 1)] == [1]


async def test_a_bounce_and_its_report_are_one_step(store: QueueStore) -> None:
    [message_id] = await store.enqueue([letter()])
    await store.claim("w", LEASE, 1)
    report = NewMessage(Direction.DSN, "reg_1", "relay_1", "ada.buyer@offers.example", "", b"x", 1)

    assert await store.bounced("gone", message_id, "refused-550", [report]) is False
    assert await store.claim("w", LEASE, 5) == []
    assert await store.bounced("w", message_id, "refused-550", [report]) is True
    assert [one.direction for one in await store.claim("w", LEASE, 5)] == [Direction.DSN]


async def test_quarantined_mail_waits_for_a_word_and_is_released_or_discarded(store: QueueStore) -> None:
    released, discarded = await store.enqueue([letter(), letter()], State.QUARANTINED)
    assert await store.claim("w", LEASE, 5) == []

    assert await store.release(released) is True
    assert await store.discard(discarded) is True
    assert await store.release(discarded) is False

    assert [one.id for one in await store.claim("w", LEASE, 5)] == [released]


async def test_refused_mail_is_listed_with_its_reason_and_without_its_body(store: QueueStore) -> None:
    [refused] = await store.record_rejected([letter()])

    [record] = await store.of_relay(["relay_1"], 10)
    assert (record.id, record.state, record.sender) == (refused, State.REJECTED, "ada.buyer@offers.example")
    assert record.verdicts == letter().verdicts
    assert await store.claim("w", LEASE, 5) == []


async def test_the_list_is_paged_newest_first(store: QueueStore, clock: Clock) -> None:
    ids = []
    for _ in range(5):
        ids += await store.enqueue([letter()])
        clock.advance(1)
    await store.enqueue([letter(relay_id="relay_2")])

    first = await store.of_relay(["relay_1"], 3)
    rest = await store.of_relay(["relay_1"], 3, after=first[-1].id)
    assert [one.id for one in first + rest] == ids[::-1]


async def test_nothing_of_a_message_stands_in_the_database_files(
    sqlite_url: str, tmp_path: Path, keys: OwnerKeys, clock: Clock
) -> None:
    engine = open_engine(sqlite_url)
    async with open_queue(QueueSite(engine, tmp_path / "mail"), keys, clock) as store:
        await store.enqueue([letter()])
        content = b"".join(one.read_bytes() for one in tmp_path.iterdir() if one.is_file())
        modes = {one.stat().st_mode & 0o777 for one in tmp_path.glob("mail-*")}
    await engine.dispose()
    assert modes == {0o600}

    assert b"relay_1" in content
    for secret in (b"secret text", b"ada.buyer", b"offers.example", b"abc@relay.example"):
        assert secret not in content


async def test_what_an_erased_owner_left_is_thrown_away_unread(store: QueueStore, keys: OwnerKeys) -> None:
    [message_id] = await store.enqueue([letter()])
    keys.erased.add("reg_1")

    assert await store.claim("w", LEASE, 1) == []

    record = await store.get(message_id)
    assert record is not None
    assert (record.state, record.sender) == (State.DISCARDED, "")


async def test_a_conversation_knows_the_ids_that_its_correspondents_used(store: QueueStore) -> None:
    await store.enqueue([letter()])
    await store.enqueue([letter()])

    asked = ["<1@offers.example>", "<2@home.example>"]
    assert await store.known_thread_ids("relay_1", asked) == {"<1@offers.example>"}
    assert await store.known_thread_ids("relay_2", asked) == set()


async def test_old_ends_are_forgotten_and_waiting_mail_is_not(store: QueueStore, clock: Clock) -> None:
    await store.record_rejected([letter()])
    [waiting] = await store.enqueue([letter()])
    clock.advance(3600)

    assert await store.purge(clock()) == 1
    assert await store.get(waiting) is not None
    assert await store.depth() == {State.QUEUED: 1}
