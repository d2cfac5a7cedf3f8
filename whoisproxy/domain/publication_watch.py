"""The watch over what the public sees of hidden domains: when to look, and what a look makes of it.

Pure functions of values. A domain is looked at in two places, each for itself: in our own RDAP and WHOIS as a
stranger reaches them, and in the registry's with the registrar's to which they refer.

    never looked at -> clean | leak | unknown, and from each to each

The registrar is told once: of a leak, of one that stays whatever is done, of a long time in which nothing
could be said, and that all is clean again. No data is never clean.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from registries.lookup.verdict import Finding, Verdict


class Place(StrEnum):
    """Where the public looks."""

    OWN = "own"  # our own RDAP and WHOIS
    REGISTRY = "registry"  # the registry's, and the registrar's to which they refer


class Told(StrEnum):
    """What the registrar was told last."""

    NOTHING = ""
    LEAK = "leak"
    STAYS = "stays"
    UNKNOWN = "unknown"


class Occasion(StrEnum):
    """Why the registrar is told; the types of the events."""

    LEAK = "publication.leak"
    LEAK_STAYS = "publication.leak_stays"
    UNKNOWN = "publication.unknown"
    CLEAN_AGAIN = "publication.clean_again"


@dataclass(frozen=True, slots=True)
class Watch:
    """How one place is watched for one domain.

    Attributes:
        lane: Whose pace the looks keep to: the servers that are asked together.
        changed_at: When last something changed that the public is to see.
        due_at: When to look next; None while an operation is on the way to the registry.
        soon: Whether it goes before looks that are only due by the calendar.
        claims: Grows with every claim and every change: the number tells a claim from every other.
        verdict: Of the last look; None before the first.
        since: When this verdict began.
        looks: How often in succession it was this verdict.
        clean_at: When it was last seen clean.
        repairs: How often the wanted state was brought to the registry anew for the sake of this leak.
    """

    domain_id: str
    place: Place
    lane: str
    changed_at: datetime
    due_at: datetime | None
    soon: bool
    claims: int = 0
    verdict: Verdict | None = None
    since: datetime | None = None
    looks: int = 0
    looked_at: datetime | None = None
    clean_at: datetime | None = None
    told: Told = Told.NOTHING
    repairs: int = 0
    repaired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one server showed of a domain: its history in a row.

    Attributes:
        source: `rdap` or `whois`.
        server: `host:port`.
        referred: Whether another directory led there: a registry's leads to its registrar's.
        finding: Of the last look.
        since: When it was first found so.
        looks: How often in succession it was found so.
        clean_at: When this server last showed nothing of the registrant.
    """

    place: Place
    source: str
    server: str
    referred: bool
    finding: Finding
    since: datetime
    looks: int
    first_seen_at: datetime
    seen_at: datetime
    clean_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often to look.

    Attributes:
        every: From look to look once things have settled; a quarter more or less by chance.
        settle: How long a registry takes to publish; what shows of the registrant until then is no alarm.
    """

    every: timedelta = timedelta(days=7)
    settle: timedelta = timedelta(minutes=15)


AFTER_CHANGE = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
    timedelta(days=1),
)
"""When to look after a change; then by the rhythm."""

# How long to wait before the first, second and third repair of one leak; there is no fourth.
_REPAIR_AFTER = (timedelta(0), timedelta(hours=2), timedelta(days=1))
_LEAK_AGAIN = timedelta(hours=6)
_FIRST_UNKNOWN_AGAIN = timedelta(minutes=15)
_MOST_DOUBLINGS = 16
_STAYS_AFTER = timedelta(days=2)
_UNKNOWN_TOO_LONG = timedelta(days=3)


def changed(  # noqa: PLR0913 - a change, and what spreads the looks at many
    watch: Watch, lane: str, at: datetime, *, paused: bool, rhythm: Rhythm, now: datetime, chance: float
) -> Watch:
    """Return the watch after a change of what the public is to see: a claim of before counts no more.

    Args:
        watch: As it was, or a new one.
        lane: In which it is looked at from now on.
        at: When the change was made; one of long ago, as before there was a watch, is looked at by the
            calendar.
        paused: Whether there is nothing to look at until the next change.
        rhythm: How often to look.
        now: When this is planned.
        chance: From 0 to 1.
    """
    due_at, soon = at + AFTER_CHANGE[0], True
    if now > at + AFTER_CHANGE[-1]:
        due_at, soon = now + rhythm.every * chance, False
    return replace(
        watch,
        lane=lane,
        changed_at=at,
        due_at=None if paused else due_at,
        soon=soon,
        claims=watch.claims + 1,
    )


def looked(
    watch: Watch, verdict: Verdict, rhythm: Rhythm, now: datetime, chance: float
) -> tuple[Watch, Occasion | None]:
    """Return the watch after a look, and why the registrar is to be told, if he is.

    Args:
        watch: As it was.
        verdict: What the look has shown.
        rhythm: How often to look.
        now: When the look ended.
        chance: From 0 to 1; spreads what is due by the calendar.
    """
    same = verdict is watch.verdict
    seen = replace(
        watch,
        verdict=verdict,
        since=watch.since if same else now,
        looks=watch.looks + 1 if same else 1,
        looked_at=now,
        clean_at=now if verdict is Verdict.CLEAN else watch.clean_at,
    )
    occasion, told = _telling(seen, rhythm, now)
    due_at, soon = next_look(seen, rhythm, now, chance)
    clean = verdict is Verdict.CLEAN
    return (
        replace(
            seen,
            told=told,
            due_at=due_at,
            soon=soon,
            repairs=0 if clean else seen.repairs,
            repaired_at=None if clean else seen.repaired_at,
        ),
        occasion,
    )


def next_look(watch: Watch, rhythm: Rhythm, now: datetime, chance: float) -> tuple[datetime, bool]:
    """Return when to look again after a look at `now`, and whether that goes before others.

    What could not be seen is looked at again before its time, each time later: a server that is away must
    not be asked by all its domains at once when it is back, so these wait in line with the others.
    """
    after = next((watch.changed_at + wait for wait in AFTER_CHANGE if watch.changed_at + wait > now), None)
    spread = 0.75 + chance / 2
    usual = after or now + rhythm.every * spread
    if watch.verdict is Verdict.LEAK and (again := now + _LEAK_AGAIN * spread) < usual:
        return again, True
    if watch.verdict is Verdict.UNKNOWN:
        pause = _FIRST_UNKNOWN_AGAIN * (1 << min(watch.looks - 1, _MOST_DOUBLINGS))
        if (again := now + min(pause, rhythm.every) * spread) < usual:
            return again, False
    return usual, after is not None


def is_alarm(watch: Watch, rhythm: Rhythm, now: datetime) -> bool:
    """Whether what shows of the registrant is an alarm: our own servers show a change at once."""
    settle = rhythm.settle if watch.place is Place.REGISTRY else timedelta(0)
    return watch.verdict is Verdict.LEAK and now >= watch.changed_at + settle


def repair_is_due(watch: Watch, rhythm: Rhythm, now: datetime) -> bool:
    """Whether the wanted state should be brought to the registry once more."""
    if watch.place is not Place.REGISTRY or not is_alarm(watch, rhythm, now):
        return False
    if watch.repairs == len(_REPAIR_AFTER):
        return False
    return watch.repaired_at is None or now >= watch.repaired_at + _REPAIR_AFTER[watch.repairs]


def repaired(watch: Watch, now: datetime) -> Watch:
    """Return the watch with one more repair begun."""
    return replace(watch, repairs=watch.repairs + 1, repaired_at=now)


def seen_again(before: Sighting | None, now_seen: Sighting) -> Sighting:
    """Return what a server showed, with what is known of it from before."""
    if before is None:
        return now_seen
    same = before.finding == now_seen.finding
    return replace(
        now_seen,
        since=before.since if same else now_seen.since,
        looks=before.looks + 1 if same else 1,
        first_seen_at=before.first_seen_at,
        clean_at=now_seen.clean_at or before.clean_at,
    )


def _telling(watch: Watch, rhythm: Rhythm, now: datetime) -> tuple[Occasion | None, Told]:
    """Return why the registrar is to be told, and what he has been told then."""
    told, since = watch.told, watch.since or now
    match watch.verdict:
        case Verdict.CLEAN:
            return (Occasion.CLEAN_AGAIN if told else None), Told.NOTHING
        case Verdict.LEAK if is_alarm(watch, rhythm, now):
            if told not in {Told.LEAK, Told.STAYS}:
                return Occasion.LEAK, Told.LEAK
            tried = watch.repairs == len(_REPAIR_AFTER)
            if told is Told.LEAK and (tried or now >= since + _STAYS_AFTER):
                return Occasion.LEAK_STAYS, Told.STAYS
        case Verdict.UNKNOWN if not told and now >= since + _UNKNOWN_TOO_LONG:
            return Occasion.UNKNOWN, Told.UNKNOWN
    return None, told
