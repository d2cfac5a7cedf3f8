"""Many relay addresses, for the benches: three a domain as a switch gives them, a registrant for each domain.

Written table by table, in one transaction: the services would take longer to make them than to answer, and
with a transaction for each batch the random addresses would have the whole index written anew each time.
"""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Table, insert

from bench.installation import mailbox_of
from registries.contact import Role
from whoisproxy.demo.cast import REGISTRANT
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.privacy import PrivacyState
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.relay import RelayState, random_local_part
from whoisproxy.storage.engine import is_sqlite
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.migrate import migrate
from whoisproxy.storage.tables import data_keys, domains, privacy, registrants, relay_addresses
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_ROLES = (Role.REGISTRANT, Role.ADMIN, Role.TECH)
_BATCH = 2000
_CACHE_KIB = 1_000_000
_ID = "{}_{:026d}".format  # as long as those of the service, and as well in order

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the rows of domains; nothing of them stands in the database twice."""

    uow: UnitOfWork
    registrar_id: str
    relay_domain: str
    now: datetime

    async def rows(self, numbers: Iterable[int]) -> dict[Table, Rows]:
        """Return the rows of each table, in an order that foreign keys admit."""
        made: dict[Table, Rows] = {
            table: [] for table in (data_keys, registrants, domains, privacy, relay_addresses)
        }
        for number in numbers:
            key_row, owner = await self._owner(number)
            made[data_keys].append(key_row)
            made[registrants].append(owner)
            made[domains].append(self._domain(number))
            made[privacy].append(self._privacy(number))
            made[relay_addresses] += self._relays(number)
        return made

    async def _owner(self, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
        owner, mailbox = _ID("own", number), mailbox_of(_name(number))
        key, vault = secrets.token_bytes(32), self.uow.sealing.vault
        wrapped = vault.wrap(owner, key)
        person = orjson.dumps({**_PERSON, "email": mailbox})
        return (
            {"owner_id": owner, "wrapped": wrapped.wrapped, "master_key_id": wrapped.master_key_id},
            {
                "id": owner,
                "registrar_id": self.registrar_id,
                "sealed": vault.seal(key, person, f"registrant:{owner}"),
                "email_index": await self.uow.sealing.index("registrant-email", mailbox),
            },
        )

    def _domain(self, number: int) -> dict[str, Any]:
        return {
            "id": _ID("dom", number),
            "registrar_id": self.registrar_id,
            "name": _name(number),
            "registrant_id": _ID("own", number),
            "registrant_verified": True,
            "nameservers": [],
            "statuses": [],
            "registered_at": self.now,
            "expires_at": None,
            "updated_at": self.now,
            "version": 1,
        }

    def _privacy(self, number: int) -> dict[str, Any]:
        return {
            "domain_id": _ID("dom", number),
            "state": PrivacyState.ENABLED,
            "wanted": True,
            "published": True,
            "mail_policy": "filter",
            "forward_to": None,
            "consent": None,
            "operation_id": "",
            "reason": "",
            "updated_at": self.now,
        }

    def _relays(self, number: int) -> Iterator[dict[str, Any]]:
        for place, role in enumerate(_ROLES, len(_ROLES) * number):
            yield {
                "id": _ID("rel", place),
                "domain_id": _ID("dom", number),
                "role": role.value,
                "local_part": random_local_part(),
                "relay_domain": self.relay_domain,
                "state": RelayState.ACTIVE,
                "grace_until": None,
                "created_at": self.now,
            }


_PERSON = Registrant.parse(REGISTRANT).as_dict()


async def add_addresses(storage: Storage, relay_domain: str, count: int) -> dict[str, str]:
    """Put so many relay addresses into an empty database; return each with the mailbox of its owner."""
    now, found = datetime.now(UTC), dict[str, str]()
    registrar = Registrar(new_id("rgr", now), "Bench", "https://registrar.example", None, None, now)
    total = -(-count // len(_ROLES))
    async with storage.unit_of_work() as uow:
        if is_sqlite(storage.engine):
            await uow.connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KIB}")
        await uow.registrars.add(registrar)
        maker = _Maker(uow, registrar.id, relay_domain, now)
        for start in range(0, total, _BATCH):
            made = await maker.rows(range(start, min(start + _BATCH, total)))
            for table, rows in made.items():
                await uow.connection.execute(insert(table), rows)
            for place, row in enumerate(made[relay_addresses], len(_ROLES) * start):
                found[f"{row['local_part']}@{relay_domain}"] = mailbox_of(_name(place // len(_ROLES)))
    return dict(islice(found.items(), count))


async def filled_storage(folder: Path, relay_domain: str, addresses: int) -> tuple[Storage, list[str]]:
    """Return an open storage on SQLite with so many relay addresses, and those addresses."""
    url = f"sqlite:///{folder / f'{addresses}.sqlite3'}"
    await migrate(url)
    storage = await Storage.open(url, MasterKeys.load_or_create(folder / f"keys-{addresses}"))
    return storage, list(await add_addresses(storage, relay_domain, addresses))


def _name(number: int) -> str:
    return f"bench-{number}.net"
