"""What it costs that the database tells what has changed, and how late PostgreSQL tells it.

Domains are added and switched in units of work of 100, with all triggers, those of the watch included, and
without, in turns; the time is that of the whole, commit included. Then single switches are committed and the
time is taken until another connection has been told. `--url` names the database; without it a SQLite file is
made. Prints a table and JSON; with `--json` only JSON.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import uvloop

from bench.rdds_domains import NOW
from bench.report import report
from whoisproxy.demo.cast import REGISTRANT
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import PrivacyState, PrivacyStatus, initial
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import Registration
from whoisproxy.storage.change_listener import ChangeListener
from whoisproxy.storage.change_log import ChangeLog
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.migrate import migrate
from whoisproxy.storage.triggers import drop_triggers, make_triggers
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_BATCH = 100
_ROUNDS = 10
_DELAYS = 200
_ON = PrivacyStatus(PrivacyState.ENABLED, wanted=True, published=True)
_NUMBERS = count()


def _registration(number: int) -> Registration:
    return Registration(
        id=f"chg_{number}",
        registrar_id="rgr_chg",
        name=DomainName(f"changing-{number}.com"),
        registrant_id=f"cho_{number}",
        registrant=Registrant.parse(REGISTRANT),
        registrant_verified=True,
        nameservers=("ns1.hoster.example",),
        statuses=("ok",),
        registered_at=NOW,
        expires_at=None,
        updated_at=NOW,
        version=1,
    )


async def _add(uow: UnitOfWork, batch: list[Registration]) -> None:
    await uow.registrations.add(*batch)
    await uow.privacy.put_all({each.id: initial(NOW) for each in batch})


async def _switch(uow: UnitOfWork, batch: list[Registration]) -> None:
    await uow.privacy.put_all({each.id: replace(initial(NOW), status=_ON) for each in batch})
    await uow.registrations.touch(*(replace(each, version=2) for each in batch))


async def _round(storage: Storage) -> tuple[float, float]:
    """Return the microseconds that adding and switching a domain took."""
    batch = [_registration(next(_NUMBERS)) for _ in range(_BATCH)]
    return await _timed(storage, _add, batch), await _timed(storage, _switch, batch)


async def _timed(
    storage: Storage,
    work: Callable[[UnitOfWork, list[Registration]], Awaitable[None]],
    batch: list[Registration],
) -> float:
    start = time.perf_counter()
    async with storage.unit_of_work() as uow:
        await work(uow, batch)
    return (time.perf_counter() - start) / len(batch) * 1e6


async def _costs(storage: Storage) -> list[dict[str, object]]:
    taken: dict[str, list[tuple[float, float]]] = {"with": [], "without": []}
    for _ in range(_ROUNDS):
        for triggers, way in (("without", drop_triggers), ("with", make_triggers)):
            async with storage.unit_of_work() as uow:
                await uow.connection.run_sync(way)
            taken[triggers].append(await _round(storage))
    return [
        {
            "triggers": triggers,
            "add_us": round(statistics.median(add for add, _ in rounds), 1),
            "switch_us": round(statistics.median(switch for _, switch in rounds), 1),
        }
        for triggers, rounds in taken.items()
    ]


async def _delays(storage: Storage) -> dict[str, object]:
    """Return how long after the commit a follower knows, in milliseconds."""
    registration = _registration(next(_NUMBERS))
    async with storage.unit_of_work() as uow:
        await _add(uow, [registration])
    delays = []
    async with storage.following_changes() as changes:
        async with storage.unit_of_work() as uow:
            await _switch(uow, [registration])
        await _waited(changes)
        for _ in range(_DELAYS):
            async with storage.unit_of_work() as uow:
                await _switch(uow, [registration])
            committed = time.perf_counter()
            await _waited(changes)
            delays.append((time.perf_counter() - committed) * 1e3)
            await asyncio.sleep(0.002)
            changes.poll()
    cuts = statistics.quantiles(delays, n=100)
    return {"told_after_ms_p50": round(cuts[49], 3), "p99": round(cuts[98], 3), "max": round(max(delays), 3)}


async def _waited(changes: ChangeLog | ChangeListener) -> None:
    """Return as soon as something is told; to begin with, everything is."""
    while True:
        if changes.poll():
            return
        await asyncio.sleep(0)


async def _measure(url: str, keys: Path) -> None:
    await migrate(url)
    storage = await Storage.open(url, MasterKeys.load_or_create(keys))
    async with storage.unit_of_work() as uow:
        await uow.registrars.add(Registrar("rgr_chg", "Changing SA", "https://c.example", None, None, NOW))
    rows, delays = await _costs(storage), await _delays(storage)
    await storage.close()
    report("Telling what has changed", [row | {"engine": storage.engine.dialect.name} for row in rows])
    report("Until it is known elsewhere", [delays])


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="", help="an empty database")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        url = options.url or f"sqlite:///{folder / 'bench.sqlite3'}"
        uvloop.run(_measure(url, folder / "keys"))


if __name__ == "__main__":
    main()
