"""What engines cost a message: time until the checks of the message stage have decided, CPU of both sides.

Letters of 4 KiB go through the chain of message checks in this process, as at the end of DATA without SMTP:
first one by one (milliseconds), then as many at once as an engine is given (messages a second). Rspamd has
one worker and SpamAssassin two children, both with Debian's rules that need no network. ClamAV has a few
signatures of our own, so that its figure is that of the conversation and of reading MIME; official signatures
come on top. `large` is one message of 20 MiB through ClamAV alone.

`--letters 300` sets how many; SpamAssassin gets a tenth.
"""

import argparse
import asyncio
import random
import resource
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime

import aiohttp

from bench.mail_load import letter
from bench.processes import stop_by_signal
from bench.report import cpu_s, report
from mailrelay.authentication.authenticate import without_dns
from mailrelay.checks.chain import Chain
from mailrelay.checks.chains import CheckLimits, build_chains
from mailrelay.checks.engine import SKIPPED, EngineCheck, WhenDown
from mailrelay.checks.stages import ConnectionContext, MessageContext, SenderContext
from mailrelay.checks.verdict import Action
from mailrelay.directory import MailPolicy, RelayRoute
from mailrelay.engines.clamav import ClamAv
from mailrelay.engines.engine import Engine, Scale
from mailrelay.engines.guard import Guard, GuardLimits
from mailrelay.engines.rspamd import Rspamd
from mailrelay.engines.spamassassin import SpamAssassin
from mailrelay.message import RawMessage
from tests.support import engines
from tests.support.engines import EngineDaemon

_AT_ONCE = 8
_WARM_UP = 20
_ROUTE = RelayRoute("relay_1", "owner_1", "shop.example", "q7x@relay.example", MailPolicy.FORWARD)
_SENDER = SenderContext(ConnectionContext("192.0.2.1"), "mx.offers.example", "ada@offers.example")
_LIMITS = GuardLimits(deadline_s=9, at_once=_AT_ONCE)
_SETS = ((), ("clamav",), ("rspamd",), ("spamassassin",), ("clamav", "rspamd"))


def _now() -> datetime:
    return datetime.now(UTC)


def _contexts(count: int, name: str) -> list[MessageContext]:
    chance = random.Random(name)  # noqa: S311 - texts, not secrets
    raws = [letter(_ROUTE.address, f"{name}-{number}", chance) for number in range(count)]
    messages = [RawMessage.parse(raw) for raw in raws]
    return [MessageContext(_SENDER, (_ROUTE,), one, without_dns(one)) for one in messages]


async def _judge(chain: Chain[MessageContext], context: MessageContext) -> None:
    decision = await chain.run(context)
    assert decision.action < Action.DEFER
    assert not any(one.reason.startswith(SKIPPED) for one in decision.verdicts)


async def _row(
    names: Sequence[str], asked: Mapping[str, Engine], daemons: Mapping[str, EngineDaemon], count: int
) -> dict[str, object]:
    checks = [EngineCheck(Guard(asked[name], _LIMITS), WhenDown.DEFER) for name in names]
    chain = build_chains(CheckLimits(octets_per_minute=10**12), _now, engines=checks).message
    title = " + ".join(names) or "none"
    if SpamAssassin.name in names:
        count = max(count // 10, _AT_ONCE)
    for context in _contexts(_WARM_UP, "warm"):
        await _judge(chain, context)
    taken_ms = []
    for context in _contexts(count, title):
        begun = time.perf_counter()
        await _judge(chain, context)
        taken_ms.append(1000 * (time.perf_counter() - begun))
    contexts = _contexts(count, f"{title} at once")
    pids = [daemons[name].pid for name in names]
    theirs_s, ours_s, begun = cpu_s(*pids), _own_cpu_s(), time.perf_counter()
    for first in range(0, count, _AT_ONCE):
        await asyncio.gather(*(_judge(chain, context) for context in contexts[first : first + _AT_ONCE]))
    seconds = time.perf_counter() - begun
    return {
        "engines": title,
        "median ms": round(statistics.median(taken_ms), 2),
        "95 % ms": round(statistics.quantiles(taken_ms, n=20)[-1], 2),
        "messages/s": round(count / seconds),
        "our CPU ms": round(1000 * (_own_cpu_s() - ours_s) / count, 2),
        "their CPU ms": round(1000 * (cpu_s(*pids) - theirs_s) / count, 2),
    }


def _own_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _large_ms(clam: Engine) -> float:
    """Return the best of three times in which a message of 20 MiB was looked at."""
    raw = _contexts(1, "large")[0].message.raw + b"Some words in a long line.\r\n" * 750_000
    context = MessageContext(_SENDER, (_ROUTE,), RawMessage.parse(raw), without_dns(RawMessage.parse(raw)))
    check = EngineCheck(Guard(clam, _LIMITS), WhenDown.DEFER)
    best = float("inf")
    for _ in range(3):
        begun = time.perf_counter()
        assert await check(context) is None
        best = min(best, 1000 * (time.perf_counter() - begun))
    return best


async def _measure(daemons: Mapping[str, EngineDaemon], count: int) -> list[dict[str, object]]:
    async with aiohttp.ClientSession() as session:
        asked: dict[str, Engine] = {
            "clamav": ClamAv(daemons["clamav"].address),
            "rspamd": Rspamd(session, daemons["rspamd"].address, Scale(6, 15), {}),
            "spamassassin": SpamAssassin(
                daemons["spamassassin"].address, Scale(5, 10), "mx.relay.example", _now
            ),
        }
        rows = [await _row(names, asked, daemons, count) for names in _SETS]
        large: dict[str, object] = dict.fromkeys(rows[0])
        large |= {"engines": "clamav, large", "median ms": round(await _large_ms(asked["clamav"]), 1)}
        return [*rows, large]


def main() -> None:
    """Start the engines, measure, print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--letters", type=int, default=300)
    arguments.add_argument("--json", action="store_true")
    count = arguments.parse_args().letters
    stop_by_signal()
    if absent := engines.missing():
        print(f"engines: not measured, {absent} is not installed (make services)")
        return
    with ExitStack() as stack:
        daemons = {
            "clamav": stack.enter_context(engines.clamd(most_octets=32 * 1024 * 1024)),
            "rspamd": stack.enter_context(engines.rspamd(debian_rules=True)),
            "spamassassin": stack.enter_context(engines.spamd(debian_rules=True)),
        }
        report("engines", asyncio.run(_measure(daemons, count)))


if __name__ == "__main__":
    main()
