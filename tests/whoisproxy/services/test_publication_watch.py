"""Hidden domains are looked at with a stranger's eyes: on time, without a leak being missed or told twice."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import select, text

from registries.errors import RegistryUnavailable
from registries.lookup.verdict import Doubt, Verdict
from tests.whoisproxy.services.callback_world import PublicSide
from tests.whoisproxy.services.watch_world import HOLDER, WatchWorld, watch_world
from tests.whoisproxy.services.world import (
    FLAGGED,
    RDDS_ONLY,
    REGISTRANT,
    RELAY_EMAIL,
    SPEC,
    SUBSTITUTED,
    renamed,
)
from whoisproxy.domain.errors import DomainLocked
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.publication_watch import Place
from whoisproxy.storage.tables import publication_evidence, publication_watch
from whoisproxy.storage.unit_of_work import Storage

PROJECT = Path(__file__).parents[3]
OWN, REGISTRY = Place.OWN, Place.REGISTRY


@pytest.fixture
async def world(sqlite_storage: Storage) -> AsyncIterator[WatchWorld]:
    async with watch_world(sqlite_storage) as made:
        yield made


def secrets_in(value: object) -> list[str]:
    return [secret for secret in REGISTRANT.identity().values() if secret in str(value)]


async def verdicts(world: WatchWorld, name: DomainName) -> dict[Place, Verdict | None]:
    return {watch.place: watch.verdict for watch in (await world.seen(name)).watches}


@pytest.mark.parametrize("name", [SUBSTITUTED, RDDS_ONLY, RELAY_EMAIL, FLAGGED], ids=str)
async def test_what_shows_as_it_shall_is_clean_whatever_the_mechanism(
    world: WatchWorld, name: DomainName
) -> None:
    await world.hidden(name)
    assert await world.later(minutes=1) == 2
    seen = await world.seen(name)
    assert await verdicts(world, name) == {OWN: Verdict.CLEAN, REGISTRY: Verdict.CLEAN}
    assert [(each.place, each.source, each.finding.verdict) for each in seen.sightings] == [
        (OWN, "rdap", Verdict.CLEAN),
        (OWN, "whois", Verdict.CLEAN),
        (REGISTRY, "rdap", Verdict.CLEAN),
        (REGISTRY, "whois", Verdict.CLEAN),
    ]
    assert {each.clean_at for each in seen.sightings} == {world.clock()}
    assert seen.verdict is Verdict.CLEAN
    assert await world.told() == []


async def test_looks_are_soon_after_a_switch_then_wider_then_weekly(storage: Storage) -> None:
    """On both engines; each place is looked at for itself."""
    async with watch_world(storage) as world:
        await world.hidden(SUBSTITUTED)
        begun = world.clock()
        times: list[float] = []
        while len(times) < 9:
            due = {watch.due_at for watch in (await world.seen(SUBSTITUTED)).watches} or {begun}
            assert len(due) == 1
            [at] = due
            assert at is not None
            world.clock.now = max(at, begun)
            if await world.watcher.run_due():
                times.append((world.clock() - begun).total_seconds() / 60)
        assert times[:6] == [1, 5, 30, 120, 720, 1440]
        assert [after - before for before, after in pairwise(times[5:])] == [7 * 1440] * 3


async def test_a_leak_is_told_repaired_and_told_to_be_over(storage: Storage) -> None:
    """The whole way, on both engines."""
    async with watch_world(storage) as world:
        await world.hidden(SUBSTITUTED)
        await world.later(days=2)
        world.leak(world.public, SUBSTITUTED)
        changes = len(world.world.registry.changes)
        assert await world.later(days=8) == 2
        [leak] = await world.told()
        assert leak.type == "publication.leak"
        assert leak.domain == SUBSTITUTED.a_label
        assert leak.data["place"] == "registry"
        assert leak.data["servers"] == [
            f"rdap {world.public.rdap_url.removeprefix('http://').rstrip('/')}",
            f"whois {world.public.whois_server}",
        ]
        assert set(str(leak.data["fields"]).split("'")) >= {"name", "email", "street"}
        assert secrets_in(leak.data) == []

        assert await world.world.work() == 1
        assert len(world.world.registry.changes) == changes + 1
        operation = await world.world.operations.get(world.world.registrar, str(leak.data["operation_id"]))
        assert (operation.kind, operation.state) == ("privacy.refresh", "done")
        await world.publish(SUBSTITUTED)
        await world.later(minutes=1)
        [_, over] = await world.told()
        assert (over.type, over.data["place"]) == ("publication.clean_again", "registry")
        [_, registry] = (await world.seen(SUBSTITUTED)).watches
        assert (registry.verdict, registry.repairs, registry.clean_at) == (Verdict.CLEAN, 0, world.clock())


async def test_a_leak_that_no_repair_ends_is_repaired_three_times_and_escalated_once(
    world: WatchWorld,
) -> None:
    await world.hidden(SUBSTITUTED)
    await world.later(days=2)
    changes = len(world.world.registry.changes)
    world.leak(world.public, SUBSTITUTED)
    for _ in range(200):
        await world.later(hours=2)
        await world.world.work()
        world.leak(world.public, SUBSTITUTED)
    assert [event.type for event in await world.told()] == ["publication.leak", "publication.leak_stays"]
    assert len(world.world.registry.changes) == changes + 3
    await world.publish(SUBSTITUTED)
    await world.later(days=1)
    assert [event.type for event in await world.told()][2:] == ["publication.clean_again"]


async def test_what_a_registry_has_not_published_yet_is_no_alarm(world: WatchWorld) -> None:
    """It is noted all the same, and an alarm once the registry has had its time."""
    await world.hidden(SUBSTITUTED)
    world.leak(world.public, SUBSTITUTED)
    for minutes in (1, 4):
        await world.later(minutes=minutes)
        assert (await verdicts(world, SUBSTITUTED))[REGISTRY] is Verdict.LEAK
        assert await world.told() == []
    await world.later(minutes=25)
    assert [event.type for event in await world.told()] == ["publication.leak"]


async def test_what_our_own_servers_show_is_an_alarm_at_once_and_nothing_to_repair(world: WatchWorld) -> None:
    await world.hidden(SUBSTITUTED)
    world.leak(world.own, SUBSTITUTED)
    changes = len(world.world.registry.changes)
    await world.later(minutes=1)
    [leak] = await world.told()
    assert (leak.data["place"], leak.data["operation_id"]) == ("own", "")
    assert await world.world.work() == 0
    assert len(world.world.registry.changes) == changes


async def test_a_leak_of_one_server_is_a_leak_and_the_other_stays_clean(world: WatchWorld) -> None:
    """The history says which server was last clean, and when."""
    await world.hidden(SUBSTITUTED)
    await world.later(minutes=1)
    clean_at = world.clock()
    world.public.shown[SUBSTITUTED.a_label] |= {"tech": HOLDER["registrant"]}  # type: ignore[operator]
    await world.later(minutes=4)
    seen = await world.seen(SUBSTITUTED)
    assert seen.verdict is Verdict.LEAK
    registry = [each for each in seen.sightings if each.place is REGISTRY]
    assert {each.finding.verdict for each in registry} == {Verdict.LEAK}
    assert {each.clean_at for each in registry} == {clean_at}
    assert {each.clean_at for each in seen.sightings if each.place is OWN} == {world.clock()}


async def test_the_registrar_to_whom_a_registry_refers_is_judged_for_itself(world: WatchWorld) -> None:
    """A thin registry shows no contacts; behind it somebody shows the registrant."""
    registrar = PublicSide()
    async with registrar.listening():
        world.public.refers_to = registrar.whois_server
        await world.hidden(RDDS_ONLY)
        world.leak(registrar, RDDS_ONLY)
        await world.later(hours=1)
    seen = [each for each in (await world.seen(RDDS_ONLY)).sightings if each.place is REGISTRY]
    assert {(each.server, each.referred, each.finding.verdict) for each in seen} == {
        (world.public.rdap_url.removeprefix("http://").rstrip("/"), False, Verdict.CLEAN),
        (world.public.whois_server, False, Verdict.CLEAN),
        (registrar.whois_server, True, Verdict.LEAK),
    }
    [leak] = await world.told()
    assert leak.data["servers"] == [f"whois {registrar.whois_server}"]
    # The registry holds nothing of him: there is nothing to bring there anew.
    assert leak.data["operation_id"] == ""


async def test_what_does_not_answer_is_unknown_asked_again_with_patience_and_told_in_the_end(
    world: WatchWorld,
) -> None:
    await world.hidden(SUBSTITUTED)
    await world.later(days=2)
    world.public.away = True
    await world.later(days=8)
    [_, registry] = (await world.seen(SUBSTITUTED)).watches
    assert registry.verdict is Verdict.UNKNOWN
    waits = []
    for _ in range(6):
        assert registry.due_at is not None
        waits.append(registry.due_at - world.clock())
        world.clock.now = registry.due_at
        await world.watcher.run_due()
        [_, registry] = (await world.seen(SUBSTITUTED)).watches
    assert waits == [timedelta(minutes=15 * 2**number) for number in range(6)]
    doubts = {each.source: each.finding.doubt for each in (await world.seen(SUBSTITUTED)).sightings[2:]}
    assert doubts == {"rdap": Doubt.NO_ANSWER, "whois": Doubt.OTHER_DOMAIN}
    assert await world.told() == []
    for _ in range(10):
        await world.later(hours=16)
    assert [event.type for event in await world.told()] == ["publication.unknown"]
    world.public.away = False
    await world.later(days=8)
    assert [event.type for event in await world.told()][1:] == ["publication.clean_again"]


async def test_a_domain_that_its_directory_does_not_know_is_never_clean(world: WatchWorld) -> None:
    await world.hidden(SUBSTITUTED)
    del world.public.shown[SUBSTITUTED.a_label]
    await world.later(minutes=1)
    assert (await verdicts(world, SUBSTITUTED)) == {OWN: Verdict.CLEAN, REGISTRY: Verdict.UNKNOWN}
    assert (await world.seen(SUBSTITUTED)).verdict is Verdict.UNKNOWN


async def test_while_a_change_is_on_its_way_only_our_own_servers_are_looked_at(world: WatchWorld) -> None:
    """The registry may show either state then; we hide the registrant from the moment he wishes it."""
    await world.world.register(SUBSTITUTED)
    world.leak(world.public, SUBSTITUTED)
    world.world.registry.faults = [RegistryUnavailable("away")] * 3
    await world.world.enable(SUBSTITUTED)
    await world.world.work()
    await world.publish(SUBSTITUTED)
    world.leak(world.public, SUBSTITUTED)
    assert await world.later(minutes=1) == 1
    assert await verdicts(world, SUBSTITUTED) == {OWN: Verdict.CLEAN}


async def test_who_wishes_to_be_shown_is_watched_no_more(world: WatchWorld) -> None:
    await world.hidden(SUBSTITUTED)
    await world.later(minutes=1)
    await world.world.disable(SUBSTITUTED)
    await world.world.work()
    world.leak(world.public, SUBSTITUTED)
    world.leak(world.own, SUBSTITUTED)
    assert await world.later(days=30) == 0
    assert (await world.seen(SUBSTITUTED)).watches == ()
    assert await world.told() == []


async def test_a_domain_that_is_deleted_leaves_nothing_behind(world: WatchWorld) -> None:
    await world.hidden(SUBSTITUTED)
    world.leak(world.public, SUBSTITUTED)
    await world.later(days=2)
    await world.world.registrations.delete(world.world.registrar, SUBSTITUTED)
    await world.later(days=8)
    async with world.storage.reading() as uow:
        for table in ("watch", "sightings", "evidence", "changes"):
            count = await uow.connection.execute(text(f"SELECT count(*) FROM publication_{table}"))  # noqa: S608 - ours
            assert count.scalar() == 0, table


async def test_what_was_seen_of_a_state_that_is_over_counts_for_nothing(world: WatchWorld) -> None:
    """The owner wishes to be shown while somebody looks: that he is seen is no leak."""
    await world.hidden(SUBSTITUTED)
    world.leak(world.public, SUBSTITUTED)
    gate = world.public.gate = asyncio.Event()
    looking = asyncio.create_task(world.later(minutes=20))
    await world.public.asked.wait()
    await world.world.disable(SUBSTITUTED)
    gate.set()
    await looking
    assert await world.told() == []
    assert (await verdicts(world, SUBSTITUTED)).get(REGISTRY) is None


@pytest.mark.slow
async def test_a_look_whose_worker_is_killed_is_done_by_another_when_the_lease_ends(
    storage: Storage, database_url: str, tmp_path: Path
) -> None:
    """On both engines, by SIGKILL: the directories have been asked and have not answered."""
    async with watch_world(storage) as world:
        await world.hidden(SUBSTITUTED)
        world.public.gate = asyncio.Event()
        world.public.asked.clear()
        world.clock.pass_by(minutes=1)
        sides = [[side.rdap_url, side.whois_server] for side in (world.public, world.own)]
        asked = {"url": database_url, "keys": str(tmp_path / "keys"), "sides": sides, "minutes": 1}
        victim = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.whoisproxy.services.watching_process", json.dumps(asked), cwd=PROJECT
        )
        await world.public.asked.wait()
        victim.kill()
        await victim.wait()
        world.public.gate.set()
        await world.watcher.run_due()
        assert (await verdicts(world, SUBSTITUTED))[REGISTRY] is None
        await world.later(minutes=5)
        assert (await verdicts(world, SUBSTITUTED))[REGISTRY] is Verdict.CLEAN


async def test_all_machines_together_keep_to_the_pace_and_nothing_is_looked_at_twice(
    storage: Storage,
) -> None:
    """Six looks a minute at the registry's servers, whoever is at it; changes go before the calendar."""
    async with watch_world(storage, looks_per_minute=6) as world:
        names = [DomainName(f"zoe{number}.org") for number in range(8)]
        for name in names:
            await world.hidden(name)
        machines = [world.another_watcher() for _ in range(3)]
        world.clock.pass_by(minutes=1)
        looks = []
        for _ in range(10):
            looks.append(sum(await asyncio.gather(*(machine.run_due() for machine in machines))))
            world.clock.pass_by(seconds=10)
        # Two lanes, each with one look in ten seconds; what was saved up before counts for two seconds.
        assert looks == [2] * 8 + [0, 0]
        for name in names:
            assert [watch.looks for watch in (await world.seen(name)).watches] == [1, 1]


async def test_what_changed_goes_before_what_is_due_by_the_calendar(world: WatchWorld) -> None:
    for number in range(3):
        await world.hidden(DomainName(f"old{number}.org"))
        for minutes in (1, 4, 25, 90, 600, 720):
            await world.later(minutes=minutes)
    world.clock.pass_by(days=30)
    await world.hidden(SUBSTITUTED)
    world.clock.pass_by(minutes=1)
    seen = await world.seen(SUBSTITUTED)
    domain_id, lanes = seen.domain_id, [watch.lane for watch in seen.watches]
    async with world.storage.unit_of_work() as uow:
        for lane in lanes:
            [claimed] = await uow.publication_watch.claim(lane, 1, world.clock(), world.clock())
            assert claimed.domain_id == domain_id


async def test_evidence_is_sealed_for_a_time_and_gone_with_the_registrant(storage: Storage) -> None:
    """The raw answer of a leak names the registrant: nothing in the database does."""
    async with watch_world(storage) as world:
        await world.hidden(SUBSTITUTED)
        await world.later(days=2)
        world.leak(world.public, SUBSTITUTED)
        await world.later(days=8)
        await world.later(days=8)
        kept = await world.publications.exhibits(world.world.registrar, SUBSTITUTED)
        assert sorted((each.source, each.verdict) for each in kept) == [("rdap", "leak"), ("whois", "leak")]
        assert all(REGISTRANT.email in each.answer for each in kept)
        async with storage.reading() as uow:
            rows = (await uow.connection.execute(select(publication_evidence))).all()
        assert secrets_in([bytes(row.sealed) for row in rows] + [repr(row) for row in rows]) == []
        await world.world.registrations.put(
            world.world.registrar, SUBSTITUTED, renamed(name="Ann Other", email="ann@other.example")
        )
        assert await world.publications.exhibits(world.world.registrar, SUBSTITUTED) == []


async def test_evidence_is_purged_when_its_time_is_over(world: WatchWorld) -> None:
    await world.hidden(SUBSTITUTED)
    world.leak(world.public, SUBSTITUTED)
    await world.later(days=2)
    purged = []
    for days in (29, 2):
        world.clock.pass_by(days=days)
        async with world.storage.unit_of_work() as uow:
            purged.append(await uow.publication_history.purge(world.clock()))
    assert purged == [0, 2]


async def test_directories_that_become_known_are_asked_for_domains_of_before(world: WatchWorld) -> None:
    """Domains hidden long ago are looked at by and by, not all at once."""
    await world.world.hidden(SUBSTITUTED)
    await world.publish(SUBSTITUTED)
    async with world.storage.unit_of_work() as uow:
        await uow.connection.execute(text("DELETE FROM publication_changes"))
    world.clock.pass_by(days=100)
    assert await world.watcher.run_due() == 0
    assert {watch.due_at for watch in (await world.seen(SUBSTITUTED)).watches} == {
        world.clock() + timedelta(days=3.5)
    }
    assert await world.later(days=4) == 2


async def test_a_look_can_be_asked_for(world: WatchWorld) -> None:
    await world.hidden(SUBSTITUTED)
    await world.later(days=2)
    assert await world.later(minutes=1) == 0
    await world.publications.ask_for_look(world.world.registrar, SUBSTITUTED)
    assert await world.watcher.run_due() == 2
    await world.watcher.look_now((await world.seen(SUBSTITUTED)).domain_id)
    assert [watch.looks for watch in (await world.seen(SUBSTITUTED)).watches] == [3, 3]
    await world.world.register(RDDS_ONLY)
    with pytest.raises(DomainLocked):
        await world.publications.ask_for_look(world.world.registrar, RDDS_ONLY)


async def test_every_way_of_writing_privacy_is_noticed(storage: Storage) -> None:
    """The database itself notes the change: here a statement of somebody's own."""
    async with watch_world(storage) as world:
        await world.world.register(RDDS_ONLY)
        async with storage.unit_of_work() as uow:
            await uow.connection.execute(text("UPDATE privacy SET mail_policy = 'filter'"))
            assert not await uow.publication_watch.any_change()
            await uow.connection.execute(text("UPDATE privacy SET wanted = true"))
            assert await uow.publication_watch.any_change()


async def test_a_faulty_look_stops_no_other(world: WatchWorld) -> None:
    """The row of the one is due again when its lease ends."""
    for name in (SUBSTITUTED, RELAY_EMAIL):
        await world.hidden(name)
    async with world.storage.unit_of_work() as uow:
        await uow.connection.execute(
            text(
                "UPDATE registrants SET sealed = x'00'"
                " WHERE id = (SELECT registrant_id FROM domains WHERE name = :name)"
            ),
            {"name": SUBSTITUTED.a_label},
        )
    world.clock.pass_by(minutes=1)
    await world.watcher.run_due()
    async with world.storage.reading() as uow:
        rows = (await uow.connection.execute(select(publication_watch.c.verdict))).scalars().all()
    assert sorted(map(str, rows)) == ["None", "None", "clean", "clean"]


async def test_a_holder_who_changes_is_expected_to_be_hidden_at_once(world: WatchWorld) -> None:
    await world.hidden(SUBSTITUTED)
    await world.later(days=2)
    await world.world.register(SUBSTITUTED, replace(SPEC, registrant=replace(REGISTRANT, name="Ann Other")))
    world.public.shown[SUBSTITUTED.a_label] = {
        **world.public.shown[SUBSTITUTED.a_label],
        "billing": {**HOLDER["registrant"], "name": "Ann Other", "email": "", "phone": ""},
    }
    await world.later(days=8)
    [leak] = await world.told()
    assert "'name'" in str(leak.data["fields"])
