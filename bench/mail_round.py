"""One mail server after the other gets the same letters: what is measured of each in a round."""

import asyncio
import random
import re
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.mail_load import CountingSink, FinishedLetter, send
from bench.peers import Peer
from bench.report import cpu_s, pss_mib
from whoisproxy.demo.mail_sink import MailSink

# What is still to be written down after the last delivery belongs to the round as well.
_SETTLE_S = 0.5
_SAMPLE_S = 30


@dataclass(slots=True)
class Figures:
    """What was measured of a server in one mode, round by round.

    Attributes:
        accepted: Messages a second until the last was answered with 250.
        delivered: Messages a second until the last was at the sink.
        cpu_ms: Of all processes of the server, for each message.
    """

    accepted: list[float] = field(default_factory=list)
    delivered: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def medians(self) -> dict[str, float]:
        """Return one figure of each."""
        return {
            "accepted_per_s": round(statistics.median(self.accepted), 1),
            "delivered_per_s": round(statistics.median(self.delivered), 1),
            "cpu_ms": round(statistics.median(self.cpu_ms), 2),
        }


@dataclass(slots=True)
class Measured:
    """A server, its memory in MiB (PSS), and its figures by mode."""

    peer: Peer
    idle_mib: float = 0.0
    busy_mib: float = 0.0
    figures: dict[str, Figures] = field(default_factory=dict)

    async def warm_up(
        self, sink: CountingSink, letters: Sequence[FinishedLetter], count: int, *, kept: bool
    ) -> None:
        """Let caches fill and processes start; look at the memory before and while there is work."""
        self.idle_mib = self.idle_mib or pss_mib(*self.peer.pids)
        goal = sink.count + count
        await send(self.peer.port, letters, count, kept=kept)
        self.busy_mib = max(self.busy_mib, pss_mib(*self.peer.pids))
        await sink.wait_for(goal)

    async def round(
        self, mode: str, sink: CountingSink, letters: Sequence[FinishedLetter], count: int, *, kept: bool
    ) -> None:
        """Send so many messages and wait until all have arrived."""
        goal = sink.count + count
        before, start = cpu_s(*self.peer.pids), time.perf_counter()
        accepted, delivered = await asyncio.gather(
            send(self.peer.port, letters, count, kept=kept), sink.wait_for(goal)
        )
        await asyncio.sleep(_SETTLE_S)
        assert sink.count == goal, f"{self.peer.title}: {sink.count - goal} letters arrived more than once"
        figures = self.figures.setdefault(mode, Figures())
        figures.accepted.append(count / (accepted - start))
        figures.delivered.append(count / (delivered - start))
        figures.cpu_ms.append((cpu_s(*self.peer.pids) - before) / count * 1e3)


async def prove(peers: Sequence[Peer], letters: Sequence[FinishedLetter], sink_port: int) -> None:
    """Look at a letter that each server delivers: without its proofs it would be measured for less work."""
    async with MailSink(sink_port) as sink:
        for number, peer in enumerate(peers):
            chosen = random.Random(number).choice(letters)  # noqa: S311 - any will do
            before = len(sink.messages)
            await send(peer.port, [chosen], 1, kept=True)
            delivered = (await sink.wait_for(before + 1, timeout_s=_SAMPLE_S))[-1]
            assert delivered.recipients != (chosen.recipient,), f"{peer.title} does not forward"
            text = delivered.raw.decode()
            for proof in peer.proof:
                assert re.search(proof, text, re.DOTALL), f"{peer.title}: no {proof} in {text}"
