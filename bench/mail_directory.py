"""A database with many relay addresses, for the benches; filled in large transactions."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from registries.contact import Role
from whoisproxy.demo.cast import REGISTRANT
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import initial
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import Registration
from whoisproxy.services.relay_addresses import made
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.migrate import migrate
from whoisproxy.storage.unit_of_work import Storage

RELAY_DOMAIN = "relay.example"

_BATCH = 2_000


async def filled_storage(folder: Path, addresses: int) -> tuple[Storage, list[str]]:
    """Return an open storage of so many domains, each with one relay address, and those addresses."""
    url = f"sqlite:///{folder / f'{addresses}.sqlite3'}"
    await migrate(url)
    storage = await Storage.open(url, MasterKeys.load_or_create(folder / f"keys-{addresses}"))
    now = datetime.now(UTC)
    registrar = Registrar(new_id("rgr", now), "Bench", "https://bench.example", None, None, now)
    async with storage.unit_of_work() as uow:
        await uow.registrars.add(registrar)
    found: list[str] = []
    for start in range(0, addresses, _BATCH):
        found += await _fill(storage, registrar.id, range(start, min(start + _BATCH, addresses)), now)
    return storage, found


async def _fill(storage: Storage, registrar_id: str, numbers: Iterable[int], now: datetime) -> list[str]:
    registrant = Registrant.parse(REGISTRANT)
    new = [
        Registration(
            id=new_id("dom", now),
            registrar_id=registrar_id,
            name=DomainName(f"bench-{number}.example"),
            registrant_id=new_id("reg", now),
            registrant=registrant,
            registrant_verified=True,
            nameservers=(),
            statuses=(),
            registered_at=now,
            expires_at=None,
            updated_at=now,
            version=1,
        )
        for number in numbers
    ]
    relays = [made(each.id, [Role.REGISTRANT], RELAY_DOMAIN, now)[0] for each in new]
    async with storage.unit_of_work() as uow:
        await uow.registrations.add(*new)
        await uow.privacy.put_all({each.id: initial(now) for each in new})
        await uow.relays.add(*relays)
    return [relay.address for relay in relays]
