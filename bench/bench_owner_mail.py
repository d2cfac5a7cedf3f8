"""The pages of an owner's mail: how long it takes to find what they show, for an owner of many domains.

He has `--domains` domains with three relay addresses each, for which a tenth of `--messages` came in the last
90 days; the rest came for others. Each look is made as often as `--rounds` says, and the fastest is printed,
for which the keys of registrants are at hand. On SQLite and on PostgreSQL. Prints a table and
JSON; with `--json` only JSON.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import update

from bench.mail_directory import add_addresses
from bench.report import report
from mailrelay.queue.entry import Direction, NewMessage, NoteOfVerdict, State
from mailrelay.queue.ids import new_message_id
from mailrelay.queue.opening import QueueSite, open_queue, places_of
from mailrelay.queue.operations import Insert
from mailrelay.queue.rows import row_of
from mailrelay.queue.tables import microseconds
from tests.support.postgres import postgres_server
from whoisproxy.domain.mail_log import Fate
from whoisproxy.domain.owner_account import OwnerAccount
from whoisproxy.runtime.mail.cipher import MailCipher
from whoisproxy.services.owners.mail_log import LogFilter, OwnerMailLog, Period
from whoisproxy.services.owners.quarantine import OwnerQuarantine
from whoisproxy.services.owners.sessions import OwnerSessions
from whoisproxy.services.quarantine import QuarantineService
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.migrate import migrate
from whoisproxy.storage.repositories.owned_mail import OwnedRelay
from whoisproxy.storage.tables import domains, registrants
from whoisproxy.storage.unit_of_work import Storage

_BATCH = 2000
_ON_A_PAGE = 25
_DAYS = 90
_STATES = {
    State.DELIVERED: 800,
    State.REJECTED: 160,
    State.BOUNCED: 30,
    State.DISCARDED: 9,
    State.QUARANTINED: 1,
}
_VERDICTS = (NoteOfVerdict("content-score", "accept", "link-and-little-text", 1.0),) * 3


async def one_owner(storage: Storage, count: int) -> OwnerAccount:
    """Make the first domains those of one owner."""
    now = datetime.now(UTC)
    async with storage.unit_of_work() as uow:
        index = await uow.sealing.index("registrant-email", "owner@home.example")
        last = f"own_{count:026d}"
        await uow.connection.execute(
            update(registrants).where(registrants.c.id < last).values(email_index=index)
        )
        registrar_id = (await uow.connection.execute(domains.select().limit(1))).one().registrar_id
    return OwnerAccount("oac_bench", registrar_id, index, now)


async def fill(
    storage: Storage, site: QueueSite, ours: list[OwnedRelay], others: list[str], count: int
) -> None:
    """Have messages come for 90 days."""
    chance, cipher, now = random.Random(1), MailCipher(storage), datetime.now(UTC)  # noqa: S311 - no secret
    keys = {one.registrant_id: await cipher.key(one.registrant_id) for one in ours}
    other, body = next(iter(keys)), os.urandom(1000)
    places = places_of(site)
    states, weights = list(_STATES), list(_STATES.values())
    for start in range(0, count, _BATCH):
        rows = []
        for number in range(start, min(start + _BATCH, count)):
            at = now - timedelta(days=_DAYS * (1 - number / count))
            relay = chance.choice(ours) if number % 10 == 0 else None
            holder = relay.registrant_id if relay else other
            new = NewMessage(
                Direction.FORWARD, relay.registrant_id if relay else "own_other",
                relay.id if relay else chance.choice(others), "x@relay.example", "ada@offers.example", body,
                4096, verdicts=_VERDICTS, author="Ada Buyer <ada@offers.example>", subject="Your domain",
            )  # fmt: skip
            state = chance.choices(states, weights)[0]
            rows.append(row_of(new_message_id(at), new, state, microseconds(at), keys[holder]))
        await places.own.ask(Insert(tuple(rows), announced=False))
    await places.close()


async def measure(name: str, url: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return the best times of one engine, in milliseconds."""
    await migrate(url)
    storage = await Storage.open(url, MasterKeys.load_or_create(folder / f"keys-{name}"))
    clock, site = partial(datetime.now, UTC), QueueSite(storage.engine, folder / "mail")
    try:
        await add_addresses(storage, "relay.example", 6 * options.domains)
        account = await one_owner(storage, options.domains)
        async with open_queue(site, MailCipher(storage), clock) as queue:
            async with storage.reading() as uow:
                found = await uow.owned_mail.addresses(account.registrar_id, account.owner_index)
                ours = await uow.owned_mail.relays(account.registrar_id, account.owner_index, found.relay_ids)
            others = [f"rel_{number:026d}" for number in range(3 * options.domains, 6 * options.domains)]
            await fill(storage, site, list(ours.values()), others, options.messages)
            log = OwnerMailLog(storage, queue, clock)
            quarantine = QuarantineService(storage, queue, clock, timedelta(days=_DAYS))
            held = OwnerQuarantine(storage, queue, OwnerSessions(storage, clock), quarantine, None)  # type: ignore[arg-type]
            domain = next(iter(ours.values())).name.a_label
            middle = new_message_id(clock() - timedelta(days=_DAYS // 2))
            looks: dict[str, Callable[[], Awaitable[Any]]] = {
                "newest page": lambda: log.page(account, LogFilter(), "", _ON_A_PAGE),
                "page in the middle": lambda: log.page(account, LogFilter(), middle, _ON_A_PAGE),
                "thrown away": lambda: log.page(account, LogFilter(fate=Fate.DROPPED), "", _ON_A_PAGE),
                "one domain": lambda: log.page(account, LogFilter(domain), "", _ON_A_PAGE),
                "one message": lambda: log.find(account, middle),
                "30 days": lambda: log.chart(account, "", Period.MONTH),
                "12 months": lambda: log.chart(account, "", Period.YEAR),
                "all held": lambda: held.held(account),
            }
            return {
                "engine": name,
                "domains": options.domains,
                "messages": options.messages,
                **{what: await _best_ms(look, options.rounds) for what, look in looks.items()},
            }
    finally:
        await storage.close()


async def _best_ms(look: Callable[[], Awaitable[Any]], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        await look()
        times.append(1000 * (time.perf_counter() - begun))
    return round(min(times), 1)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", type=int, default=3000)
    parser.add_argument("--messages", type=int, default=300_000)
    parser.add_argument("--engine", choices=("SQLite", "PostgreSQL"), help="only this one")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgres_server() as server:
        place = Path(folder)
        urls = {
            "SQLite": f"sqlite:///{place / 'bench.sqlite3'}",
            "PostgreSQL": server.url(server.new_database()),
        }
        rows = [
            asyncio.run(measure(name, url, place, options))
            for name, url in urls.items()
            if options.engine in {None, name}
        ]
    report("owner's mail, ms", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
