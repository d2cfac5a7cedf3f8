"""Many domains in a database, quickly: for the benches of RDAP and WHOIS, and to look at by hand.

`python -m bench.rdds_domains URL KEYS_FOLDER COUNT` migrates the database and fills it. Each domain has a
registrant of its own, sealed under a key of his own; every other one has privacy on, with a relay address for
each role. Rows are written in bulk, past the services, and all triggers are away meanwhile.
"""

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from registries.contact import Role
from whoisproxy.demo.cast import REGISTRANT
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import PrivacyState, PrivacyStatus, initial
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.relay import RelayState, random_local_part
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.migrate import migrate
from whoisproxy.storage.tables import data_keys, domains, privacy, registrants, relay_addresses
from whoisproxy.storage.triggers import drop_triggers, make_triggers
from whoisproxy.storage.unit_of_work import Storage
from whoisproxy.storage.vault import Vault

NOW = datetime(2026, 11, 24, tzinfo=UTC)
_BATCH = 20_000
_ROLES = (Role.REGISTRANT, Role.ADMIN, Role.TECH)
_REGISTRAR = Registrar("rgr_1", "Gandalf Domains SA", "https://gandalf.example", 9995, None, NOW)
_ON = PrivacyStatus(PrivacyState.ENABLED, wanted=True, published=True)

_Rows = dict[Table, list[dict[str, Any]]]


def name_of(number: int) -> str:
    """Return the name of a domain; those of even numbers have privacy on."""
    return f"bench-{number}.com"


async def fill(url: str, keys: Path, count: int) -> None:
    """Make a database with `count` domains."""
    await migrate(url)
    storage = await Storage.open(url, MasterKeys.load_or_create(keys))
    async with storage.unit_of_work() as uow:
        await uow.connection.run_sync(drop_triggers)
        await uow.registrars.add(_REGISTRAR)
        maker = _Maker(storage.vault, storage.vault.new_data_key("own_0")[0])
        for rows in maker.batches(count):
            for table, its in rows.items():
                await _write(uow.connection, table, its)
        await uow.connection.run_sync(make_triggers)
    if storage.engine.dialect.name == "postgresql":
        async with storage.unit_of_work() as uow:
            await uow.connection.exec_driver_sql("ANALYZE")
    await storage.close()


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes rows; all registrants have one data key, wrapped for each."""

    vault: Vault
    key: bytes

    def batches(self, count: int) -> Iterator[_Rows]:
        """Yield rows of tables in the order in which they must be written."""
        for start in range(0, count, _BATCH):
            rows: _Rows = {table: [] for table in (data_keys, registrants, domains, privacy, relay_addresses)}
            for number in range(start, min(start + _BATCH, count)):
                self._add(rows, number)
            yield rows

    def _add(self, rows: _Rows, number: int) -> None:
        owner, domain = f"own_{number}", f"dom_{number}"
        person = {**REGISTRANT, "email": f"owner-{number}@home.example"}
        wrapped = self.vault.wrap(owner, self.key)
        rows[data_keys].append(
            {"owner_id": owner, "wrapped": wrapped.wrapped, "master_key_id": wrapped.master_key_id}
        )
        sealed = self.vault.seal(self.key, orjson.dumps(person), f"registrant:{owner}")
        index = number.to_bytes(32)
        rows[registrants].append(
            {"id": owner, "registrar_id": _REGISTRAR.id, "sealed": sealed, "email_index": index}
        )
        rows[domains].append(_DOMAIN | {"id": domain, "name": name_of(number), "registrant_id": owner})
        rows[privacy].append((_OFF_ROW if number % 2 else _ON_ROW) | {"domain_id": domain})
        if number % 2 == 0:
            rows[relay_addresses] += [_relay(number, domain, role) for role in _ROLES]


_TEMPLATE = Registration(
    "", "", DomainName("x.com"), "", Registrant.parse(REGISTRANT), True,  # noqa: FBT003 - in the order of the fields
    ("ns1.hoster.example", "ns2.hoster.example"), ("clientTransferProhibited",), NOW, NOW, NOW, 1,
)  # fmt: skip
_DOMAIN = {
    "registrar_id": _REGISTRAR.id,
    "registrant_verified": True,
    "nameservers": list(_TEMPLATE.nameservers),
    "statuses": list(_TEMPLATE.statuses),
    "registered_at": NOW,
    "expires_at": NOW,
    "updated_at": NOW,
    "version": 1,
}


def _privacy_row(status: PrivacyStatus) -> dict[str, Any]:
    usual = initial(NOW)
    return {
        "state": status.state,
        "wanted": status.wanted,
        "published": status.published,
        "mail_policy": usual.mail_policy,
        "forward_to": None,
        "consent": None,
        "operation_id": "",
        "reason": "",
        "updated_at": NOW,
    }


_ON_ROW, _OFF_ROW = _privacy_row(_ON), _privacy_row(initial(NOW).status)


def _relay(number: int, domain: str, role: Role) -> dict[str, Any]:
    return {
        "id": f"rel_{number}_{role}",
        "domain_id": domain,
        "role": role,
        "local_part": random_local_part(),
        "relay_domain": "relay.cloak.example",
        "state": RelayState.ACTIVE,
        "grace_until": None,
        "created_at": NOW,
    }


async def _write(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows in the fastest way that the engine has."""
    if connection.dialect.name == "sqlite":
        await connection.execute(insert(table), list(rows))
        return
    driver: Any = (await connection.get_raw_connection()).driver_connection
    columns = list(rows[0])
    json = {column.name for column in table.columns if column.type.__class__.__name__ == "JSON"}
    records = [
        tuple(orjson.dumps(row[name]).decode() if name in json else row[name] for name in columns)
        for row in rows
    ]
    await driver.copy_records_to_table(table.name, records=records, columns=columns)


if __name__ == "__main__":
    asyncio.run(fill(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
