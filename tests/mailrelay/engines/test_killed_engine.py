"""An engine is killed while mail comes in: nothing is lost, nothing passes as if it had been seen.

Each letter breaks a rule of Rspamd, and every other one carries what ClamAV takes for malware: so the record
of a letter shows which engines have seen it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from mailrelay.checks.chains import CheckLimits
from mailrelay.checks.engine import SKIPPED, EngineCheck, WhenDown
from mailrelay.engines.breaker import BreakerLimits
from mailrelay.engines.clamav import ClamAv
from mailrelay.engines.engine import Scale
from mailrelay.engines.guard import Guard, GuardLimits
from mailrelay.engines.rspamd import Rspamd
from mailrelay.queue.entry import MessageRecord, State
from tests.mailrelay.world import OWNER_MAILBOX, RELAY_ADDRESS, STRANGER, World, open_world
from tests.support import engines
from tests.support.engines import MARKER, EngineDaemon
from whoisproxy.demo.mail_actors import Letter, send

pytestmark = pytest.mark.slow

_LIMITS = GuardLimits(deadline_s=9, breaker=BreakerLimits(failures=3, rest_s=0.2))
_AT_ONCE = 6
_PHASE = 24  # letters while all is well, while an engine is down, and after
_PATIENCE_S = 60.0
_EVIDENCE = {"rspamd": "our-own-rule", "clamav": "malware"}


@pytest.fixture
def daemons() -> Iterator[dict[str, EngineDaemon]]:
    """Engines that may be killed."""
    with engines.rspamd() as rspamd, engines.clamd() as clamd:
        yield {"rspamd": rspamd, "clamav": clamd}


@asynccontextmanager
async def _world(folder: Path, daemons: dict[str, EngineDaemon], when_down: WhenDown) -> AsyncIterator[World]:
    async with aiohttp.ClientSession() as session:
        asked = (
            ClamAv(daemons["clamav"].address),
            Rspamd(session, daemons["rspamd"].address, Scale(6, 15), {}),
        )
        checks = [EngineCheck(Guard(engine, _LIMITS), when_down) for engine in asked]
        limits = CheckLimits(messages_per_minute=100_000, connections_per_minute=100_000)
        async with open_world(folder, checks=limits, engines=checks) as world:
            yield world


@dataclass
class Correspondence:
    """Letters of a stranger, by what was said to them.

    Attributes:
        taken: Subject of a letter, by the id that it got.
        deferred: Letters that are to come again.
        took_one: Set when one was taken.
    """

    world: World
    taken: dict[str, str] = field(default_factory=dict)
    deferred: list[Letter] = field(default_factory=list)
    took_one: asyncio.Event = field(default_factory=asyncio.Event)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def send(self, letters: Sequence[Letter]) -> None:
        """Send letters, a few at the same time."""
        await asyncio.gather(*(self._send(letter) for letter in letters))

    async def _send(self, letter: Letter) -> None:
        async with self._turns:
            answer = await send(
                self.world.port, STRANGER, RELAY_ADDRESS, self.world.offers.sign(letter.raw())
            )
        if answer.code == 250:
            self.taken[answer.text.split()[-1]] = letter.subject
            self.took_one.set()
        else:
            assert str(answer) == "451 4.3.0 Please try again later"
            self.deferred.append(letter)

    async def records(self) -> dict[str, MessageRecord]:
        """Return what the queue has written down, by id."""
        records = await self.world.store.of_relay(["relay_1"], 10_000)
        return {record.id: record for record in records if record.id in self.taken}

    async def settled(self) -> None:
        """Every letter was taken once, and either is held as malware or has arrived."""
        records = await self.records()
        assert records.keys() == self.taken.keys()
        assert len(set(self.taken.values())) == len(self.taken)
        held = {self.taken[key] for key, one in records.items() if one.state is State.QUARANTINED}
        await self.world.settle()
        arrived = [one for one in self.world.sink.messages if OWNER_MAILBOX in one.recipients]
        assert len(arrived) == len(self.taken) - len(held)


def _letters(phase: str) -> list[Letter]:
    return [
        Letter(
            f"Ada Buyer <{STRANGER}>",
            RELAY_ADDRESS,
            f"our-own-rule {phase} {number} {'bad' if number % 2 else 'good'}",
            MARKER.decode() if number % 2 else "Is it for sale?\n",
        )
        for number in range(_PHASE)
    ]


async def _while_killed(daemon: EngineDaemon, letters: Correspondence) -> None:
    """Send letters and kill the engine in the midst of them; then send more that find it down."""
    first = asyncio.create_task(letters.send(_letters("killed")))
    letters.took_one.clear()
    await letters.took_one.wait()
    await asyncio.to_thread(daemon.kill)
    await first
    await letters.send(_letters("down"))


def _seen_by(engine: str, record: MessageRecord) -> bool:
    return any((one.check, one.reason) == (engine, _EVIDENCE[engine]) for one in record.verdicts)


def _skipped(engine: str, record: MessageRecord) -> bool:
    return any((one.check, one.reason) == (engine, SKIPPED) for one in record.verdicts)


def _must_see(engine: str, subject: str) -> bool:
    return engine == "rspamd" or subject.endswith("bad")


@pytest.mark.parametrize("killed", ["rspamd", "clamav"])
async def test_with_defer_every_letter_is_judged_or_comes_again(
    tmp_path: Path, daemons: dict[str, EngineDaemon], killed: str
) -> None:
    async with _world(tmp_path, daemons, WhenDown.DEFER) as world:
        letters = Correspondence(world)
        await letters.send(_letters("well"))
        assert letters.deferred == []
        await _while_killed(daemons[killed], letters)
        assert len(letters.deferred) >= _PHASE
        await asyncio.to_thread(daemons[killed].start)
        async with asyncio.timeout(_PATIENCE_S):
            while letters.deferred:  # the breaker lets one try, then all
                again, letters.deferred = letters.deferred, []
                await letters.send(again)
        await letters.send(_letters("after"))
        assert len(letters.taken) == 4 * _PHASE
        for key, record in (await letters.records()).items():
            for engine in _EVIDENCE:
                assert _seen_by(engine, record) is _must_see(engine, letters.taken[key])
                assert not _skipped(engine, record)
        await letters.settled()


@pytest.mark.parametrize("killed", ["rspamd", "clamav"])
async def test_with_skip_every_letter_is_taken_and_the_unseen_ones_are_noted(
    tmp_path: Path, daemons: dict[str, EngineDaemon], killed: str
) -> None:
    async with _world(tmp_path, daemons, WhenDown.SKIP) as world:
        letters = Correspondence(world)
        await letters.send(_letters("well"))
        await _while_killed(daemons[killed], letters)
        await asyncio.to_thread(daemons[killed].start)
        async with asyncio.timeout(_PATIENCE_S):
            while not await _newest_is_seen(letters, killed):
                await letters.send(_letters(f"tried {len(letters.taken)}"))
        await letters.send(_letters("after"))
        assert letters.deferred == []
        for key, record in (await letters.records()).items():
            subject = letters.taken[key]
            for engine in _EVIDENCE:
                seen, skipped = _seen_by(engine, record), _skipped(engine, record)
                assert not (seen and skipped)
                assert seen or skipped or not _must_see(engine, subject)
                assert not skipped or engine == killed
            if "down" in subject:
                assert _skipped(killed, record)
            if "well" in subject or "after" in subject:
                assert not _skipped(killed, record)
        await letters.settled()


async def _newest_is_seen(letters: Correspondence, engine: str) -> bool:
    """Whether the engine has seen any letter that was sent since it runs again."""
    records = await letters.records()
    return any("tried" in letters.taken[key] and _seen_by(engine, one) for key, one in records.items())
