"""`whoisproxy serve` as a process of its own, as an operator starts it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from whoisproxy.config import load
from whoisproxy.demo.backend import Backend
from whoisproxy.demo.world import Surroundings
from whoisproxy.runtime.core import open_core
from whoisproxy.runtime.mail.keys import dkim_record

PROGRAM = str(Path(sys.executable).with_name("whoisproxy"))
ALL = ("api", "rdap", "portal", "smtp", "whois")


@dataclass(slots=True)
class Running:
    """A started service.

    Attributes:
        ports: By listener.
        reading: Collects what it prints after its addresses.
    """

    process: asyncio.subprocess.Process
    ports: dict[str, int]
    reading: asyncio.Task[None]

    async def ended(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(30):
            code = await self.process.wait()
            await self.reading
        return code


@dataclass(frozen=True, slots=True)
class Installation:
    """A service's settings and data among its surroundings.

    Attributes:
        around: What is outside.
        data: Folder of database and keys.
        output: Everything that it prints, from all its starts.
    """

    around: Surroundings
    data: Path
    output: Path
    environment: Mapping[str, str]

    @classmethod
    def prepare(cls, around: Surroundings, **settings: str) -> "Installation":
        """Give the service a data folder; publish its DKIM key."""
        data = around.folder / "data"
        environment = {
            "WHOISPROXY_DATABASE__URL": f"sqlite:///{data}/whoisproxy.sqlite3",
            "WHOISPROXY_KEYS__FOLDER": str(data / "keys"),
            "WHOISPROXY_LOG__LEVEL": "info",
            **{f"WHOISPROXY_{key}": value for key, value in settings.items()},
        }
        name, record = dkim_record(load(around.file, environment))
        around.dns.set(name, "TXT", record)
        return cls(around, data, around.folder / "output", environment)

    async def add_registrar(self, name: str) -> str:
        """Add a registrar and return its API key."""
        async with open_core(load(self.around.file, self.environment)) as core:
            _, secret = await core.accounts.add_key(
                await core.accounts.add_registrar(name, "https://registrar.example", None)
            )
        return secret

    @asynccontextmanager
    async def serving(self, *roles: str, listeners: tuple[str, ...] = ALL) -> AsyncIterator[Running]:
        """Start the service; end it where the test has not."""
        with self.output.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                PROGRAM,
                "serve",
                "--config",
                self.around.file,
                *(argument for role in roles for argument in ("--role", role)),
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                env={**os.environ, **self.environment},
            )
        try:
            ports = await self._ports(process, len(listeners))
            running = Running(process, ports, asyncio.create_task(self._collect(process)))
            assert sorted(ports) == sorted(listeners), self.output.read_text()
            yield running
            await running.ended(signal.SIGKILL)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def _ports(self, process: asyncio.subprocess.Process, count: int) -> dict[str, int]:
        assert process.stdout is not None
        ports: dict[str, int] = {}
        async with asyncio.timeout(90):
            while len(ports) < count and (line := await process.stdout.readline()):
                name, _, where = line.decode().partition(" ")
                ports[name] = int(where.rpartition(":")[2])
        return ports

    async def _collect(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        rest = await process.stdout.read()
        with self.output.open("ab") as output:
            output.write(rest)


@asynccontextmanager
async def backend(running: Running, api_key: str) -> AsyncIterator[Backend]:
    """Return a registrar's client of the running service."""
    async with aiohttp.ClientSession() as http:
        yield Backend(http, f"http://127.0.0.1:{running.ports['api']}", api_key)
