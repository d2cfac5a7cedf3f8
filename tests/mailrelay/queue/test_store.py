"""The queue: durable, leased, sealed."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from mailrelay.dsn_request import DsnRequest, Notify
from mailrelay.queue import work
from mailrelay.queue.entry import Direction, State
from mailrelay.queue.opening import QueueSite, open_queue
from mailrelay.queue.store import QueueStore
from tests.mailrelay.conftest import NOW, Clock
from tests.mailrelay.queue.letters import LEASE, RAW, letter, report
from tests.mailrelay.world import OwnerKeys
from whoisproxy.storage.engine import open_engine


async def test_what_is_queued_comes_back_whole_and_only_once(store: QueueStore) -> None:
    [message_id] = await store.enqueue([letter()])

    [claimed] = await store.claim("one", LEASE, 10)
    assert await store.claim("two", LEASE, 10) == []
    assert claimed.id == message_id
    assert (claimed.raw, claimed.reverse_path) == (RAW, "ada.buyer@offers.example")
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

    assert await store.bounced("gone", message_id, "refused-550", [report()]) is False
    assert await store.claim("w", LEASE, 5) == []
    assert await store.bounced("w", message_id, "refused-550", [report()]) is True
    assert [one.direction for one in await store.claim("w", LEASE, 5)] == [Direction.DSN]


async def test_quarantined_mail_waits_for_a_word_and_is_released_or_discarded(store: QueueStore) -> None:
    released, discarded = await store.enqueue([letter(), letter()], State.QUARANTINED)
    assert await store.claim("w", LEASE, 5) == []

    assert await store.release(released) is True
    assert await store.discard(discarded) is True
    assert await store.release(discarded) is False

    assert [one.id for one in await store.claim("w", LEASE, 5)] == [released]


async def test_held_mail_is_released_with_the_words_that_its_owner_lets_pass(
    store: QueueStore,
) -> None:
    [message_id] = await store.enqueue([letter()])
    for words in ((), ("Zoe", "Lefevre"), ("Zoe",)):
        await store.claim("w", LEASE, 1)
        await store.held("w", message_id, "owner-shows-in-body")
        assert await store.release(message_id, words)

    [claimed] = await store.claim("w", LEASE, 1)
    assert claimed.released == ("Zoe", "Lefevre")
    assert "Zoe" not in repr(claimed)
    place = next(iter(store._places.of_id(message_id)))
    row = await place.read(partial(work.one, message_id=message_id))
    assert row is not None
    assert b"Lefevre" not in row.envelope


async def test_what_waited_for_a_mailbox_only_counts_as_released_by_nobody(store: QueueStore) -> None:
    [message_id] = await store.enqueue([letter()])
    await store.claim("w", LEASE, 1)
    await store.undeliverable("w", message_id, "mailbox-suspect")
    assert await store.release(message_id)

    [claimed] = await store.claim("w", LEASE, 1)
    assert claimed.released is None


async def test_what_is_kept_can_be_looked_at_until_it_is_gone(store: QueueStore, keys: OwnerKeys) -> None:
    kept, waiting, discarded = [
        (await store.enqueue([letter()], state))[0]
        for state in (State.QUARANTINED, State.QUEUED, State.QUARANTINED)
    ]
    await store.discard(discarded)

    seen = await store.kept(kept)
    assert seen is not None
    assert (seen.id, seen.raw, seen.recipient) == (kept, RAW, "abc@relay.example")
    assert await store.kept(waiting) is None
    assert await store.kept(discarded) is None
    keys.erased.add("reg_1")
    assert await store.kept(kept) is None
    assert not await store.release(kept)


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


def _files(folder: Path) -> tuple[bytes, set[int]]:
    """Return what stands in the queue files, and who may read them."""
    files = list(folder.glob("mail-*"))
    return b"".join(one.read_bytes() for one in files), {one.stat().st_mode & 0o777 for one in files}


async def test_nothing_of_a_message_stands_in_the_database_files(
    sqlite_url: str, tmp_path: Path, keys: OwnerKeys, clock: Clock
) -> None:
    engine = open_engine(sqlite_url)
    async with open_queue(QueueSite(engine, tmp_path / "mail"), keys, clock) as store:
        await store.enqueue([letter()])
        content, modes = _files(tmp_path)
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
    assert await store.known_thread_ids("relay_1", "Ada.Buyer@offers.example", asked) == {
        "<1@offers.example>"
    }
    assert await store.known_thread_ids("relay_2", "ada.buyer@offers.example", asked) == set()
    assert await store.known_thread_ids("relay_1", "bo@others.example", asked) == set()


async def test_old_ends_are_forgotten_and_waiting_mail_is_not(store: QueueStore, clock: Clock) -> None:
    await store.record_rejected([letter()])
    [waiting] = await store.enqueue([letter()])
    clock.advance(3600)

    assert await store.purge(clock()) == 1
    assert await store.get(waiting) is not None
    assert await store.depth() == {State.QUEUED: 1}


async def test_protected_mail_goes_first(store: QueueStore) -> None:
    await store.enqueue([letter(), letter()])
    [protected] = await store.enqueue([letter(protected=True)])

    assert [one.id for one in await store.claim("w", LEASE, 1)] == [protected]


async def test_what_the_sender_asked_to_be_told_is_kept(store: QueueStore) -> None:
    request = DsnRequest(frozenset({Notify.DELAY}), envelope_id="envelope-1")
    [message_id] = await store.enqueue([letter(request=request)])

    [claimed] = await store.claim("w", LEASE, 1)
    record = await store.get(message_id)
    assert record is not None
    assert (claimed.request, record.request) == (request, request)


async def test_a_sender_is_told_of_a_delay_once(store: QueueStore, clock: Clock) -> None:
    [message_id] = await store.enqueue([letter()])
    await store.claim("w", LEASE, 1)
    later = clock() + timedelta(hours=4)

    assert await store.deferred("w", message_id, "refused-450", later, reports=[report()], warned=True)

    record = await store.get(message_id)
    assert record is not None
    assert (record.state, record.warned_at, record.next_attempt_at) == (State.DEFERRED, clock(), later)
    assert [one.direction for one in await store.claim("w", LEASE, 5)] == [Direction.DSN]


async def test_what_a_mailbox_refused_for_good_is_kept_until_its_owner_has_another(store: QueueStore) -> None:
    [message_id] = await store.enqueue([letter()])
    await store.claim("w", LEASE, 1)

    assert await store.undeliverable("w", message_id, "refused-550")
    assert await store.depth() == {State.UNDELIVERABLE: 1}
    assert await store.release(message_id)

    assert [one.raw for one in await store.claim("w", LEASE, 1)] == [RAW]


async def test_the_operator_holds_retries_and_drops(store: QueueStore, clock: Clock) -> None:
    held, dropped, deferred, delivering = await store.enqueue([letter() for _ in range(4)])
    assert await store.pause(held)
    assert await store.drop(dropped)
    await store.claim("w", LEASE, 5)
    await store.deferred("w", deferred, "refused-450", clock() + timedelta(hours=1))

    assert not await store.pause(delivering)
    assert not await store.drop(delivering)
    assert not await store.retry(dropped)
    assert not await store.release(held)
    assert await store.claim("w", LEASE, 5) == []
    assert await store.retry_deferred() == 1
    assert await store.retry(held)
    assert {one.id for one in await store.claim("w", LEASE, 5)} == {held, deferred}


async def test_the_trail_tells_what_happened_and_names_nobody(store: QueueStore, clock: Clock) -> None:
    [message_id] = await store.enqueue([letter()])
    await store.claim("w", LEASE, 1)
    clock.advance(1)
    await store.deferred("w", message_id, "refused-450", clock())
    await store.claim("w", LEASE, 1)
    await store.note("w", message_id, "connected-to-the-second-server")
    await store.delivered("w", message_id)

    record = await store.get(message_id)
    assert record is not None
    at = int(NOW.timestamp() * 1000)
    assert record.trail.splitlines() == [
        f"{at} queued",
        f"{at} claimed",
        f"{at + 1000} deferred refused-450",
        f"{at + 1000} claimed",
        f"{at + 1000} connected-to-the-second-server",
        f"{at + 1000} delivered",
    ]


async def test_a_later_servers_return_counts_once(store: QueueStore) -> None:
    [message_id] = await store.enqueue([letter()])
    assert not await store.failed_later(message_id, "returned", [report()])
    await store.claim("w", LEASE, 1)
    await store.delivered("w", message_id)

    assert await store.failed_later(message_id, "returned", [report()])
    assert not await store.failed_later(message_id, "returned", [report()])
    assert [one.direction for one in await store.claim("w", LEASE, 5)] == [Direction.DSN]


async def test_ids_that_an_answer_brought_are_known_once_it_is_delivered(store: QueueStore) -> None:
    [answer] = await store.enqueue([letter(direction=Direction.REPLY, thread_ids=())])
    await store.claim("w", LEASE, 1)
    new, ada = "<new@relay.example>", "ada.buyer@offers.example"
    learned = [("relay_1", ada, new)]

    assert not await store.delivered("gone", answer, learned)
    assert await store.known_thread_ids("relay_1", ada, [new]) == set()
    assert await store.delivered("w", answer, learned)
    assert await store.known_thread_ids("relay_1", ada, [new]) == {new}
    assert await store.known_thread_ids("relay_1", "bo@others.example", [new]) == set()


async def test_many_ends_are_forgotten_in_parts(store: QueueStore, clock: Clock) -> None:
    for _ in range(3):
        await store.record_rejected([letter()] * 400)
    clock.advance(3600)

    assert await store.purge(clock()) == 1200
    assert await store.search(10) == []


async def test_a_batch_in_which_one_part_is_refused_carries_out_the_rest(store: QueueStore) -> None:
    ids = await store.enqueue([letter() for _ in range(3)])
    await store.claim("w", LEASE, 3)

    outcomes = await asyncio.gather(
        store.delivered("w", ids[0]),
        store.delivered("gone", ids[1]),
        store.enqueue([letter()]),
        store.delivered("w", ids[2]),
        store.delivered("w", ids[2]),
    )

    assert [outcomes[0], outcomes[1], outcomes[3], outcomes[4]] == [True, False, True, False]
    assert await store.depth() == {State.DELIVERING: 1, State.QUEUED: 1}


async def test_an_answer_is_found_by_the_id_it_went_out_under(store: QueueStore, keys: OwnerKeys) -> None:
    ada, own = "ada.buyer@offers.example", "<1@home.example>"
    answer = letter(direction=Direction.REPLY, correspondent="", message_id=own, thread_ids=(own,))
    answers = [answer, replace(answer, message_id="", thread_ids=())]
    for number, message_id in enumerate(await store.enqueue(answers)):
        await store.claim("w", LEASE, 5)
        await store.delivered("w", message_id, [("relay_1", ada, f"<out-{number}@relay.example>")])
    out = ["<out-0@relay.example>", "<out-1@relay.example>", "<other@relay.example>"]

    assert await store.owners_ids("reg_1", "relay_1", ada, out) == {"<out-0@relay.example>": own}
    assert await store.owners_ids("reg_1", "relay_1", "bo@others.example", out) == {}
    assert await store.owners_ids("reg_2", "relay_1", ada, out) == {}
    assert await store.owners_ids("reg_1", "relay_2", ada, out) == {}
    keys.erased.add("reg_1")
    assert await store.owners_ids("reg_1", "relay_1", ada, out) == {}


async def test_what_nobody_released_in_time_goes_with_its_envelope_and_leaves_a_record(
    store: QueueStore, clock: Clock
) -> None:
    [old] = await store.enqueue([letter()], State.QUARANTINED)
    clock.advance(3600)
    [young] = await store.enqueue([letter()], State.QUARANTINED)

    assert await store.discard_unclaimed(NOW + timedelta(minutes=1)) == 1

    gone, kept = await store.get(old), await store.get(young)
    assert gone is not None
    assert kept is not None
    assert (gone.state, gone.sender, gone.recipient) == (State.DISCARDED, "", "")
    assert gone.verdicts == letter().verdicts
    assert (kept.state, kept.sender) == (State.QUARANTINED, "ada.buyer@offers.example")
    assert await store.kept(old) is None
    assert await store.release(old) is False


async def test_what_is_held_is_found_by_owner_and_time(store: QueueStore, clock: Clock) -> None:
    await store.enqueue([letter()], State.QUARANTINED)
    await store.enqueue([replace(letter(), owner_id="reg_2")], State.QUARANTINED)
    clock.advance(60)
    await store.enqueue([letter(), replace(letter(), owner_id="reg_3")])
    await store.enqueue([replace(letter(), owner_id="reg_4", direction=Direction.REPLY)], State.HELD)
    await store.enqueue([letter()], State.QUARANTINED)

    later = NOW + timedelta(seconds=60)
    assert await store.owners_of_held(NOW) == {letter().owner_id: later, "reg_2": NOW}
    assert await store.owners_of_held(later) == {letter().owner_id: later}
