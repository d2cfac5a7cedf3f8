"""Run a mail storm: senders send, processes are killed, the sink fails; then everything is judged."""

import asyncio
import random
import statistics
import time
from contextlib import suppress
from pathlib import Path

from tests.journeys.mailstorm.ground import Ground, ground
from tests.journeys.mailstorm.plan import Plan
from tests.journeys.mailstorm.senders import Senders
from tests.journeys.mailstorm.sink import Sink
from tests.journeys.mailstorm.verdict import Evidence, duplicates, judge, missing
from tests.journeys.report import Report

# A copy of what has arrived may still be under way.
_AFTERMATH_S = 2.0


def run(plan: Plan, folder: Path, engine: str = "sqlite") -> Report:
    """Carry the plan out in an empty folder."""
    with ground(plan, folder, engine=engine) as where:
        return asyncio.run(_run(plan, where))


async def _run(plan: Plan, where: Ground) -> Report:
    chance = random.Random(plan.seed)  # noqa: S311 - chance of a test
    senders = Senders(where.port, tuple(where.mailboxes), chance)
    async with Sink(where.sink_port, chance, plan.fault_share, 2 * plan.timeout_s) as sink:
        begun = time.monotonic()
        kills = await _storm(plan, where, senders, chance)
        over = time.monotonic()
        # Bad luck must not keep a message from arriving in the time that is left.
        sink.fault_share = 0.0

        left = missing(senders.taken, sink.arrivals)
        with suppress(TimeoutError):
            async with asyncio.timeout(plan.settle_s):
                await _settle(sink, set(left))
        settled = time.monotonic()
        await asyncio.sleep(_AFTERMATH_S)
        evidence = Evidence(
            senders.taken, where.mailboxes, sink.arrivals, senders.refused, where.victim.outlived
        )
        figures = {
            "messages answered 250": len(senders.taken),
            "messages that arrived": len({arrival.message.mark for arrival in sink.arrivals}),
            **duplicates(evidence),
            **{f"kills: {what}": count for what, count in kills.items()},
            "seconds of a start, median": round(statistics.median(where.victim.starts_s), 1),
            "seconds of the storm": round(over - begun, 1),
            "messages on their way then": len(left),
            "seconds until all had arrived": round(settled - over, 1),
            **{f"sender: {what}": count for what, count in sorted(senders.outcomes.items())},
            **{f"sink: {what}": count for what, count in sorted(sink.faults.items())},
        }
        return Report(figures, judge(evidence))


async def _storm(plan: Plan, where: Ground, senders: Senders, chance: random.Random) -> dict[str, int]:
    """Send and kill until both are done; return what was killed how often."""
    enough = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(senders.send_until(enough, plan.sessions, plan.smtp_source))
        kills = await where.kill(plan, chance)
        await senders.wait_for(plan.messages)
        enough.set()
    return kills


async def _settle(sink: Sink, left: set[int]) -> None:
    """Wait until all that are left have arrived."""
    seen = 0
    while left:
        sink.arrived.clear()
        left -= {mark for arrival in sink.arrivals[seen:] if (mark := arrival.message.mark) is not None}
        seen = len(sink.arrivals)
        if left:
            await sink.arrived.wait()
