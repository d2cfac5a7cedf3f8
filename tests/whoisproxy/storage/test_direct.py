"""Direct reads of SQLite: what is committed at the moment, without waiting for whoever writes."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import bindparam, select

from tests.whoisproxy.storage.values import HOUR, NOW, REGISTRAR, hold_domain, registration, relay
from whoisproxy.domain.privacy import initial
from whoisproxy.domain.relay import RelayState
from whoisproxy.storage.direct import DirectConnection
from whoisproxy.storage.tables import registrars
from whoisproxy.storage.unit_of_work import Storage

_NAMED = select(registrars.c.id, registrars.c.name).where(
    registrars.c.name.in_(bindparam("names", expanding=True)), registrars.c.created_at <= bindparam("now")
)


@pytest.fixture
def direct(sqlite_storage: Storage) -> Iterator[DirectConnection]:
    connection = DirectConnection(sqlite_storage.engine)
    yield connection
    connection.close()


async def _names(direct: DirectConnection, *names: str) -> set[str]:
    found = await direct.execute(_NAMED, {"names": list(names), "now": NOW})
    return {row.name for row in found.all()}


async def test_a_read_neither_waits_for_a_writer_nor_sees_what_is_not_committed(
    sqlite_storage: Storage, direct: DirectConnection
) -> None:
    async with sqlite_storage.unit_of_work() as unit:
        await unit.registrars.add(REGISTRAR)
        assert await _names(direct, REGISTRAR.name) == set()
    assert await _names(direct, REGISTRAR.name) == {REGISTRAR.name}


async def test_a_statement_takes_lists_of_any_length(
    sqlite_storage: Storage, direct: DirectConnection
) -> None:
    others = [replace(REGISTRAR, id=f"rar_{number}", name=f"Name {number}") for number in range(2, 5)]
    async with sqlite_storage.unit_of_work() as unit:
        for one in others:
            await unit.registrars.add(one)
    everyone = [one.name for one in others]
    for count in (0, 1, 3, 2, 3):
        assert await _names(direct, *everyone[:count]) == set(everyone[:count])


async def test_an_address_in_grace_is_served_until_its_time_is_over(sqlite_storage: Storage) -> None:
    await hold_domain(sqlite_storage)
    retired = replace(relay(), state=RelayState.GRACE, grace_until=NOW + HOUR)
    async with sqlite_storage.unit_of_work() as unit:
        await unit.privacy.put(registration().id, initial(NOW))
        await unit.relays.add(retired)
    routes = sqlite_storage.direct_routes
    assert routes is not None
    assert await routes.routes([retired.local_part], "relay.example", NOW)
    assert not await routes.routes([retired.local_part], "relay.example", NOW + HOUR)
