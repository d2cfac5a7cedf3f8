"""Ask an engine without being held up by it: size, deadline, how many at once, circuit breaker, metrics.

Every question ends within its deadline, with a finding or with the reason why there is none. What follows
from there being none is decided elsewhere.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import structlog
from prometheus_client import Counter, Gauge, Histogram

from mailrelay.engines.breaker import Breaker, BreakerLimits, BreakerState
from mailrelay.engines.engine import Engine, EngineFault, Finding, Letter, LetterTooLarge

_ASKED = Counter(
    "mailrelay_engine_asked_total", "Messages for an engine, by how it went", ["engine", "outcome"]
)
_SECONDS = Histogram(
    "mailrelay_engine_seconds",
    "From a message's wish to be examined to the answer of an engine, or to none",
    ["engine"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
_BREAKER = Gauge(
    "mailrelay_engine_breaker", "Circuit breaker of an engine: 0 closed, 1 half-open, 2 open", ["engine"]
)
_ANSWERS = frozenset({"answered", "too-large"})
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """What an engine is given.

    Attributes:
        deadline_s: For a message, waiting for its turn included.
        size_octets: Larger messages are not sent to it.
        at_once: Messages that it has at the same time; others wait for their turn.
        breaker: When it is left alone.
    """

    deadline_s: float = 5.0
    size_octets: int = 25 * 1024 * 1024
    at_once: int = 8
    breaker: BreakerLimits = field(default_factory=BreakerLimits)


class Guard:
    """An engine, guarded.

    Args:
        engine: Is asked.
        limits: See there.
        monotonic: Seconds.
    """

    def __init__(
        self, engine: Engine, limits: GuardLimits, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = engine.name
        self._engine = engine
        self._limits = limits
        self._monotonic = monotonic
        self._turns = asyncio.Semaphore(limits.at_once)
        self._breaker = Breaker(limits.breaker, monotonic)
        self._works = True
        self._seconds, self._state = _SECONDS.labels(self.name), _BREAKER.labels(self.name)

    async def examine(self, letter: Letter) -> Finding:
        """Return what the engine says, within the deadline.

        Raises:
            EngineFault: It is left alone, has no turn, does not answer in time or not as it should.
            LetterTooLarge: It does not look at messages of this size.
        """
        begun_s, permit, outcome = self._monotonic(), None, "cancelled"
        try:
            self._look_at_size(letter)
            async with asyncio.timeout(self._limits.deadline_s), self._turns:
                permit = self._admitted()
                finding = await self._engine.examine(letter)
            outcome = "answered"
        except LetterTooLarge:
            outcome = "too-large"
            raise
        except EngineFault as fault:
            outcome = fault.reason
            raise
        except TimeoutError:
            outcome = "busy" if permit is None else "timed-out"
            raise EngineFault(outcome) from None
        except Exception:
            outcome = "broken"
            raise
        finally:
            self._ended(permit, outcome, begun_s)
        return finding

    def _look_at_size(self, letter: Letter) -> None:
        if len(letter.raw) > self._limits.size_octets:
            raise LetterTooLarge

    def _admitted(self) -> int:
        permit = self._breaker.admit()
        if permit is None:
            raise EngineFault("resting")
        self._state.set(self._breaker.state)
        return permit

    def _ended(self, permit: int | None, outcome: str, begun_s: float) -> None:
        _asked(self.name, outcome).inc()
        if permit is None:
            return
        self._seconds.observe(self._monotonic() - begun_s)
        if outcome == "cancelled":
            # The client has gone: that says nothing about the engine.
            self._breaker.withdraw(permit)
        else:
            self._breaker.settle(permit, answered=outcome in _ANSWERS)
        state = self._breaker.state
        self._state.set(state)
        works = state is BreakerState.CLOSED
        if works is not self._works:
            self._works = works
            _log.warning("engine-up" if works else "engine-down", engine=self.name, outcome=outcome)


@cache
def _asked(engine: str, outcome: str) -> Counter:
    return _ASKED.labels(engine, outcome)
