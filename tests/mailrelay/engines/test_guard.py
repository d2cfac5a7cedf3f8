"""Whatever an engine does, a message gets an answer in time: a finding, or why there is none."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from mailrelay.engines.breaker import BreakerLimits
from mailrelay.engines.clamav import ClamAv
from mailrelay.engines.engine import MOST_POINTS, Engine, EngineFault, Finding, Letter, LetterTooLarge, Scale
from mailrelay.engines.guard import Guard, GuardLimits
from mailrelay.engines.harmless import like_spam, of_size
from mailrelay.engines.rspamd import Rspamd
from mailrelay.engines.spamassassin import SpamAssassin
from tests.mailrelay.conftest import Clock
from tests.mailrelay.engines.odd_peer import (
    Behaviour,
    OddPeer,
    closes,
    hangs,
    odd_peer,
    reads_nothing,
    resets,
    says,
)

SHORT = GuardLimits(deadline_s=0.05)
PATIENT = GuardLimits(deadline_s=60)
JSON = b'{"score": %s, "action": "no action", "symbols": {}}'


def _http(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


Make = Callable[[OddPeer], Engine]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture(params=["clamav", "rspamd", "spamassassin"])
def make(request: pytest.FixtureRequest, session: aiohttp.ClientSession) -> Make:
    """What makes an engine that asks a peer, once of each kind."""
    makers: dict[str, Make] = {
        "clamav": lambda peer: ClamAv(peer.address),
        "rspamd": lambda peer: Rspamd(session, peer.url, Scale(6, 15), {}),
        "spamassassin": _assassin,
    }
    return makers[request.param]


def _assassin(peer: OddPeer) -> SpamAssassin:
    return SpamAssassin(peer.address, Scale(5, 10), "mx.relay.example", lambda: datetime.now(UTC))


@pytest.mark.parametrize("behaviour", [hangs, reads_nothing])
async def test_an_engine_that_hangs_is_given_up(make: Make, behaviour: Behaviour) -> None:
    async with odd_peer(behaviour) as peer:
        guard = Guard(make(peer), SHORT)
        for letter in (like_spam(), of_size(8_000_000)):
            with pytest.raises(EngineFault, match="timed-out"):
                await guard.examine(letter)


@pytest.mark.parametrize("behaviour", [closes, resets, says(b"x" * 2_000_000), says(b"\0\xff\r\n\r\n")])
@pytest.mark.parametrize("octets", [500, 4_000_000])
async def test_an_engine_that_breaks_off_or_babbles_is_a_fault(
    make: Make, behaviour: Behaviour, octets: int
) -> None:
    async with odd_peer(behaviour) as peer:
        with pytest.raises(EngineFault, match=r"not-reached|broke-off|not-understood"):
            await Guard(make(peer), PATIENT).examine(of_size(octets))


@pytest.mark.parametrize(
    "answer",
    [
        _http(b"try again", b"503 Service Unavailable"),
        _http(b"[]"),
        _http(b"{}"),
        _http(b"not JSON"),
        _http(JSON % b'"many"'),
        _http(JSON % b"null"),
        _http(JSON % b"1e999"),
        _http(b'{"score": 1, "action": [], "symbols": {}}'),
        _http(b'{"score": 1, "action": "reject", "symbols": {"A": 1}}'),
        _http(b" " * 1_500_000 + JSON % b"1"),
        _http(JSON % b"1")[:-1],
    ],
)
async def test_an_answer_that_is_none_of_rspamds_is_a_fault(
    session: aiohttp.ClientSession, answer: bytes
) -> None:
    async with odd_peer(says(answer)) as peer:
        with pytest.raises(EngineFault):
            await Rspamd(session, peer.url, Scale(6, 15), {}).examine(like_spam())


@pytest.mark.parametrize(
    "answer",
    [
        b"SPAMD/1.1 75 EX_TEMPFAIL\r\nContent-length: 0\r\n\r\n",
        b"SPAMD/1.1 79 Timeout: (300 second timeout while trying to CHECK)\r\n\r\n",
        b"SPAMD/1.1 0 EX_OK\r\nContent-length: 1\r\n\r\nA",
        b"SPAMD/1.1 0 EX_OK\r\nContent-length: 9\r\nSpam: True ; 9.0 / 5.0\r\n\r\nA",
        b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; nan / 5.0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
async def test_an_answer_that_is_none_of_spamds_is_a_fault(answer: bytes) -> None:
    async with odd_peer(says(answer)) as peer:
        with pytest.raises(EngineFault):
            await _assassin(peer).examine(like_spam())


@pytest.mark.parametrize(
    "answer", [b"stream: OK", b"stream: FOUND\0", b"stream: Access denied. ERROR\0", b"OK\0", b"\0"]
)
async def test_an_answer_that_is_none_of_clamds_is_a_fault(answer: bytes) -> None:
    async with odd_peer(says(answer)) as peer:
        with pytest.raises(EngineFault):
            await ClamAv(peer.address).examine(like_spam())


@pytest.mark.parametrize(
    ("signature", "finding"),
    [
        ("Win.Trojan.Agent-1", Finding(5.0, ("malware",), malware="Win.Trojan.Agent-1")),
        ("Email.Phishing.Own-2", Finding(5.0, ("phishing-signature",))),
        ("PUA.Win.Tool.Own-3", Finding(3.5, ("unwanted-program",))),
        ("Heuristics.Encrypted.PDF", Finding(3.5, ("encrypted-file",))),
        ("Doc.Dropper.Spammer-4", Finding(5.0, ("malware",), malware="Doc.Dropper.Spammer-4")),
    ],
)
async def test_clamavs_signatures_are_told_apart_by_their_words(signature: str, finding: Finding) -> None:
    async with odd_peer(says(b"stream: %s FOUND\0" % signature.encode())) as peer:
        assert await ClamAv(peer.address).examine(like_spam()) == finding


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["score", "action", "symbols", "A"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON_VALUES | st.fixed_dictionaries(dict.fromkeys(("score", "action", "symbols"), JSON_VALUES)))
async def test_any_json_is_a_finding_or_a_fault(session: aiohttp.ClientSession, said: object) -> None:
    rspamd = Rspamd(session, "http://127.0.0.1:1", Scale(6, 15), {"reject": 5.0})
    with suppress(EngineFault):
        found = rspamd.read(json.dumps(said).encode())
        assert 0 <= found.points <= MOST_POINTS


async def test_a_connection_to_rspamd_that_was_kept_may_have_ended(session: aiohttp.ClientSession) -> None:
    async def answers_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(_http(JSON % b"6"))
        await reader.read(65536)

    async with odd_peer(answers_once) as peer:
        rspamd = Rspamd(session, peer.url, Scale(6, 15), {})
        found = [await rspamd.examine(like_spam()) for _ in range(3)]
        assert [one.points for one in found] == [3.5] * 3


async def test_a_proxy_before_rspamd_may_find_a_message_too_large(session: aiohttp.ClientSession) -> None:
    async with odd_peer(says(_http(b"", b"413 Content Too Large"))) as peer:
        with pytest.raises(LetterTooLarge):
            await Rspamd(session, peer.url, Scale(6, 15), {}).examine(like_spam())


async def test_what_clamav_looked_at_in_part_counts_as_unseen() -> None:
    async with odd_peer(says(b"stream: Heuristics.Limits.Exceeded.MaxScanSize FOUND\0")) as peer:
        with pytest.raises(LetterTooLarge):
            await ClamAv(peer.address).examine(like_spam())


async def test_a_larger_message_is_not_sent(make: Make) -> None:
    async with odd_peer(hangs) as peer:
        with pytest.raises(LetterTooLarge):
            await Guard(make(peer), replace(SHORT, size_octets=1000)).examine(of_size(1001))
        assert peer.asked == 0


async def test_no_more_messages_at_once_than_the_engine_is_given() -> None:
    async with odd_peer(says(b"stream: OK\0")) as peer:
        guard = Guard(ClamAv(peer.address), replace(PATIENT, at_once=3))
        found = await asyncio.gather(*(guard.examine(like_spam()) for _ in range(30)))
        assert found == [Finding()] * 30
        assert peer.at_once <= 3


class Told:
    """An engine in this process that does as it is told."""

    name = "told"

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.asked = 0
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def examine(self, letter: Letter) -> Finding:
        del letter
        self.asked += 1
        await self.goes_on.wait()
        if self.error:
            raise self.error
        return Finding()


def _guard(engine: Engine, clock: Clock, limits: GuardLimits = PATIENT) -> Guard:
    limits = replace(limits, breaker=BreakerLimits(failures=3, rest_s=10))
    return Guard(engine, limits, lambda: clock.now.timestamp())  # noqa: PLW0108 - `now` is replaced


async def _faults(guard: Guard, count: int) -> list[str]:
    found = []
    for _ in range(count):
        with pytest.raises(EngineFault) as fault:
            await guard.examine(like_spam())
        found.append(fault.value.reason)
    return found


async def test_an_engine_that_fails_again_and_again_is_left_alone_and_tried_by_one(clock: Clock) -> None:
    engine = Told()
    guard = _guard(engine, clock)
    engine.error = EngineFault("not-reached")
    with capture_logs() as logs:
        assert await _faults(guard, 5) == ["not-reached"] * 3 + ["resting"] * 2
        assert engine.asked == 3
        assert REGISTRY.get_sample_value("mailrelay_engine_breaker", {"engine": "told"}) == 2
        clock.advance(10)
        assert await _faults(guard, 2) == ["not-reached", "resting"]
        clock.advance(10)
        engine.error = None
        engine.goes_on.clear()
        probe = asyncio.create_task(guard.examine(like_spam()))
        await asyncio.sleep(0)
        assert await _faults(guard, 1) == ["resting"]
        engine.goes_on.set()
        assert await probe == Finding()
        assert await guard.examine(like_spam()) == Finding()
    assert REGISTRY.get_sample_value("mailrelay_engine_breaker", {"engine": "told"}) == 0
    assert [one["event"] for one in logs] == ["engine-down", "engine-up"]


async def test_a_client_that_goes_away_says_nothing_about_the_engine(clock: Clock) -> None:
    engine = Told()
    guard = _guard(engine, clock)
    engine.error = EngineFault("not-reached")
    await _faults(guard, 3)
    clock.advance(10)
    engine.goes_on.clear()
    probe = asyncio.create_task(guard.examine(like_spam()))
    await asyncio.sleep(0)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    engine.error = None
    engine.goes_on.set()
    assert await guard.examine(like_spam()) == Finding()


async def test_what_is_too_large_for_an_engine_does_not_count_against_it(clock: Clock) -> None:
    engine = Told()
    guard = _guard(engine, clock)
    engine.error = LetterTooLarge()
    for _ in range(5):
        with pytest.raises(LetterTooLarge):
            await guard.examine(like_spam())
    assert engine.asked == 5


async def test_who_gets_no_turn_in_time_says_nothing_about_the_engine(clock: Clock) -> None:
    engine = Told()
    guard = _guard(engine, clock, replace(SHORT, at_once=1))
    async with guard._turns:
        assert await _faults(guard, 5) == ["busy"] * 5
    assert engine.asked == 0
    assert await guard.examine(like_spam()) == Finding()


async def test_a_fault_of_ours_opens_the_breaker_too(clock: Clock) -> None:
    engine = Told()
    guard = _guard(engine, clock)
    engine.error = ZeroDivisionError()
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await guard.examine(like_spam())
    assert await _faults(guard, 1) == ["resting"]
