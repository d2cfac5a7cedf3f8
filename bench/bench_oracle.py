"""Can a stranger tell addresses apart by the time of their answers? RCPT and end of DATA over loopback.

The service runs in a process of its own, with its database, queue and deliveries; the client in another does
nothing else. Every case comes once a round, in random order, with a letter of its own; the pauses between
letters are random and long enough for the delivery of the one before. Each case is compared with the first of
its stage, a spoofer's with that of an impostor: he pretends to be another in the owner's domain, and his
signature fails alike. That is done by ranks and by distribution, corrected for the number of comparisons; 1 %
is the level of all together. `control` is the first case again with a known delay added by the client,
`reference again` without.
`detectable` is the smallest delay that the rank test finds in 9 of 10 samples of that size, by resampling the
reference. `next command` is no promise: a NOOP right behind the answer waits while the process delivers.

Prints a table and JSON; with `--json` only JSON.
"""

import argparse
import asyncio
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.oracle.cases import REFUSED, TAKEN, Place, Senders, populate, publish
from bench.oracle.client import Client, Timed, dotted
from bench.oracle.statistics import detectable, distribution_test, holm, rank_test
from bench.peers.postfix import find
from bench.processes import accepts, printing_port, service, stop_by_signal
from bench.relay import RelaySettings
from bench.report import report
from whoisproxy.config import load
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.demo.ports import free_port
from whoisproxy.observability import configure_logging
from whoisproxy.runtime.core import open_core

_EACH = 4  # addresses of a kind
_LEVEL = 0.01
_SHIFTS_US = (2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 2000, 5000)
_WARM_UP = 5
_COMMANDS_A_SESSION = 8  # more refusals than this and the server begins to pause
_AGAIN = "reference again"
_OTHERS = (
    *(("owner", "relay"), ("owner", "reply")),
    *(("impostor", "relay"), ("impostor", "reply"), ("spoofer", "relay"), ("spoofer", "reply")),
)
# What a letter with a signature that fails is compared with.
_FAILING = "impostor to relay"
_FAILS = ("impostor", "spoofer")

Samples = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Case:
    """What is done and timed.

    Attributes:
        kind: Of the address.
        spun_us: Delay that the client adds.
    """

    name: str
    sender: str
    kind: str
    spun_us: float = 0


@dataclass(frozen=True, slots=True)
class Ground:
    """A running service, its addresses by kind, and who writes to them."""

    port: int
    places: Mapping[str, Sequence[Place]]
    senders: Senders


def _taken(control_us: Sequence[float]) -> list[Case]:
    return [
        *(Case(f"stranger to {kind}", "stranger", kind) for kind in TAKEN),
        *(Case(f"{sender} to {kind}", sender, kind) for sender, kind in _OTHERS),
        Case(_AGAIN, "stranger", next(iter(TAKEN))),
        *(Case(f"control +{us:g}", "stranger", next(iter(TAKEN)), us) for us in control_us),
    ]


def _refused(control_us: Sequence[float]) -> list[Case]:
    return [
        *(Case(f"stranger to {kind}", "stranger", kind) for kind in REFUSED),
        Case(_AGAIN, "stranger", next(iter(REFUSED))),
        *(Case(f"control +{us:g}", "stranger", next(iter(REFUSED)), us) for us in control_us),
    ]


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Start all servers."""
    with ExitStack() as stack:
        names = stack.enter_context(printing_port("bench.oracle.names", str(folder)))
        # The name server made the keys; one that is never started reads them for us.
        senders = publish(DnsServer(), folder)
        sink = stack.enter_context(_sink())
        config = RelaySettings(names, sink).write(folder)
        places = asyncio.run(_populated(config))
        running = stack.enter_context(service(config))
        yield Ground(running.ports["smtp"], places, senders)


async def _populated(config: Path) -> dict[str, list[Place]]:
    async with open_core(load(config, {})) as core:
        return await populate(core, _EACH)


@contextmanager
def _sink() -> Iterator[int]:
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([find("smtp-sink") or "smtp-sink", "-4", *user, f"127.0.0.1:{port}", "1000"])
    try:
        while not accepts(port):
            assert process.poll() is None, "smtp-sink does not listen"
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


Take = Callable[[Case, random.Random], Mapping[str, Timed]]


def measure(cases: Sequence[Case], rounds: int, take: Take) -> tuple[dict[str, Samples], set[str]]:
    """Return the times by stage and case, and the answers without queue ids.

    Args:
        cases: One sample of each is taken in each round.
        rounds: How many.
        take: Takes one sample, a time for each of its stages.
    """
    chance = random.Random(1)  # noqa: S311 - an order, no secret
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    answers = set()
    for number in range(-_WARM_UP, rounds):
        for case in chance.sample(cases, len(cases)):
            for stage, timed in take(case, chance).items():
                answers.add(f"{stage}: {timed.answer.partition('msg_')[0]}")
                if number >= 0:
                    found[stage][case.name].append(timed.took_us)
    return {stage: dict(samples) for stage, samples in found.items()}, answers


class Rcpt:
    """Takes samples of RCPT alone."""

    def __init__(self, where: Ground, stage: str) -> None:
        self._where = where
        self._stage = stage
        self._client: Client | None = None
        self._left = 0

    def __call__(self, case: Case, chance: random.Random) -> Mapping[str, Timed]:
        """Take one sample."""
        if self._client is None or not self._left:
            if self._client is not None:
                self._client.close()
            self._client, self._left = Client(self._where.port), _COMMANDS_A_SESSION
        self._left -= 1
        place = chance.choice(self._where.places[case.kind])
        reverse_path, _ = self._where.senders.letter(case.sender, place, chance)
        self._client.say(f"MAIL FROM:<{reverse_path}>")
        time.sleep(chance.uniform(0.0005, 0.002))
        timed = self._client.send(f"RCPT TO:<{place.address}>\r\n".encode(), case.spun_us)
        self._client.say("RSET")
        return {self._stage: timed}


def data(where: Ground, pause_s: float, case: Case, chance: random.Random) -> Mapping[str, Timed]:
    """Take one sample of a whole message, in a session of its own."""
    place = chance.choice(where.places[case.kind])
    reverse_path, raw = where.senders.letter(case.sender, place, chance)
    client = Client(where.port)
    try:
        client.say(f"MAIL FROM:<{reverse_path}>")
        client.say(f"RCPT TO:<{place.address}>")
        client.say("DATA")
        time.sleep(chance.uniform(pause_s / 4, pause_s))
        timed = client.send(dotted(raw), case.spun_us)
        after = client.send(b"NOOP\r\n")
        time.sleep(chance.uniform(pause_s / 2, pause_s))
    finally:
        client.close()
    return {"end of DATA": timed, "next command": after}


def rows_of(stage: str, samples: Samples) -> list[dict[str, object]]:
    """Return a row for each case of a stage, beside its reference."""
    reference, *others = samples
    first = samples[reference]
    beside = {name: samples[_FAILING] if name.startswith(_FAILS) else first for name in samples}
    added = [name for name in others if name.startswith("control")]
    real = [name for name in others if name not in {_FAILING, *added}]
    ranks = holm({name: rank_test(beside[name], samples[name]) for name in real})
    shapes = holm({name: distribution_test(beside[name], samples[name]) for name in real})
    controls = {name: rank_test(first, samples[name]) * len(real) for name in added}
    chance = random.Random(2)  # noqa: S311 - resampling
    found = detectable(first, _SHIFTS_US, _LEVEL / len(real), chance)
    return [
        {
            "stage": stage,
            "case": name,
            "n": len(times),
            "median_us": round(statistics.median(times), 1),
            "difference_us": round(statistics.median(times) - statistics.median(beside[name]), 1),
            "p_ranks": _p((ranks | controls).get(name)),
            "p_distribution": _p(shapes.get(name)),
            "told_apart": min((ranks | controls).get(name, 1.0), shapes.get(name, 1.0)) < _LEVEL,
            "detectable_us": found if name == reference else None,
        }
        for name, times in samples.items()
    ]


def _p(value: float | None) -> float | None:
    return None if value is None else float(f"{min(value, 1.0):.2g}")


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--rcpt", type=int, default=2000, help="samples of a case at RCPT (default %(default)s)"
    )
    parser.add_argument("--data", type=int, default=500, help="the same at the end of DATA")
    parser.add_argument("--pause-ms", type=float, default=20, help="longest pause around a letter")
    parser.add_argument("--control-us", type=float, nargs="*", default=[20.0, 100.0, 500.0])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if find("smtp-sink") is None:
        print("nothing was measured, it takes Postfix's smtp-sink", file=sys.stderr)
        return
    configure_logging("error", "json")
    stop_by_signal()
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory(prefix="bench-oracle-") as folder, ground(Path(folder)) as where:
        taken, refused = _taken(options.control_us), _refused(options.control_us)
        for cases, rounds, take in (
            (taken, options.rcpt, Rcpt(where, "RCPT, taken")),
            (refused, options.rcpt, Rcpt(where, "RCPT, refused")),
            (taken, options.data, partial(data, where, options.pause_ms / 1000)),
        ):
            found, answers = measure(cases, rounds, take)
            for stage, samples in found.items():
                rows += rows_of(stage, {case.name: samples[case.name] for case in cases})
            print(f"answers: {sorted(answers)}", file=sys.stderr)
    print(f"load average before the end: {os.getloadavg()}", file=sys.stderr)
    report("answers of addresses, microseconds", rows)


if __name__ == "__main__":
    main()
