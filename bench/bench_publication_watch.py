"""The watch over many domains: what planning, finding what is due, claiming and counting cost the database.

Domains are hidden, in endings of many registries, and all are planned as when the watch begins; then all are
due. No directory is asked. `--postgresql URL` measures an empty database there in place of SQLite. Prints a
table and JSON; with `--json` only JSON.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from bench.report import report
from registries.lookup.public import PublicView
from whoisproxy.domain.publication_watch import Place, Rhythm
from whoisproxy.services.publication_planning import PublicationPlanner
from whoisproxy.services.publication_subjects import Post
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.migrate import migrate
from whoisproxy.storage.unit_of_work import Storage

_NOW = datetime(2026, 11, 24, tzinfo=UTC)
_NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})",
    "postgresql": "WITH n(i) AS (SELECT * FROM generate_series(1, {count}))",
}
_OWNERS = (
    "INSERT INTO registrars (id, name, url, created_at) VALUES ('rgr_1', 'Bench', '', '2026-01-01')",
    "INSERT INTO registrants (id, registrar_id, sealed, email_index) VALUES ('own_1', 'rgr_1', '', '')",
)
_DOMAINS = (
    "INSERT INTO domains (id, registrar_id, name, registrant_id, registrant_verified, nameservers, statuses,"
    " registered_at, updated_at, version) {numbers} SELECT 'dom_' || i, 'rgr_1',"
    " 'bench-' || i || '.tld' || (i % {lanes}), 'own_1', true, '[]', '[]', '2026-01-01 00:00:00',"
    " '2026-01-01 00:00:00', 1 FROM n"
)
_PRIVACY = (
    "INSERT INTO privacy (domain_id, state, wanted, published, mail_policy, operation_id, reason, updated_at)"
    " {numbers} SELECT 'dom_' || i, 'enabled', true, true, 'filter', '', '', '2026-01-01 00:00:00' FROM n"
)


class _Posts:
    """A registry for each ending, and our own servers."""

    digest = "bench"

    def post(self, place: Place, suffix: str) -> Post | None:
        return Post("own" if place is Place.OWN else suffix, PublicView(()))

    def looks_per_minute(self, lane: str) -> float:
        del lane
        return 60.0


@dataclass
class _Bench:
    storage: Storage
    count: int
    lanes: int

    async def fill(self) -> None:
        numbers = _NUMBERS[self.storage.engine.dialect.name].format(count=self.count)
        async with self.storage.unit_of_work() as uow:
            for statement in _OWNERS:
                await uow.connection.execute(text(statement))
            for rows in (_DOMAINS, _PRIVACY):
                await uow.connection.execute(text(rows.format(numbers=numbers, lanes=self.lanes)))

    async def measured(self) -> dict[str, float]:
        planner = PublicationPlanner(self.storage, _Posts(), Rhythm(), lambda: _NOW)
        figures = {"plan_us_per_domain": await _seconds(self._plan_all, planner) * 1e6 / self.count}
        figures["idle_poll_ms"] = await self._best(lambda: self._poll(_NOW - timedelta(days=1)))
        figures["busy_poll_ms"] = await self._best(lambda: self._poll(_NOW + timedelta(days=30)))
        figures["claim_16_ms"] = await self._best(lambda: self._claim(_NOW + timedelta(days=30)))
        figures["count_ms"] = await self._best(self._count, 3)
        return {name: round(value, 2) for name, value in figures.items()}

    async def _plan_all(self, planner: PublicationPlanner) -> None:
        while await planner.plan():
            pass

    async def _poll(self, now: datetime) -> None:
        async with self.storage.reading() as uow:
            await uow.publication_watch.any_change()
            await uow.publication_watch.any_due(now)

    async def _claim(self, now: datetime) -> None:
        async with self.storage.unit_of_work() as uow:
            claimed = 0
            for lane in await uow.publication_watch.lanes(now, 16):
                until = now + timedelta(minutes=5)
                claimed += len(await uow.publication_watch.claim(lane.name, 1, now, until))
                await uow.publication_watch.keep_pace(lane.name, now)
            assert claimed == 16

    async def _count(self) -> None:
        async with self.storage.reading() as uow:
            assert sum((await uow.publication_watch.counts()).values()) == 2 * self.count
            await uow.publication_watch.oldest_due()

    async def _best(self, work: Callable[[], Awaitable[None]], times: int = 30) -> float:
        """Return the median time in ms."""
        return sorted([await _seconds(work) * 1e3 for _ in range(times)])[times // 2]


async def _seconds(work: Callable[..., Awaitable[None]], *arguments: object) -> float:
    begun = time.perf_counter()
    await work(*arguments)
    return time.perf_counter() - begun


async def _run(url: str, folder: Path, count: int, lanes: int) -> dict[str, float]:
    await migrate(url)
    storage = await Storage.open(url, MasterKeys.load_or_create(folder / "keys"))
    bench = _Bench(storage, count, lanes)
    await bench.fill()
    figures = await bench.measured()
    await storage.close()
    file = folder / "bench.sqlite3"
    return {**figures, "octets_per_domain": round(file.stat().st_size / count)} if file.exists() else figures


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--domains", type=int, default=1_000_000)
    parser.add_argument("--registries", type=int, default=500)
    parser.add_argument("--postgresql", default="")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-watch-") as name:
        folder = Path(name)
        url = options.postgresql or f"sqlite:///{folder / 'bench.sqlite3'}"
        figures = asyncio.run(_run(url, folder, options.domains, options.registries))
    row = {"database": url.partition(":")[0], "domains": options.domains, **figures}
    report("The watch over many domains", [row])


if __name__ == "__main__":
    main()
