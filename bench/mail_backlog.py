"""A queue with much mail in it that is not due, for the benches: written before the service runs."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, select, update

from bench.mail_load import SENDER, letter
from mailrelay.queue.entry import Direction, NewMessage, State
from mailrelay.queue.opening import places_of
from mailrelay.queue.operations import Work
from mailrelay.queue.tables import messages
from whoisproxy.config import load
from whoisproxy.runtime.core import Core, open_core, queue_site
from whoisproxy.storage.tables import domains, relay_addresses

_OWNERS = 1000
_CHUNK = 1000
_TEXTS = 16
_WAIT = timedelta(days=1)
_SOME = (
    select(relay_addresses, domains.c.registrant_id)
    .join(domains, domains.c.id == relay_addresses.c.domain_id)
    .limit(_OWNERS)
)


def fill_queue(config: Path, count: int) -> None:
    """Put so many deferred messages to known addresses into the queues of an installation, each its share."""
    asyncio.run(_fill(config, count))


async def _fill(config: Path, count: int) -> None:
    settings = load(config, {})
    processes = settings.smtp.processes
    for slot in range(processes):
        async with open_core(settings, slot=slot, processes=processes) as core:
            mine = count // processes + (slot < count % processes)
            for chunk in _chunks(await _letters(core), mine):
                await core.queue.enqueue(chunk)
            places = places_of(queue_site(settings, core.storage), slot, processes)
            await places.own.ask(Work(partial(_put_off, until=core.clock() + _WAIT)))
            await places.close()


def _put_off(connection: Connection, until: datetime) -> None:
    connection.execute(update(messages).values(state=State.DEFERRED, attempts=1, next_attempt_at=until))


async def _letters(core: Core) -> list[NewMessage]:
    async with core.storage.reading() as uow:
        rows = (await uow.connection.execute(_SOME)).all()
    chance = random.Random(1)  # noqa: S311 - texts
    texts = [letter(SENDER, str(number), chance) for number in range(_TEXTS)]
    return [
        NewMessage(
            direction=Direction.FORWARD,
            owner_id=row.registrant_id,
            relay_id=row.id,
            recipient=f"{row.local_part}@{row.relay_domain}",
            reverse_path=SENDER,
            raw=texts[number % _TEXTS],
            size_octets=len(texts[number % _TEXTS]),
        )
        for number, row in enumerate(rows)
    ]


def _chunks(letters: Sequence[NewMessage], count: int) -> Iterator[list[NewMessage]]:
    for start in range(0, count, _CHUNK):
        yield [letters[at % len(letters)] for at in range(start, min(start + _CHUNK, count))]
