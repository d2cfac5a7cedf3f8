"""Write down what a look has shown, tell the registrar, and begin the repair: in one unit of work.

A finding counts only while the claim is its worker's and the domain is what it was when the look began. The
repair is an operation like any other, so the outbox brings it to the registry, and its end plans the looks
that prove it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from prometheus_client import Counter

from registries.lookup.public import Look, Seen
from registries.lookup.verdict import Verdict
from registries.policy import Mechanism
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.operation import OperationKind
from whoisproxy.domain.publication_watch import (
    Occasion,
    Place,
    Rhythm,
    Sighting,
    Watch,
    looked,
    repair_is_due,
    repaired,
    seen_again,
)
from whoisproxy.services import work_orders
from whoisproxy.services.events import emit
from whoisproxy.services.publication_subjects import Subject, Subjects
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.publication_history import Exhibit
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()
_LOOKS = Counter(
    "whoisproxy_publication_looks", "Looks at the public directories by verdict.", ["place", "verdict"]
)
_REPAIRS = Counter("whoisproxy_publication_repairs", "Changes begun anew because of a leak.")

_HELD_BY_REGISTRY = frozenset({Mechanism.SUBSTITUTE, Mechanism.RELAY_EMAIL, Mechanism.REGISTRY_FLAG})


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """A look that has ended.

    Attributes:
        watch: As it was claimed.
        lane: In which it is looked at from now on.
        subject: As it was when the look began.
        chance: From 0 to 1.
    """

    watch: Watch
    lane: str
    subject: Subject
    look: Look
    chance: float


class _CountsNoMore(Exception):
    """The claim is lost, or the domain is no longer what was looked at: nothing may be written."""


class PublicationFindings:
    """Takes reports of looks."""

    def __init__(
        self, storage: Storage, subjects: Subjects, rhythm: Rhythm, keep: timedelta, clock: Clock
    ) -> None:
        """Create it; raw answers are kept for `keep`."""
        self._storage = storage
        self._subjects = subjects
        self._rhythm = rhythm
        self._keep = keep
        self._clock = clock

    async def write(self, report: Report) -> bool:
        """Write a report down; False where it counts no more: the look is due again when its lease ends."""
        try:
            async with self._storage.unit_of_work() as uow:
                occasion = await self._write(uow, report)
        except _CountsNoMore:
            return False
        watch, verdict = report.watch, report.look.finding.verdict
        _LOOKS.labels(watch.place, verdict).inc()
        if occasion in {Occasion.LEAK, Occasion.LEAK_STAYS}:
            _log.error("publication-leak", domain_id=watch.domain_id, place=watch.place, occasion=occasion)
        return True

    async def _write(self, uow: UnitOfWork, report: Report) -> Occasion | None:
        now, verdict = self._clock(), report.look.finding.verdict
        if await self._subjects.read(uow, report.watch.domain_id) != report.subject:
            raise _CountsNoMore
        watch, occasion = looked(report.watch, verdict, self._rhythm, now, report.chance)
        operation_id = ""
        if repair_is_due(watch, self._rhythm, now) and _can_be_repaired(report.subject):
            # First, since whoever plans holds the note of a change before the row that is watched.
            operation_id = await self._repair(uow, report.subject)
            watch = repaired(watch, now)
        if report.lane != watch.lane:
            await uow.publication_watch.open_lanes([report.lane], now)
        if not await uow.publication_watch.settle(replace(watch, lane=report.lane)):
            raise _CountsNoMore
        await self._remember(uow, report)
        if occasion is not None:
            await self._tell(uow, report, watch, occasion, operation_id)
        return occasion

    async def _remember(self, uow: UnitOfWork, report: Report) -> None:
        """Keep what each server showed, and the raw answer where its finding is a new one."""
        place, registration = report.watch.place, report.subject.registration
        before = {
            (each.source, each.server): each
            for each in await uow.publication_history.sightings(registration.id)
            if each.place is place
        }
        sightings: list[Sighting] = []
        exhibits: list[Exhibit] = []
        for seen in _worst_of_each(report.look.seen):
            known = before.get((seen.source, seen.server))
            sighting = seen_again(known, self._sighting(place, seen))
            sightings.append(sighting)
            if _is_telling(known, sighting):
                exhibits += self._exhibits(place, seen)
        await uow.publication_history.put(registration.id, sightings)
        await uow.publication_history.keep(registration.id, registration.registrant_id, exhibits)

    def _sighting(self, place: Place, seen: Seen) -> Sighting:
        now = self._clock()
        return Sighting(
            place=place,
            source=seen.source,
            server=seen.server,
            referred=seen.referred,
            # Lines count in an answer that may not be kept.
            finding=replace(seen.finding, sources=(seen.source,), hits=()),
            since=now,
            looks=1,
            first_seen_at=now,
            seen_at=now,
            clean_at=now if seen.finding.verdict is Verdict.CLEAN else None,
        )

    def _exhibits(self, place: Place, seen: Seen) -> Sequence[Exhibit]:
        if seen.document is None:
            return ()
        now = self._clock()
        return (
            Exhibit(
                id=new_id("pev", now),
                place=place,
                source=seen.source,
                server=seen.server,
                verdict=seen.finding.verdict,
                taken_at=now,
                expires_at=now + self._keep,
                answer=seen.document.raw,
            ),
        )

    async def _repair(self, uow: UnitOfWork, subject: Subject) -> str:
        """Begin to bring the wanted state to the registry anew; return the operation's id."""
        now = self._clock()
        operation = await work_orders.start(uow, subject.registration, OperationKind.REFRESH, now)
        # The change of privacy plans the next looks: they are due once the operation has ended.
        begun = replace(subject.privacy, operation_id=operation.id, updated_at=now)
        await uow.privacy.put(subject.registration.id, begun)
        _REPAIRS.inc()
        return operation.id

    async def _tell(
        self, uow: UnitOfWork, report: Report, watch: Watch, occasion: Occasion, operation_id: str
    ) -> None:
        registration, verdict = report.subject.registration, report.look.finding.verdict
        showing = [each for each in report.look.seen if each.finding.verdict is verdict]
        data: dict[str, object] = {
            "place": watch.place.value,
            "servers": [f"{each.source} {each.server}" for each in showing],
            "fields": list(report.look.finding.fields),
            "doubt": report.look.finding.doubt.value if report.look.finding.doubt else None,
            "repairs": watch.repairs,
            "operation_id": operation_id,
        }
        name = registration.name.a_label
        await emit(uow, registration.registrar_id, occasion.value, name, data, self._clock)


def _worst_of_each(answers: Iterable[Seen]) -> list[Seen]:
    """Return one answer of each server, should one have been asked twice: what leaks outweighs the rest."""
    worst: dict[tuple[str, str], Seen] = {}
    for seen in answers:
        key = (seen.source, seen.server)
        if key not in worst or seen.finding.verdict is Verdict.LEAK:
            worst[key] = seen
    return list(worst.values())


def _can_be_repaired(subject: Subject) -> bool:
    """Whether what stands at the registry is ours to bring there anew, and nothing is on the way."""
    status = subject.privacy.status
    proved = status.wanted and status.published and not subject.privacy.reason
    return proved and not subject.privacy.operation_id and subject.policy.mechanism in _HELD_BY_REGISTRY


def _is_telling(before: Sighting | None, now: Sighting) -> bool:
    """Whether the answer is kept: it shows what the server did not show before, and is or was not clean."""
    if before is None:
        return now.finding.verdict is not Verdict.CLEAN
    return before.finding != now.finding
