"""CPU of the directory's look-ups for mail, with 1,000 and with more relay addresses.

The directory stands on SQLite and is asked by 20 at a time, each for another address; what counts is the
fastest of some rounds, in milliseconds of CPU a look-up. Prints a table and JSON; with `--json` only JSON;
`--addresses N` for other than 1,000,000.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.mail_directory import filled_storage
from bench.mail_load import SENDER
from bench.peers import RELAY_DOMAIN
from bench.report import report
from mailrelay.directory import Opening
from mailrelay.sender_rules import names_of
from whoisproxy.runtime.mail.cipher import MailCipher
from whoisproxy.services.mailbox_health import MailboxHealth
from whoisproxy.services.relay_directory import RelayDirectory

_ROUNDS = 5
_SESSIONS = 20
_LOOKUPS = 2_000
_OPENING = Opening(SENDER)
_SENDERS = names_of(SENDER)
_BODY = b"x" * 4096


def _now() -> datetime:
    return datetime.now(UTC)


async def directory(folder: Path, addresses: int) -> dict[str, object]:
    """Return a row of what look-ups and the cipher cost with so many addresses."""
    storage, known = await filled_storage(folder, RELAY_DOMAIN, addresses)
    relays = RelayDirectory(storage, RELAY_DOMAIN, _now, MailboxHealth(storage, _now))
    cipher = MailCipher(storage)
    asked = random.Random(1).choices(known, k=_LOOKUPS)  # noqa: S311 - which to ask, no secret

    async def find(address: str) -> None:
        assert await relays.find(address) is not None

    async def deliver(address: str) -> None:
        assert await relays.delivery(address, _OPENING) is not None

    async def admit(address: str) -> None:
        assert (await relays.admission(relay_ids[address], _SENDERS)).mailboxes

    async def seal(address: str) -> None:
        route = await relays.find(address)
        assert route is not None
        key = await cipher.key(route.owner_id)
        key.open(key.seal(_BODY))

    try:
        routes = {address: await relays.find(address) for address in dict.fromkeys(asked)}
        relay_ids = {address: route.relay_id for address, route in routes.items() if route}
        await asyncio.gather(*(deliver(address) for address in dict.fromkeys(asked)))
        return {
            "addresses": addresses,
            "find": round(await _shared_ms(find, asked), 4),
            "admission": round(await _shared_ms(admit, asked), 4),
            "delivery": round(await _shared_ms(deliver, asked), 4),
            "find, seal, open": round(await _shared_ms(seal, asked), 4),
        }
    finally:
        await storage.close()


async def _shared_ms(ask: Callable[[str], Awaitable[None]], asked: Sequence[str]) -> float:
    """Return the CPU of the fastest round, a look-up, with some sessions asking at the same time."""

    async def session(mine: Sequence[str]) -> None:
        for address in mine:
            await ask(address)

    best = float("inf")
    for _ in range(_ROUNDS):
        start_s = time.process_time()
        await asyncio.gather(*(session(asked[at::_SESSIONS]) for at in range(_SESSIONS)))
        best = min(best, time.process_time() - start_s)
    return 1000 * best / len(asked)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--addresses", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sizes = sorted({1_000, arguments.addresses})
        report("relay directory, CPU ms", [asyncio.run(directory(Path(folder), size)) for size in sizes])
    return 0


if __name__ == "__main__":
    sys.exit(main())
