"""What looks make of a watch: no data is never clean, nobody is told twice, and repairs are few."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from registries.lookup.verdict import Doubt, Finding, Verdict
from whoisproxy.domain.publication_watch import (
    AFTER_CHANGE,
    Occasion,
    Place,
    Rhythm,
    Sighting,
    Told,
    Watch,
    changed,
    is_alarm,
    looked,
    repair_is_due,
    repaired,
    seen_again,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
RHYTHM = Rhythm()
NEW = Watch("dom_1", Place.REGISTRY, "lane", NOW, None, soon=True)
LATER = st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=9))
LOOKS = st.lists(st.tuples(st.sampled_from(Verdict), LATER, st.floats(0, 1)), max_size=40)


def planned(place: Place = Place.REGISTRY, at: datetime = NOW, now: datetime = NOW) -> Watch:
    fresh = Watch("dom_1", place, "lane", at, None, soon=True)
    return changed(fresh, "lane", at, paused=False, rhythm=RHYTHM, now=now, chance=0.5)


@given(LOOKS, st.sampled_from(Place))
def test_whatever_is_seen_each_story_has_a_beginning_and_an_end(
    looks: list[tuple[Verdict, timedelta, float]], place: Place
) -> None:
    """A leak is told before it stays, each at most once until all is clean again, which alone ends it."""
    watch, now, told, last = planned(place), NOW, [], Told.NOTHING
    for verdict, wait, chance in looks:
        now += wait
        watch, occasion = looked(watch, verdict, RHYTHM, now, chance)
        if repair_is_due(watch, RHYTHM, now):
            watch = repaired(watch, now)
        assert watch.verdict is verdict
        assert (watch.clean_at == now) is (verdict is Verdict.CLEAN)
        assert watch.due_at is not None
        assert now < watch.due_at <= now + RHYTHM.every * 1.25
        assert watch.repairs <= 3
        if occasion is Occasion.CLEAN_AGAIN:
            assert verdict is Verdict.CLEAN
            assert last is not Told.NOTHING
        if occasion is Occasion.LEAK_STAYS:
            assert last is Told.LEAK
        if occasion is Occasion.LEAK:
            assert last in {Told.NOTHING, Told.UNKNOWN}
        if verdict is not Verdict.CLEAN and last is not Told.NOTHING:
            assert watch.told is not Told.NOTHING
        told.append(occasion)
        last = watch.told
    assert all(
        Occasion.CLEAN_AGAIN in told[first + 1 : second]
        for first, each in enumerate(told)
        if each in {Occasion.LEAK, Occasion.LEAK_STAYS}
        for second in range(first + 1, len(told))
        if told[second] is each
    )


@given(LOOKS)
def test_what_is_not_seen_is_looked_at_before_its_time_and_never_clean(
    looks: list[tuple[Verdict, timedelta, float]],
) -> None:
    watch, now = planned(), NOW + timedelta(days=2)
    for _, wait, chance in looks:
        now += wait
        watch, _ = looked(watch, Verdict.UNKNOWN, RHYTHM, now, chance)
        assert watch.clean_at is None
        assert watch.due_at is not None
        assert watch.due_at <= now + timedelta(minutes=15) * 1.25 * 2 ** min(watch.looks - 1, 20)


def test_a_change_of_long_ago_is_looked_at_by_the_calendar() -> None:
    """As when the watch begins over domains that were hidden for years."""
    watch = planned(at=NOW - timedelta(days=400))
    assert (watch.due_at, watch.soon) == (NOW + RHYTHM.every / 2, False)


def test_a_late_look_is_followed_by_the_next_that_is_still_to_come() -> None:
    watch, _ = looked(planned(), Verdict.CLEAN, RHYTHM, NOW + timedelta(minutes=40), 0.5)
    assert watch.due_at == NOW + AFTER_CHANGE[3]


def test_a_change_makes_every_claim_of_before_void() -> None:
    before = planned()
    after = changed(before, "other", NOW, paused=True, rhythm=RHYTHM, now=NOW, chance=0.5)
    assert (after.claims, after.lane, after.due_at) == (before.claims + 1, "other", None)


def test_a_registry_has_time_to_publish_and_we_have_none() -> None:
    for place, minutes, alarm in (
        (Place.OWN, 1, True),
        (Place.REGISTRY, 14, False),
        (Place.REGISTRY, 15, True),
    ):
        now = NOW + timedelta(minutes=minutes)
        watch, occasion = looked(planned(place), Verdict.LEAK, RHYTHM, now, 0.5)
        assert is_alarm(watch, RHYTHM, now) is alarm
        assert (occasion is Occasion.LEAK) is alarm


def test_our_own_servers_are_not_repaired_by_asking_a_registry() -> None:
    watch, _ = looked(planned(Place.OWN), Verdict.LEAK, RHYTHM, NOW + timedelta(hours=1), 0.5)
    assert not repair_is_due(watch, RHYTHM, NOW + timedelta(hours=1))


def test_a_servers_history_keeps_when_it_was_first_seen_and_last_clean() -> None:
    clean, hidden = Finding(Verdict.CLEAN), Finding(Verdict.UNKNOWN, doubt=Doubt.NO_ANSWER)
    history = None
    for minutes, finding in enumerate((clean, clean, hidden, hidden, hidden)):
        at = NOW + timedelta(minutes=minutes)
        clean_at = at if finding is clean else None
        fresh = Sighting(
            Place.OWN, "rdap", "rdap.example:443", referred=False, finding=finding, since=at, looks=1,
            first_seen_at=at, seen_at=at, clean_at=clean_at,
        )  # fmt: skip
        history = seen_again(history, fresh)
    assert history is not None
    assert (history.first_seen_at, history.clean_at) == (NOW, NOW + timedelta(minutes=1))
    assert (history.since, history.looks) == (NOW + timedelta(minutes=2), 3)
    assert history.seen_at == NOW + timedelta(minutes=4)
