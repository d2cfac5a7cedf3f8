"""A service that is killed without warning, and started again."""

import os
import random
import signal
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from bench.processes import RunningService, service
from bench.report import running, tree

_STARTED = '"service-started"'
_START_S = 60
_ALONE_S = 30  # they finish what they have in hand
_LOOK_S = 0.1


class Victim:
    """`whoisproxy serve` with its child processes.

    Args:
        config: Its settings; they must let it log at level info.
        roles: As `--role` takes them; none for all.
        log: Where its log goes.

    Attributes:
        starts_s: How long each start took.
        outlived: Processes that went on without the one that had started them, and had to be killed.
    """

    def __init__(self, config: Path, roles: Sequence[str], log: Path) -> None:
        self._config = config
        self._roles = roles
        self._log = log
        self._closing = ExitStack()
        self._running: RunningService | None = None
        self.starts_s: list[float] = []
        self.outlived = 0

    def start(self) -> None:
        """Start it; returns when it works."""
        before, begun = self._starts(), time.monotonic()
        errors = self._closing.enter_context(self._log.open("a"))
        self._running = self._closing.enter_context(service(self._config, *self._roles, errors=errors))
        # A worker listens nowhere and says nothing but in its log.
        while self._starts() == before:
            if time.monotonic() > begun + _START_S:
                raise TimeoutError(f"{self._roles} did not start; see {self._log}")
            time.sleep(_LOOK_S)
        self.starts_s.append(time.monotonic() - begun)

    def kill(self) -> None:
        """End all its processes in the middle of whatever they do."""
        if self._running is not None:
            _kill(tree(self._running.pid))
        self.close()

    def kill_one(self, chance: random.Random) -> bool:
        """End one of its processes, chosen by chance; return whether it must be started again.

        A child is replaced by the service itself. Where the first one is hit, its children have to go by
        themselves.
        """
        assert self._running is not None
        pids = tree(self._running.pid)
        victim = chance.choice(pids)
        _kill([victim])
        if victim != self._running.pid:
            return False
        self.close()
        deadline = time.monotonic() + _ALONE_S
        while (left := running(pids)) and time.monotonic() < deadline:
            time.sleep(_LOOK_S)
        self.outlived += len(left)
        _kill(left)
        return True

    def close(self) -> None:
        """End it in good order where it still runs."""
        self._closing.close()
        self._running = None

    def _starts(self) -> int:
        return self._log.read_text().count(_STARTED) if self._log.exists() else 0


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
