"""Several processes of one role, so that more than one core serves it.

The service opens the listening sockets, one for each process on the same port (SO_REUSEPORT), and keeps
them: a process that dies is started again, and whoever connects meanwhile waits instead of being refused.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence

import orjson
import structlog

from whoisproxy.config import ConfigurationError, Settings
from whoisproxy.runtime.child_process import READY, Assignment
from whoisproxy.runtime.listening import listening_sockets

_log = structlog.get_logger()

_READY_S = 60.0
_STOP_S = 60.0
_ANSWER_S = 5.0
_AGAIN_S = (0.2, 1.0, 5.0)  # after the first, the second, and every later early death
_EARLY_S = 60.0
_LINE_OCTETS = 2**24


Listeners = Mapping[str, tuple[Sequence[str], int]]
"""Addresses and port of listeners, by name; port 0 lets the system choose."""

_Sockets = Mapping[str, Sequence[socket.socket]]


class ChildProcesses:
    """Starts the processes of a role and keeps them running.

    Args:
        role: Name of the role in logs and metrics.
        module: What each of them runs; it calls `child_process.run_role`.
        settings: Those of the service.
        count: How many there are.
        listeners: Where they listen.
        memory: Makes memory that all of them share, and returns its descriptor.

    Attributes:
        ports: Where they listen, by name of the listener.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - a role is described once, where it is put together
        self,
        role: str,
        module: str,
        settings: Settings,
        count: int,
        listeners: Listeners,
        memory: Callable[[], int] | None = None,
    ) -> None:
        self._role = role
        self._module = module
        self._settings = settings
        self._count = count
        self._listeners = listeners
        self._make_memory = memory
        self._sockets: list[_Sockets] = []
        self._children: list[_Child] = []
        self._keeping: list[asyncio.Task[None]] = []
        self._memory = -1
        self.ports: dict[str, int] = {}

    async def start(self) -> None:
        """Listen, start all processes and wait until they are ready.

        Raises:
            OSError: An address cannot be listened at.
            ConfigurationError: A process does not start.
        """
        try:
            self._listen()
            if self._make_memory is not None:
                self._memory = self._make_memory()
            self._children = [
                _Child(self._role, self._module, self._assignment(number, sockets))
                for number, sockets in enumerate(self._sockets)
            ]
            await asyncio.gather(*(child.start() for child in self._children))
        except BaseException:
            await self.close()
            raise
        self._keeping = [asyncio.create_task(child.keep()) for child in self._children]

    def _listen(self) -> None:
        """Open each listener once for each process; port 0 is chosen once."""
        chosen = dict(self._listeners)
        for _ in range(self._count):
            row: dict[str, list[socket.socket]] = {}
            self._sockets.append(row)
            for name, (hosts, port) in chosen.items():
                row[name] = listening_sockets(name, hosts, port, shared=True)
                chosen[name] = (hosts, row[name][0].getsockname()[1])
        self.ports = {name: port for name, (_, port) in chosen.items()}

    def _assignment(self, number: int, sockets: _Sockets) -> Assignment:
        descriptors = {name: [one.fileno() for one in each] for name, each in sockets.items()}
        return Assignment(self._settings, number, descriptors, self._memory)

    async def close(self) -> None:
        """Let each finish what it has begun, and end it."""
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        await asyncio.gather(*(child.stop() for child in self._children))
        for sockets in self._sockets:
            for each in sockets.values():
                for one in each:
                    one.close()
        if self._memory >= 0:
            os.close(self._memory)
            self._memory = -1

    @property
    def pids(self) -> tuple[int, ...]:
        """Ids of the processes that run."""
        return tuple(child.pid for child in self._children if child.alive)

    def alive(self) -> bool:
        """Whether all of them run."""
        return all(child.alive for child in self._children)

    async def metrics(self) -> dict[str, str]:
        """Return what each process counted, in Prometheus' text format; what does not answer is left out."""
        texts = await asyncio.gather(*(child.metrics() for child in self._children))
        return {f"{self._role}-{number}": text for number, text in enumerate(texts) if text}


class _Child:
    """One process and the pipe to it."""

    def __init__(self, role: str, module: str, assignment: Assignment) -> None:
        self._role = role
        self._module = module
        self._assignment = assignment
        self._process: asyncio.subprocess.Process | None = None
        self._asking = asyncio.Lock()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    async def start(self) -> None:
        """Start it and wait until it listens."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            pass_fds=self._assignment.descriptors, limit=_LINE_OCTETS,
        )  # fmt: skip
        try:
            answer = await self._ask(self._assignment.to_line(), _READY_S)
        except (OSError, TimeoutError):
            answer = b""
        if answer != READY:
            await self.stop()
            raise ConfigurationError(
                f"{self._role} process {self._assignment.number} does not start; its log says why"
            )

    async def keep(self) -> None:
        """Start it again whenever it ends."""
        loop = asyncio.get_running_loop()
        early = 0
        while True:
            started = loop.time()
            code = await self._process.wait() if self._process else None
            early = early + 1 if loop.time() - started < _EARLY_S else 1
            _log.error(f"{self._role}-process-ended", process=self._assignment.number, code=code)
            await asyncio.sleep(_AGAIN_S[min(early, len(_AGAIN_S)) - 1])
            try:
                await self.start()
            except (ConfigurationError, OSError) as error:
                _log.error(f"{self._role}-process-not-started", error=type(error).__name__)

    async def stop(self) -> None:
        """Close its input, by which it ends; kill it where it does not."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _STOP_S)
        except TimeoutError:
            _log.error(f"{self._role}-process-killed", process=self._assignment.number)
            process.kill()
            await process.wait()

    async def metrics(self) -> str:
        try:
            answer = await self._ask(b"metrics\n", _ANSWER_S) if self.alive else b""
        except (OSError, TimeoutError):
            return ""
        return str(orjson.loads(answer)) if answer else ""

    async def _ask(self, line: bytes, seconds: float) -> bytes:
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - piped above
        async with self._asking, asyncio.timeout(seconds):
            process.stdin.write(line)
            await process.stdin.drain()
            return await process.stdout.readline()
