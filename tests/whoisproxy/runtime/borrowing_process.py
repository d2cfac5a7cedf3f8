"""A worker that keeps every session of its registry account busy, for the test that kills it.

Prints the number of sessions that it has at a time, whenever that is a new height.
"""

import asyncio
import json
import sys
from pathlib import Path

from registries.epp.frames import DomainCheck
from registries.epp.pool import PoolLimits, SessionPool
from registries.epp.session import Account
from registries.epp.transport import Endpoint, client_tls
from registries.errors import RegistryUnavailable
from whoisproxy.observability import configure_logging
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.session_leases import StoredLeases
from whoisproxy.storage.unit_of_work import Storage


async def main(url: str, keys: str, ca_file: str, port: int, sessions: int, lease_s: float) -> None:
    storage = await Storage.open(url, MasterKeys.load_or_create(Path(keys)))
    endpoint = Endpoint("127.0.0.1", port, client_tls(Path(ca_file)))
    leases = StoredLeases(storage, "sandbox", "foo-BAR2", lease_s=lease_s)
    account = Account("sandbox", endpoint, "registrar-1", "foo-BAR2")
    pool = SessionPool(account, PoolLimits(max_sessions=sessions, poll_s=0.1), leases=leases)
    lent = height = 0

    async def work() -> None:
        nonlocal lent, height
        while True:
            try:
                async with pool.borrow() as session:
                    lent += 1
                    if lent > height:
                        height = lent
                        sys.stdout.write(f"{height}\n")
                        sys.stdout.flush()
                    try:
                        await session.send(DomainCheck(("free.example",)))
                    finally:
                        lent -= 1
            except RegistryUnavailable:
                continue

    await asyncio.gather(*(work() for _ in range(sessions)))


configure_logging("warning", "json")
asyncio.run(main(**json.loads(sys.argv[1])))
