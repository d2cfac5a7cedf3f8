"""The list of an owner's domains: time and octets of its pages, for 5,000 domains among ten times as many.

The pages run on loopback over SQLite and over PostgreSQL, and are asked for one after the other by a browser
that has signed in. A row is one page: milliseconds from question to answer (the fastest of some, and their
median), of which in the service that reads the database (the fastest), CPU of this process, which is server,
browser and SQLite, octets of HTML, and of all that a first visit loads, which is style and scripts as well.
Prints a table and JSON; with `--json` only JSON; `--domains N` for other than 5,000, `--engine` for one.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from re import findall, search
from statistics import median

import structlog
from aiohttp import ClientSession, CookieJar, web
from sqlalchemy import bindparam, update

from bench.rdds_domains import fill, name_of
from bench.report import report
from tests.support.postgres import postgres_server
from whoisproxy.config import load
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.owner_account import OwnerAccount
from whoisproxy.domain.owner_domains import Glance
from whoisproxy.portal.app import make_portal_app
from whoisproxy.runtime.core import Core, open_core, utc_now
from whoisproxy.runtime.pages import portal_dependencies
from whoisproxy.services.owners.domains import OwnerDomains, Wish
from whoisproxy.storage.tables import domains, registrants

_TIMES = 15
_OTHERS = 10
_SUFFIXES = ("com", "net", "org", "eu", "ch", "nl")
_PAGES = {
    "first page": ("/domains", Wish()),
    "last page": ("/domains?page=9999", Wish(page=9998)),
    "part of a name": ("/domains?q=77", Wish(text="77")),
    "those that are off": ("/domains?state=off", Wish(glance=Glance.OFF)),
    "off, of .eu": ("/domains?state=off&tld=eu", Wish(glance=Glance.OFF, suffix="eu")),
    "one domain": (f"/domains/{name_of(0)}", None),
}


async def _give(core: Core, count: int) -> OwnerAccount:
    """Give every tenth domain to one owner, spread over endings; return his account."""
    # Every other one has privacy on, and none of them lie together.
    numbers = [_OTHERS * n + n % 2 for n in range(count)]
    name = DomainName(name_of(0))
    async with core.storage.unit_of_work() as uow:
        first = await uow.registrations.by_name(name)
        assert first is not None
        index = await uow.owner_accounts.index("owner@home.example")
        own = update(registrants).where(registrants.c.id == bindparam("own"))
        await uow.connection.execute(
            own.values(email_index=bindparam("index")), [{"own": f"own_{n}", "index": index} for n in numbers]
        )
        renamed = update(domains).where(domains.c.name == bindparam("was")).values(name=bindparam("now"))
        await uow.connection.execute(renamed, [{"was": name_of(n), "now": _spread(n)} for n in numbers[1:]])
        if core.storage.engine.dialect.name == "postgresql":
            await uow.connection.exec_driver_sql("ANALYZE")
        return await uow.owner_accounts.ensure(first.registrar_id, index, utc_now())


def _spread(number: int) -> str:
    suffix = _SUFFIXES[number // _OTHERS // 2 % len(_SUFFIXES)]
    return f"{name_of(number).partition('.')[0]}.{suffix}"


@asynccontextmanager
async def _browser(core: Core) -> AsyncIterator[Callable[[str], Awaitable[str]]]:
    """Serve the pages, and yield how one who has signed in asks for them."""
    deps = replace(portal_dependencies(core), base_url="http://127.0.0.1", requests_per_minute=1_000_000)
    runner = web.AppRunner(make_portal_app(deps), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    root = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as http:

        async def get(path: str) -> str:
            async with http.get(root + path) as answer:
                answer.raise_for_status()
                return await answer.text()

        async with core.storage.reading() as uow:
            first = await uow.registrations.by_name(DomainName(name_of(0)))
            assert first is not None
            registrar = await uow.registrars.get(first.registrar_id)
        assert registrar is not None
        link = await core.entry.sign_in.registrar_link(registrar, first.registrant_id)
        form = await get(f"/enter/{link.token}")
        csrf = search(r'name="csrf" value="(\w+)"', form)
        assert csrf is not None
        async with http.post(f"{root}/enter/{link.token}", data={"csrf": csrf[1]}) as entered:
            entered.raise_for_status()
        yield get
    await runner.cleanup()


async def _times_ms(what: Callable[[], Awaitable[object]]) -> list[float]:
    """Return how long it takes, the fastest time first."""
    await what()
    taken = []
    for _ in range(_TIMES):
        start_s = time.perf_counter()
        await what()
        taken.append(round(1000 * (time.perf_counter() - start_s), 1))
    return sorted(taken)


async def measured(engine: str, url: str, folder: Path, count: int) -> list[dict[str, object]]:
    """Return a row for each page."""
    config = folder / f"{engine}.toml"
    config.write_text(f'[database]\nurl = "{url}"\n[keys]\nfolder = "{folder / "keys"}"\n')
    await fill(url, folder / "keys", _OTHERS * count)
    rows = []
    async with open_core(load(config, {}), migrating=False) as core:
        account = await _give(core, count)
        service = OwnerDomains(core.storage, core.catalogue, core.privacy_settings)
        async with _browser(core) as get:
            for page, (path, wish) in _PAGES.items():
                cpu_s = time.process_time()
                taken = await _times_ms(partial(get, path))
                cpu_s = (time.process_time() - cpu_s) / (1 + _TIMES)
                reading = await _times_ms(partial(service.page, account, wish)) if wish else [None]
                html = await get(path)
                parts = [await get(part) for part in findall(r'(?:href|src)="(/static/[^"]+)"', html)]
                rows.append(
                    {
                        "engine": engine,
                        "domains": count,
                        "page": page,
                        "ms": taken[0],
                        "median ms": median(taken),
                        "reading, ms": reading[0],
                        "CPU ms": round(1000 * cpu_s, 1),
                        "octets of HTML": len(html.encode()),
                        "octets in all": sum(len(part.encode()) for part in (html, *parts)),
                    }
                )
    return rows


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--domains", type=int, default=5_000)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"])
    arguments = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    rows: list[dict[str, object]] = []
    for engine in [arguments.engine] if arguments.engine else ["sqlite", "postgresql"]:
        with (
            tempfile.TemporaryDirectory() as name,
            postgres_server(durable=True) if engine == "postgresql" else nullcontext() as server,
        ):
            url = (
                server.url(server.new_database("template0")) if server else f"sqlite:///{name}/bench.sqlite3"
            )
            rows += asyncio.run(measured(engine, url, Path(name), arguments.domains))
    report("an owner's domains", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
