"""Several processes answer RDAP and WHOIS, and none shows what another has hidden."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer, postgres_server
from tests.whoisproxy.publication import samples
from tests.whoisproxy.runtime.test_service import settings
from whoisproxy.domain.privacy import PrivacyStatus, initial
from whoisproxy.runtime.service import Role, Service
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.unit_of_work import Storage

NAME = samples.REGISTRATION.name.a_label
PERSON = samples.REGISTRANT.name.encode()
SAYS = samples.REGISTRAR.name.encode()
# Enough connections that the kernel gives some to each of two processes: it chooses by the client's port.
MANY = 12

# Switches privacy on and off until it is killed.
TOGGLER = """
import asyncio, sys
from pathlib import Path
from tests.whoisproxy.runtime.test_rdds_processes import Writer, opened
from tests.whoisproxy.publication import samples

async def main():
    async with opened(sys.argv[1], Path(sys.argv[2])) as writer:
        print("ready", flush=True)
        while True:
            await writer.switch(samples.ON)
            await writer.switch(samples.OFF)

asyncio.run(main())
"""


@dataclass(frozen=True)
class Writer:
    """A process that writes: here the test's own, besides those that answer."""

    storage: Storage

    async def switch(self, status: PrivacyStatus) -> None:
        async with self.storage.unit_of_work() as unit:
            value = replace(initial(samples.NOW), status=status)
            await unit.privacy.put(samples.REGISTRATION.id, value)


@asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[Writer]:
    storage = await Storage.open(url, MasterKeys.load_or_create(folder / "keys"))
    try:
        yield Writer(storage)
    finally:
        await storage.close()


@dataclass(frozen=True)
class World:
    """Two processes that answer, and one that writes."""

    writer: Writer
    service: Service
    url: str
    folder: Path

    @property
    def pids(self) -> tuple[int, ...]:
        return self.service._children[Role.RDDS].pids

    async def answers(self) -> list[bytes]:
        """What many connections to both servers get, asked one after the other."""
        query = f"GET /domain/{NAME} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        asked = [(self.service.ports["rdap"], query), (self.service.ports["whois"], f"{NAME}\r\n")]
        return [await exchange(port, text) for port, text in asked * MANY]

    async def warm(self) -> None:
        """Let both keep that the registrant is shown, and give it out."""
        await self.writer.switch(samples.OFF)
        await self.until(lambda answers: all(PERSON in answer for answer in answers))
        assert all(PERSON in answer for answer in await self.answers())

    async def until(self, come: Callable[[list[bytes]], bool]) -> None:
        async with asyncio.timeout(60):
            while not come(await self.answers()):
                pass


async def exchange(port: int, sent: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent.encode())
    answer = await reader.read()
    writer.close()
    return answer


@asynccontextmanager
async def serving(url: str, folder: Path) -> AsyncIterator[World]:
    chosen = settings(
        folder,
        DATABASE__URL=url,
        KEYS__FOLDER=str(folder / "keys"),
        RDDS__PROCESSES="2",
        RDAP__REQUESTS_PER_MINUTE="1000000",
        WHOIS__REQUESTS_PER_MINUTE="1000000",
    )
    service = Service(chosen, [Role.RDDS])
    await service.start()
    try:
        async with opened(url, folder) as writer:
            async with writer.storage.unit_of_work() as unit:
                await unit.registrars.add(samples.REGISTRAR)
                await unit.registrations.add(samples.REGISTRATION)
            await writer.switch(samples.OFF)
            yield World(writer, service, url, folder)
    finally:
        await service.stop()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that may be stopped; it keeps what was committed."""
    with postgres_server(durable=True) as server:
        yield server


@pytest.fixture
async def on_sqlite(sqlite_url: str, tmp_path: Path) -> AsyncIterator[World]:
    async with serving(sqlite_url, tmp_path) as world:
        yield world


def shown(answers: list[bytes]) -> int:
    """How many answers show the registrant, or tell nothing of the domain."""
    return sum(PERSON in answer or SAYS not in answer for answer in answers)


async def test_after_the_commit_no_process_shows_the_registrant(on_sqlite: World) -> None:
    for _ in range(10):
        await on_sqlite.warm()
        await on_sqlite.writer.switch(samples.ON)
        assert shown(await on_sqlite.answers()) == 0


async def test_not_even_after_a_writer_was_killed_anywhere(on_sqlite: World) -> None:
    for killed_after in range(3):
        toggler = await asyncio.create_subprocess_exec(
            sys.executable, "-c", TOGGLER, on_sqlite.url, str(on_sqlite.folder),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert toggler.stdout is not None
        assert await toggler.stdout.readline() == b"ready\n"
        for _ in range(killed_after):
            await on_sqlite.answers()
        toggler.kill()
        await toggler.wait()
        await on_sqlite.writer.switch(samples.ON)
        assert shown(await on_sqlite.answers()) == 0
        await on_sqlite.warm()
        await on_sqlite.writer.switch(samples.ON)
        assert shown(await on_sqlite.answers()) == 0


async def test_a_killed_process_is_replaced_and_shows_nothing_old(on_sqlite: World) -> None:
    await on_sqlite.warm()
    killed = on_sqlite.pids[0]
    os.kill(killed, signal.SIGKILL)
    await on_sqlite.writer.switch(samples.ON)
    # Whoever comes to the socket of the killed one waits for the next.
    assert shown(await on_sqlite.answers()) == 0
    async with asyncio.timeout(60):
        while killed in on_sqlite.pids or len(on_sqlite.pids) < 2:
            assert shown(await on_sqlite.answers()) == 0


async def test_what_belongs_to_the_registrar_changes_in_all_processes(on_sqlite: World) -> None:
    await on_sqlite.answers()
    async with on_sqlite.writer.storage.unit_of_work() as unit:
        await unit.connection.exec_driver_sql("UPDATE registrars SET name = 'Saruman Domains SA'")
    assert all(b"Saruman Domains SA" in answer for answer in await on_sqlite.answers())


async def test_on_postgresql_all_hide_soon_after_the_commit(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.url(postgres.new_database())
    async with serving(url, tmp_path) as world:
        for _ in range(5):
            await world.warm()
            await world.writer.switch(samples.ON)
            await world.until(lambda answers: shown(answers) == 0)
            assert shown(await world.answers()) == 0


async def test_on_postgresql_a_lost_connection_shows_nothing_old(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    """Those who listen lose their connections first, so that nobody tells them of the switch."""
    url = postgres.url(postgres.new_database())
    async with serving(url, tmp_path) as world:
        for _ in range(3):
            await world.warm()
            async with world.writer.storage.unit_of_work() as unit:
                await unit.connection.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
                value = replace(initial(samples.NOW), status=samples.ON)
                await unit.privacy.put(samples.REGISTRATION.id, value)
            await world.until(lambda answers: shown(answers) == 0)
            assert shown(await world.answers()) == 0


@pytest.mark.slow
async def test_on_postgresql_a_restart_shows_nothing_old_and_is_recovered_from(
    own_server: PostgresServer, tmp_path: Path
) -> None:
    async with serving(own_server.url(own_server.new_database()), tmp_path) as world:
        await world.warm()
        await asyncio.to_thread(own_server.stop)
        # What is kept is not given out, as nobody knows whether it is true.
        await world.until(lambda answers: not any(PERSON in answer for answer in answers))
        await asyncio.to_thread(own_server.start)
        await world.writer.switch(samples.ON)
        await world.until(lambda answers: shown(answers) == 0)
        assert shown(await world.answers()) == 0
