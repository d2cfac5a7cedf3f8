"""Look at hidden domains with a stranger's eyes, again and again, as fast as the directories allow.

Looks are claimed with a lease, lane by lane: a worker that dies leaves them to be due again, and any number
of workers on any number of machines share the pace of each lane through the database. A look takes less time
than its lease lasts.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client import Gauge

from registries.lookup.public import Look
from registries.lookup.verdict import Doubt, Finding, Verdict
from whoisproxy.domain.publication_watch import Place, Watch
from whoisproxy.services.outbox_worker import stopped
from whoisproxy.services.publication_findings import PublicationFindings, Report
from whoisproxy.services.publication_planning import PublicationPlanner
from whoisproxy.services.publication_subjects import Posts, Subjects
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.publication_watch import Lane
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()
_DOMAINS = Gauge(
    "whoisproxy_publication_domains",
    "Watched domains by the verdict of their last look.",
    ["place", "verdict"],
)
_BEHIND = Gauge("whoisproxy_publication_behind_seconds", "How long the look that waits longest has been due.")

_NEVER = "never-looked"
_BURST = timedelta(seconds=2)  # what a lane may catch up at once


@dataclass(frozen=True, slots=True)
class WatcherSettings:
    """How a watcher works; times in seconds.

    Attributes:
        poll_s: How often to see what has changed and what is due.
        concurrency: Looks at the same time.
        look_s: The longest look; what is not seen by then is unknown.
        lease_s: After how long others take a look over; more than a look and its writing down take.
        measure_s: How often domains are counted.
    """

    poll_s: float = 1.0
    concurrency: int = 16
    look_s: float = 120.0
    lease_s: float = 300.0
    measure_s: float = 600.0


class PublicationWatcher:
    """Watches until it is told to stop."""

    def __init__(  # noqa: PLR0913, PLR0917 - it stands where all parts meet
        self,
        storage: Storage,
        posts: Posts,
        subjects: Subjects,
        planner: PublicationPlanner,
        findings: PublicationFindings,
        clock: Clock,
        settings: WatcherSettings | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._storage = storage
        self._posts = posts
        self._subjects = subjects
        self._planner = planner
        self._findings = findings
        self._clock = clock
        self._settings = settings or WatcherSettings()
        self._chance = chance
        self._in_flight: set[asyncio.Task[None]] = set()
        self._adopted = False
        self._measured_at: datetime | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop` is set; looks that have begun are dropped, and are due again when leases end."""
        try:
            while not stop.is_set():
                try:
                    await self._round()
                    await self._measure_now_and_then()
                except Exception:  # noqa: BLE001 - whatever it is, the next round goes on
                    # The database may be away for a while.
                    _log.exception("publication-watch-failed")
                await stopped(stop, self._settings.poll_s)
        finally:
            for task in self._in_flight:
                task.cancel()
            await asyncio.gather(*self._in_flight, return_exceptions=True)

    async def run_due(self) -> int:
        """Plan and look at what is due now; return how many looks that were; for tools and tests."""
        count = 0
        while begun := await self._round():
            count += begun
            await asyncio.gather(*self._in_flight)
        return count

    async def look_now(self, domain_id: str) -> None:
        """Look at a domain in every place where it is watched, whoever else is about to."""
        await self._plan()
        now = self._clock()
        async with self._storage.unit_of_work() as uow:
            claimed = await uow.publication_watch.claim_of(domain_id, self._lease_end(now))
        await asyncio.gather(*(self._look(watch) for watch in claimed))

    async def measure(self) -> None:
        """Count the domains by verdict, and how far the looks are behind."""
        async with self._storage.reading() as uow:
            counts = await uow.publication_watch.counts()
            oldest = await uow.publication_watch.oldest_due()
        for place in Place:
            for verdict in (*Verdict, None):
                _DOMAINS.labels(place, verdict or _NEVER).set(counts.get((place, verdict), 0))
        _BEHIND.set(max(0.0, (self._clock() - oldest).total_seconds()) if oldest else 0.0)

    async def _measure_now_and_then(self) -> None:
        now, pause = self._clock(), timedelta(seconds=self._settings.measure_s)
        if self._measured_at is None or now - self._measured_at >= pause:
            self._measured_at = now
            await self.measure()

    async def _round(self) -> int:
        """Plan what has changed and begin what is due; return how many looks have begun."""
        await self._plan()
        claimed = await self._claim()
        for watch in claimed:
            task = asyncio.create_task(self._attempt(watch))
            self._in_flight.add(task)
            task.add_done_callback(self._in_flight.discard)
        return len(claimed)

    async def _plan(self) -> None:
        if not self._adopted:
            await self._planner.adopt()
            self._adopted = True
        while await self._planner.plan():
            pass

    async def _claim(self) -> list[Watch]:
        free = self._settings.concurrency - len(self._in_flight)
        if free <= 0:
            return []
        now = self._clock()
        async with self._storage.reading() as uow:
            if not await uow.publication_watch.any_due(now):
                return []
        claimed: list[Watch] = []
        async with self._storage.unit_of_work() as uow:
            for lane in await uow.publication_watch.lanes(now, free):
                if len(claimed) < free:
                    claimed += await self._claim_of_lane(uow, lane, free - len(claimed), now)
        return claimed

    async def _claim_of_lane(self, uow: UnitOfWork, lane: Lane, free: int, now: datetime) -> list[Watch]:
        """Claim what the pace of a lane allows, and move its next turn on accordingly."""
        pause = timedelta(minutes=1 / self._posts.looks_per_minute(lane.name))
        ready_at = max(lane.ready_at, now - max(_BURST - pause, timedelta(0)))
        allowed = int((now - ready_at) / pause) + 1
        claimed = await uow.publication_watch.claim(lane.name, min(free, allowed), now, self._lease_end(now))
        await uow.publication_watch.keep_pace(lane.name, ready_at + len(claimed) * pause)
        return claimed

    async def _attempt(self, watch: Watch) -> None:
        try:
            await self._look(watch)
        except Exception:  # noqa: BLE001 - one look must not stop the others
            # It is due again when its lease ends.
            _log.exception("publication-look-failed", domain_id=watch.domain_id, place=watch.place)

    async def _look(self, watch: Watch) -> None:
        async with self._storage.reading() as uow:
            subject = await self._subjects.read(uow, watch.domain_id)
        if subject is None or not subject.privacy.status.hidden:
            # What has changed is planned in the next round.
            return
        post = self._posts.post(watch.place, subject.registration.name.suffix)
        if post is None:
            await self._leave(watch)
            return
        expected = self._subjects.expectation(subject, watch.place)
        try:
            async with asyncio.timeout(self._settings.look_s):
                look = await post.view.examine(expected)
        except TimeoutError:
            look = Look(Finding(Verdict.UNKNOWN, doubt=Doubt.NO_ANSWER))
        await self._findings.write(Report(watch, post.lane, subject, look, self._chance()))

    async def _leave(self, watch: Watch) -> None:
        """Watch no longer where no directory is known any more."""
        async with self._storage.unit_of_work() as uow:
            await uow.publication_watch.leave(watch)

    def _lease_end(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self._settings.lease_s)
