"""The crash test's judge finds each broken promise; one that finds nothing would prove nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bench.installation import mailbox_of
from registries.sandbox.records import JournalEntry, Sighting
from tests.journeys.crash.verdict import Event, Evidence, judge, shown_late

DOMAIN = "crash-0.org"
SHOWN = f"Registrant Email: {mailbox_of(DOMAIN)}\n"
HIDDEN = "Registrant Email: x7@relay.localhost\n"
START = datetime(2026, 11, 24, 9, tzinfo=UTC)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def event(second: float, kind: str) -> Event:
    return Event(f"privacy.{kind}", DOMAIN, at(second))


def sighting(second: int, text: str) -> Sighting:
    return Sighting(second, at(second), DOMAIN, text)


def applied(second: int, command: str, name: str, transaction: str | None = None) -> JournalEntry:
    return JournalEntry(
        second,
        at(second),
        "registrar-1",
        command,
        name,
        transaction or f"c-{second}",
        f"s-{second}",
        1000,
        changed=True,
    )


ON_AND_OFF = (event(1, "enabling"), event(4, "enabled"), event(6, "disabling"), event(9, "disabled"))
SEEN = (sighting(3, HIDDEN), sighting(7, SHOWN))
CLEAN = Evidence(
    wanted={DOMAIN: False},
    states={DOMAIN: "disabled"},
    shown={DOMAIN: SHOWN},
    journal=(
        applied(2, "contact:create", "P1"),
        applied(3, "domain:update", DOMAIN),
        applied(7, "domain:update", DOMAIN),
    ),
    sightings=SEEN,
    events=ON_AND_OFF,
    unlinked=(),
)


def broken(evidence: Evidence) -> list[str]:
    return [promise for promise, lines in judge(evidence).items() if lines]


def test_a_clean_course_breaks_nothing() -> None:
    assert broken(CLEAN) == []


@pytest.mark.parametrize(
    "seen",
    [
        # Between confirmation and the next wish.
        (SEEN[0], sighting(5, SHOWN)),
        # Confirmed, yet shown as before.
        (sighting(3, SHOWN), SEEN[1]),
        # Confirmed, and nothing had been done.
        SEEN[1:],
    ],
)
def test_a_registrant_shown_while_confirmed_hidden_is_found(seen: Sequence[Sighting]) -> None:
    assert broken(replace(CLEAN, sightings=seen)) == ["registrant shown though privacy was published"]


def test_a_registrant_shown_after_the_last_confirmation_is_found() -> None:
    evidence = replace(
        CLEAN,
        wanted={DOMAIN: True},
        states={DOMAIN: "enabled"},
        shown={DOMAIN: HIDDEN},
        events=ON_AND_OFF[:2],
        sightings=(*SEEN, sighting(8, HIDDEN)),
    )
    assert "registrant shown though privacy was published" in broken(evidence)


def test_states_that_are_not_wanted_are_found_on_either_side() -> None:
    evidence = replace(CLEAN, wanted={DOMAIN: True})
    assert broken(evidence) == [
        "service is not in the wanted state",
        "registry is not in the wanted state",
    ]
    assert broken(replace(CLEAN, shown={DOMAIN: HIDDEN})) == ["registry is not in the wanted state"]
    assert broken(replace(CLEAN, shown={})) == ["registry is not in the wanted state"]


def test_another_domains_registrant_is_found() -> None:
    mixed = sighting(7, f"Registrant Email: {mailbox_of('crash-1.org')}\n")
    assert broken(replace(CLEAN, sightings=(SEEN[0], mixed))) == ["registrant of another domain shown"]


@pytest.mark.parametrize(
    "again",
    [
        applied(8, "contact:create", "P1"),
        applied(8, "contact:delete", "P1", "c-2"),
    ],
)
def test_what_took_effect_twice_is_found(again: JournalEntry) -> None:
    evidence = replace(CLEAN, journal=(*CLEAN.journal, again))
    assert broken(evidence) == ["command applied twice with effect"]
    assert broken(replace(evidence, journal=(*CLEAN.journal, replace(again, changed=False)))) == []


def test_a_domain_that_changed_more_often_than_it_was_switched_is_found() -> None:
    seen = (*SEEN, sighting(8, HIDDEN), sighting(9, SHOWN))
    assert broken(replace(CLEAN, sightings=seen)) == ["command applied twice with effect"]


def test_leftovers_and_alarms_are_found() -> None:
    assert broken(replace(CLEAN, unlinked=("P1",))) == ["contact that no domain uses"]
    assert broken(replace(CLEAN, events=(*ON_AND_OFF, event(9.5, "leak_risk")))) == [
        "switch failed or gave an alarm"
    ]


def test_a_wish_to_hide_that_was_overtaken_is_counted_apart() -> None:
    events = (
        event(1, "enabling"),
        event(4, "enabled"),
        event(5, "disabling"),
        event(6, "enabling"),
        event(9, "enabled"),
    )
    evidence = replace(
        CLEAN,
        wanted={DOMAIN: True},
        states={DOMAIN: "enabled"},
        shown={DOMAIN: HIDDEN},
        events=events,
        sightings=(*SEEN, sighting(8, HIDDEN)),
        journal=(*CLEAN.journal, applied(8, "domain:update", DOMAIN)),
    )
    assert broken(evidence) == []
    assert shown_late(evidence) == 1
