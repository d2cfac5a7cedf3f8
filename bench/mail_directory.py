"""A SQLite database with many relay addresses, for the benches: one domain and one registrant for each.

Written by plain SQL: the services would take longer to make them than to answer.
"""

import secrets
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson

from whoisproxy.demo.cast import REGISTRANT
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.relay import random_local_part
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.migrate import migrate
from whoisproxy.storage.unit_of_work import Storage
from whoisproxy.storage.vault import Vault

RELAY_DOMAIN = "relay.example"

_ROWS = {
    "registrants": "(:reg, :registrar, :sealed, :reg)",
    "data_keys": "(:reg, :wrapped, :master)",
    "domains": "(:dom, :registrar, :name, :reg, 1, '[]', '[]', :now, NULL, :now, 1)",
    "privacy": "(:dom, 'enabled', 1, 1, 'filter', NULL, NULL, '', '', :now)",
    "relay_addresses": "(:rel, :dom, 'registrant', :local_part, :relay_domain, 'active', NULL, :now)",
}


async def filled_storage(folder: Path, addresses: int) -> tuple[Storage, list[str]]:
    """Return an open storage with so many relay addresses, and those addresses."""
    file = folder / f"{addresses}.sqlite3"
    url, keys = f"sqlite:///{file}", MasterKeys.load_or_create(folder / f"keys-{addresses}")
    await migrate(url)
    storage = await Storage.open(url, keys)
    now = datetime.now(UTC)
    registrar = Registrar(new_id("rgr", now), "Bench", "https://bench.example", None, None, now)
    async with storage.unit_of_work() as uow:
        await uow.registrars.add(registrar)
    with sqlite3.connect(file) as connection:
        # What a crash would leave of it is of no interest.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -500000")
        for start in range(0, addresses, 10_000):
            rows = list(_rows(Vault(keys), registrar.id, range(start, min(start + 10_000, addresses)), now))
            for table, values in _ROWS.items():
                connection.executemany(f"INSERT INTO {table} VALUES {values}", rows)  # noqa: S608 - our own table
            connection.commit()
        found = [
            f"{one}@{RELAY_DOMAIN}" for (one,) in connection.execute("SELECT local_part FROM relay_addresses")
        ]
    connection.close()
    return storage, found


def _rows(vault: Vault, registrar_id: str, numbers: range, now: datetime) -> Iterator[dict[str, object]]:
    registrant = orjson.dumps(REGISTRANT)
    for number in numbers:
        owner = f"reg_{number}"
        key = secrets.token_bytes(32)
        wrapped = vault.wrap(owner, key)
        yield {
            "reg": owner,
            "dom": f"dom_{number}",
            "rel": f"rel_{number}",
            "name": f"bench-{number}.example",
            "registrar": registrar_id,
            "sealed": vault.seal(key, registrant, f"registrant:{owner}"),
            "wrapped": wrapped.wrapped,
            "master": wrapped.master_key_id,
            "local_part": random_local_part(),
            "relay_domain": RELAY_DOMAIN,
            "now": now.strftime("%Y-%m-%d %H:%M:%S.%f"),
        }
