"""Judge what a crash test left behind: pure functions of what registry and service have written down.

The registry's journal is the witness: the service may err about itself, the registry's directory is what the
world saw. Times of both come from one machine's clock. They are compared on the safe side: privacy counts as
published from the service's confirmation, which follows the reading back, until the next wish to be shown,
which precedes any command that serves it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TypeVar

from bench.installation import mailbox_of
from registries.sandbox.records import JournalEntry, Sighting
from whoisproxy.demo.cast import traces_in

_FOR_EVER = datetime.max.replace(tzinfo=UTC)
_MAILBOX = re.compile(r"[\w.+-]+@home\.example")
_STATES = {True: "enabled", False: "disabled"}


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the service about a domain; `kind` such as `privacy.enabled`."""

    kind: str
    domain: str
    at: datetime


_ItemT = TypeVar("_ItemT", Event, Sighting)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is judged.

    Attributes:
        wanted: The last wish of each domain's owner that the service acknowledged.
        states: Each domain's privacy as the service tells it in the end.
        shown: The registry's public entry of each domain in the end.
        unlinked: Contacts in the end that no domain uses.
    """

    wanted: Mapping[str, bool]
    states: Mapping[str, str]
    shown: Mapping[str, str]
    journal: Sequence[JournalEntry]
    sightings: Sequence[Sighting]
    events: Sequence[Event]
    unlinked: Sequence[str]


def judge(evidence: Evidence) -> dict[str, list[str]]:
    """Return for each promise what breaks it; nothing anywhere is what we want."""
    return {
        "service is not in the wanted state": list(_wrong_at_service(evidence)),
        "registry is not in the wanted state": list(_wrong_at_registry(evidence)),
        "registrant shown though privacy was published": list(_exposed(evidence)),
        "registrant of another domain shown": list(_mixed_up(evidence.sightings)),
        "contact that no domain uses": list(evidence.unlinked),
        "command applied twice with effect": list(_repeated(evidence)),
        "switch failed or gave an alarm": list(_alarms(evidence.events)),
    }


def shown_late(evidence: Evidence) -> int:
    """Return how often a wish to be hidden overtook a change under way, which then showed the registrant.

    That breaks no promise: the service had not confirmed yet. It is told because the owner sees it.
    """
    hiding = {
        domain: list(_periods(events, "privacy.enabling", "privacy.enabled"))
        for domain, events in _by_domain(evidence.events).items()
    }
    return sum(
        bool(traces_in(now.text)) and not traces_in(before.text) and _within(now.at, hiding.get(domain, []))
        for domain, seen in _by_domain(evidence.sightings).items()
        for before, now in pairwise(seen)
    )


def _wrong_at_service(evidence: Evidence) -> Iterator[str]:
    for domain, wanted in evidence.wanted.items():
        if evidence.states.get(domain) != _STATES[wanted]:
            yield f"{domain} is {evidence.states.get(domain)}, {_STATES[wanted]} is wanted"


def _wrong_at_registry(evidence: Evidence) -> Iterator[str]:
    for domain, wanted in evidence.wanted.items():
        text = evidence.shown.get(domain, "")
        right = not traces_in(text) if wanted else mailbox_of(domain) in text
        if not text or not right:
            yield f"{domain} should {'hide' if wanted else 'show'} its registrant"


def _exposed(evidence: Evidence) -> Iterator[str]:
    sightings = _by_domain(evidence.sightings)
    for domain, events in _by_domain(evidence.events).items():
        for begin, end in _periods(events, "privacy.enabled", "privacy.disabling"):
            seen = sightings.get(domain, [])
            before = [sighting for sighting in seen if sighting.at <= begin][-1:]
            during = [sighting for sighting in seen if begin < sighting.at < end]
            if not before:
                yield f"{domain} confirmed hidden at {begin}, and no command had changed anything"
            for sighting in before + during:
                if traces_in(sighting.text):
                    yield f"{domain} from command {sighting.sequence} on, confirmed hidden at {begin}"


def _mixed_up(sightings: Iterable[Sighting]) -> Iterator[str]:
    for sighting in sightings:
        if set(_MAILBOX.findall(sighting.text)) - {mailbox_of(sighting.domain)}:
            yield f"{sighting.domain} from command {sighting.sequence} on"


def _repeated(evidence: Evidence) -> Iterator[str]:
    applied = [entry for entry in evidence.journal if entry.changed]
    transactions = Counter(entry.client_transaction for entry in applied)
    yield from (f"clTRID {name}, {count} times" for name, count in transactions.items() if count > 1)
    creations = Counter(entry.object_id for entry in applied if entry.command == "contact:create")
    yield from (f"contact:create {name}, {count} times" for name, count in creations.items() if count > 1)
    # One operation changes what is shown of its domain once; more changes mean that one did it twice.
    operations = Counter(
        event.domain for event in evidence.events if event.kind in {"privacy.enabling", "privacy.disabling"}
    )
    changes = Counter(sighting.domain for sighting in evidence.sightings)
    for domain, count in changes.items():
        if count > operations[domain]:
            yield f"{domain} changed {count} times for {operations[domain]} operations"


def _alarms(events: Iterable[Event]) -> Iterator[str]:
    for event in events:
        if event.kind in {"privacy.failed", "privacy.leak_risk"}:
            yield f"{event.kind} {event.domain} at {event.at}"


def _by_domain(items: Iterable[_ItemT]) -> dict[str, list[_ItemT]]:
    found: dict[str, list[_ItemT]] = {}
    for item in items:
        found.setdefault(item.domain, []).append(item)
    return found


def _periods(events: Iterable[Event], begins: str, ends: str) -> Iterator[tuple[datetime, datetime]]:
    """Yield the times between an event of one kind and the next of the other; the last may be open."""
    begin: datetime | None = None
    for event in events:
        if event.kind == begins and begin is None:
            begin = event.at
        elif event.kind == ends and begin is not None:
            yield begin, event.at
            begin = None
    if begin is not None:
        yield begin, _FOR_EVER


def _within(at: datetime, periods: Iterable[tuple[datetime, datetime]]) -> bool:
    return any(begin < at < end for begin, end in periods)
