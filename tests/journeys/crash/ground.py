"""Where the crash test plays: registry and service as processes of their own, some of which are killed."""

import asyncio
import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.installation import configure, import_all, register_all
from bench.processes import RunningRegistry, RunningService, add_registrar, free_port, registry, service
from tests.journeys.crash.plan import Plan

# A domain ending for each mechanism that changes contacts at the registry, the usual one more often.
_SUFFIXES = ("org", "org", "org", "eu", "ca")

_STARTED = '"service-started"'
_START_S = 60
_LOOK_S = 0.1


class Victim:
    """A process of the service that is killed without warning, and started again."""

    def __init__(self, config: Path, roles: Sequence[str], log: Path) -> None:
        self._config = config
        self._roles = roles
        self._log = log
        self._closing = ExitStack()
        self._running: RunningService | None = None

    def start(self) -> None:
        """Start it; returns when it works."""
        before = self._starts()
        errors = self._closing.enter_context(self._log.open("a"))
        self._running = self._closing.enter_context(service(self._config, *self._roles, errors=errors))
        deadline = time.monotonic() + _START_S
        # A worker listens nowhere and says nothing but in its log.
        while self._starts() == before:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._roles} did not start; see {self._log}")
            time.sleep(_LOOK_S)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        if self._running is not None:
            os.kill(self._running.pid, signal.SIGKILL)
        self.close()

    def close(self) -> None:
        """End it in good order where it still runs."""
        self._closing.close()

    def _starts(self) -> int:
        return self._log.read_text().count(_STARTED) if self._log.exists() else 0


@dataclass(frozen=True, slots=True)
class Ground:
    """The started processes.

    Attributes:
        api: Address of the API. On PostgreSQL it lives through it all; on SQLite it dies with the worker.
    """

    registry: RunningRegistry
    domains: tuple[str, ...]
    api: str
    api_key: str
    victims: tuple[Victim, ...]

    async def kill_until(self, enough: asyncio.Event, plan: Plan, chance: random.Random) -> int:
        """Kill one of the victims now and then, and start it again; return how often, once it is enough."""
        kills = 0
        while not enough.is_set() or kills < plan.least_kills:
            await asyncio.sleep(plan.kill_every_s * chance.uniform(0.5, 1.5))
            victim = chance.choice(self.victims)
            # In a thread: what the owners ask meanwhile must not wait.
            await asyncio.to_thread(victim.kill)
            await asyncio.to_thread(victim.start)
            kills += 1
        return kills


@contextmanager
def ground(plan: Plan, folder: Path, database: str) -> Iterator[Ground]:
    """Start everything, every domain registered and its privacy off; end it.

    Args:
        plan: How many domains, workers and faults.
        folder: An empty one.
        database: URL; on SQLite one process is API and worker at once.
    """
    domains = tuple(f"crash-{number}.{_SUFFIXES[number % len(_SUFFIXES)]}" for number in range(plan.domains))
    suffixes = sorted(set(_SUFFIXES))
    embedded = database.startswith("sqlite:")
    with ExitStack() as stack:
        share = f"--disconnect-share={plan.disconnect_share}"
        sandbox = stack.enter_context(registry(folder / "registry", suffixes, [], share))
        asyncio.run(register_all(sandbox, domains))
        port = free_port() if embedded else 0
        config = configure(
            *(folder, sandbox, suffixes),
            sessions=plan.sessions,
            database=database,
            api_port=port,
            log_level="info",
        )
        api_key = add_registrar(config)
        import_all(config, domains)
        if embedded:
            victims = [Victim(config, ("api", "worker"), folder / "log-0")]
            api = f"http://127.0.0.1:{port}"
        else:
            victims = [
                Victim(config, ("worker",), folder / f"log-{number}") for number in range(plan.workers)
            ]
            errors = stack.enter_context((folder / "log-api").open("w"))
            api = stack.enter_context(service(config, "api", errors=errors)).api
        for victim in victims:
            stack.callback(victim.close)
            victim.start()
        yield Ground(sandbox, domains, api, api_key, tuple(victims))
