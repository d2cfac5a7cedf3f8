"""Where a mail storm plays: name server, service, perhaps PostgreSQL, as processes of their own."""

import asyncio
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.processes import printing_port
from bench.relay import RelaySettings, fill
from tests.journeys.mailstorm.plan import Plan
from tests.journeys.victim import Victim
from tests.support.postgres import PostgresServer, postgres_server
from whoisproxy.demo.ports import free_port

# Quick, and long enough for messages that meet many faults in a row.
_RETRY_AFTER_S = [*[1] * 5, *[3] * 200]
_DOWN_S = 2.0


@dataclass(frozen=True, slots=True)
class Ground:
    """The started processes.

    Attributes:
        port: Of the service.
        sink_port: Where it delivers; nobody listens there yet.
        mailboxes: The owner's mailbox behind each relay address.
    """

    port: int
    sink_port: int
    mailboxes: Mapping[str, str]
    victim: Victim
    postgres: PostgresServer | None

    async def kill(self, plan: Plan, chance: random.Random) -> dict[str, int]:
        """Kill as often as planned, in an order of chance; return how often what was hit."""
        ways = {
            "everything": self.kill_everything,
            "one process": self.kill_one,
            "database": self.kill_database,
        }
        single = round(plan.kills * plan.single_share)
        counts = {
            "everything": plan.kills - single,
            "one process": single,
            "database": plan.database_kills,
        }
        for what in chance.sample(list(counts), sum(counts.values()), counts=list(counts.values())):
            await asyncio.sleep(plan.kill_every_s * chance.uniform(0.2, 1.8))
            # In a thread: senders and sink must go on meanwhile.
            await asyncio.to_thread(ways[what], chance)
        return counts

    def kill_everything(self, _chance: random.Random) -> None:
        """Kill the service and start it again."""
        self.victim.kill()
        self.victim.start()

    def kill_one(self, chance: random.Random) -> None:
        """Kill one process of the service; where it was the first one, start the service again."""
        if self.victim.kill_one(chance):
            self.victim.start()

    def kill_database(self, chance: random.Random) -> None:
        """Kill the database, leave it down for a moment, and start it again."""
        assert self.postgres is not None
        self.postgres.kill()
        time.sleep(chance.uniform(0, _DOWN_S))
        self.postgres.start()


@contextmanager
def ground(plan: Plan, folder: Path, *, engine: str = "sqlite") -> Iterator[Ground]:
    """Start everything but the sink; end it.

    Args:
        plan: How many addresses and processes.
        folder: An empty one.
        engine: `sqlite` or `postgresql`; the latter is a server of its own, since it is killed as well.
    """
    with ExitStack() as stack:
        server = stack.enter_context(postgres_server(durable=True)) if engine == "postgresql" else None
        settings = RelaySettings(
            names=stack.enter_context(printing_port("bench.mail_names", str(folder))),
            sink=free_port(),
            port=free_port(),
            log_level="info",
            smtp={"connections_per_address": "100", **_processes(plan)},
            delivery={"timeout_s": str(plan.timeout_s), "retry_after_s": str(_RETRY_AFTER_S)},
        )
        if server is not None:
            settings = replace(settings, database=server.url(server.new_database()))
        config = settings.write(folder)
        mailboxes = fill(config, plan.addresses)
        victim = Victim(config, (), folder / "log")
        stack.callback(victim.close)
        victim.start()
        yield Ground(settings.port, settings.sink, mailboxes, victim, server)


def _processes(plan: Plan) -> dict[str, str]:
    return {"processes": str(plan.processes)} if plan.processes else {}
