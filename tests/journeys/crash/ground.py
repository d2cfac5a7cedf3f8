"""Where the crash test plays: registry and service as processes of their own, some of which are killed."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.installation import configure, import_all, register_all
from bench.processes import RunningRegistry, add_registrar, registry, service
from tests.journeys.crash.plan import Plan
from tests.journeys.victim import Victim
from whoisproxy.demo.ports import free_port

# A domain ending for each mechanism that changes contacts at the registry, the usual one more often.
_SUFFIXES = ("org", "org", "org", "eu", "ca")


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
