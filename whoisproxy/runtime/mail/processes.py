"""Several mail processes, so that more than one core takes and delivers mail.

The service opens the listening sockets, one for each process on the same port (SO_REUSEPORT), and keeps
them: a process that dies is started again, and whoever connects meanwhile waits instead of being refused.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Iterable, Mapping

import orjson
import structlog

from whoisproxy.config import ConfigurationError, Settings
from whoisproxy.runtime.mail.process import READY, Assignment
from whoisproxy.runtime.mail.role import listeners
from whoisproxy.runtime.mail.similar_texts import shared_memory

_log = structlog.get_logger()

_READY_S = 60.0
_STOP_S = 60.0
_ANSWER_S = 5.0
_AGAIN_S = (0.2, 1.0, 5.0)  # after the first, the second, and every later early death
_EARLY_S = 60.0
_LINE_OCTETS = 2**24


class MailProcesses:
    """Starts the mail processes and keeps them running.

    Attributes:
        ports: Where they listen, by name of the listener.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sockets: list[dict[str, socket.socket]] = []
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
        count = self._settings.smtp.processes
        try:
            self._sockets = _listen(self._settings, count)
            self._memory = shared_memory(self._settings)
            self.ports = {name: one.getsockname()[1] for name, one in self._sockets[0].items()}
            self._children = [
                _Child(self._settings, number, sockets, self._memory)
                for number, sockets in enumerate(self._sockets)
            ]
            await asyncio.gather(*(child.start() for child in self._children))
        except BaseException:
            await self.close()
            raise
        self._keeping = [asyncio.create_task(child.keep()) for child in self._children]

    async def close(self) -> None:
        """Let each finish what it has begun, and end it."""
        for task in self._keeping:
            task.cancel()
        await asyncio.gather(*self._keeping, return_exceptions=True)
        await asyncio.gather(*(child.stop() for child in self._children))
        for sockets in self._sockets:
            for one in sockets.values():
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
        return {f"mail-{number}": text for number, text in enumerate(texts) if text}


class _Child:
    """One process and the pipe to it."""

    def __init__(
        self, settings: Settings, number: int, sockets: Mapping[str, socket.socket], memory: int
    ) -> None:
        self._number = number
        descriptors = {name: one.fileno() for name, one in sockets.items()}
        self._assignment = Assignment(settings, number, descriptors, memory)
        self._inherited = (*descriptors.values(), memory)
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
            sys.executable, "-m", "whoisproxy.runtime.mail.process",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            pass_fds=self._inherited, limit=_LINE_OCTETS,
        )  # fmt: skip
        try:
            answer = await self._ask(self._assignment.to_line(), _READY_S)
        except (OSError, TimeoutError):
            answer = b""
        if answer != READY:
            await self.stop()
            raise ConfigurationError(f"mail process {self._number} does not start; its log says why")

    async def keep(self) -> None:
        """Start it again whenever it ends."""
        loop = asyncio.get_running_loop()
        early = 0
        while True:
            started = loop.time()
            code = await self._process.wait() if self._process else None
            early = early + 1 if loop.time() - started < _EARLY_S else 1
            _log.error("mail-process-ended", process=self._number, code=code)
            await asyncio.sleep(_AGAIN_S[min(early, len(_AGAIN_S)) - 1])
            try:
                await self.start()
            except (ConfigurationError, OSError) as error:
                _log.error("mail-process-not-started", error=type(error).__name__)

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
            _log.error("mail-process-killed", process=self._number)
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


def _listen(settings: Settings, count: int) -> list[dict[str, socket.socket]]:
    """Open each listener once for each process; port 0 is chosen once."""
    rows: list[dict[str, socket.socket]] = []
    chosen = dict(listeners(settings))
    try:
        for _ in range(count):
            row: dict[str, socket.socket] = {}
            rows.append(row)
            for name, (host, port) in chosen.items():
                row[name] = _listening(host, port)
                chosen[name] = (host, row[name].getsockname()[1])
    except OSError:
        _close(one for row in rows for one in row.values())
        raise
    return rows


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind((host, port))
        one.listen(512)
    except OSError:
        one.close()
        raise
    return one


def _close(sockets: Iterable[socket.socket]) -> None:
    for one in sockets:
        one.close()
