"""Mail through the relay beside its peers: messages a second, CPU a message, memory, in the same rounds.

The peers are Postfix that only forwards by alias, Postfix with opendkim that verifies and signs, and Haraka.
All get the same signed letters of 4 KiB over 20 sessions from `smtp-source` and hand them to the same
`smtp-sink`, in rounds that alternate, with sessions kept and with a session for each message. The relay does
all it does: SPF, DKIM and DMARC on cached DNS, every check, encrypted queue with a synced commit before it
says 250, rewriting, signing. CPU is that of all processes of a server, PostgreSQL's included where the relay
runs on that.

Prints a table and JSON; with `--json` only JSON. `--help` lists what can be varied.
"""

import argparse
import asyncio
import os
import random
import runpy
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.mail_load import SESSIONS, FinishedLetter, counting_sink, write_letters
from bench.mail_names import SENDER_DOMAIN
from bench.mail_round import Measured, prove
from bench.peers import Peer
from bench.peers.haraka import haraka
from bench.peers.haraka import missing as haraka_missing
from bench.peers.opendkim import missing as opendkim_missing
from bench.peers.opendkim import postfix_with_opendkim
from bench.peers.postfix import missing as postfix_missing
from bench.peers.postfix import postfix
from bench.processes import printing_port, stop_by_signal
from bench.relay import RelaySettings, relay
from bench.report import report
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.demo.mail_actors import MailDomain
from whoisproxy.demo.ports import free_port
from whoisproxy.observability import configure_logging

_LIMIT_S = 3600
_MODES = {"kept": True, "one each": False}
_SEALED = r"\AARC-Seal:.*\bcv=none\b"
_UNSIGNED = r"\A(?!.*DKIM-Signature)"
_PEERS = {
    "postfix": postfix_missing,
    "opendkim": lambda: postfix_missing() or opendkim_missing(),
    "haraka": haraka_missing,
}


@dataclass(frozen=True, slots=True)
class Ground:
    """What runs: the relay first, then its peers; their letters, and where everything is delivered."""

    peers: Sequence[Peer]
    letters: Sequence[FinishedLetter]
    sink_port: int
    folder: Path


@contextmanager
def ground(options: argparse.Namespace, folder: Path) -> Iterator[Ground]:
    """Start all servers."""
    with ExitStack() as stack:
        sink_port = free_port()
        names = stack.enter_context(printing_port("bench.mail_names", str(folder)))
        # The name server made the key; one that is never started reads it for us.
        sender = MailDomain.publish(DnsServer(), SENDER_DOMAIN, folder)
        settings = _settings(options, names, sink_port)
        if options.crypto == "off":
            _take_crypto_out()
        ours, addresses = stack.enter_context(
            relay(folder, settings, options.engine, options.addresses, options.queued)
        )
        if options.arc:
            ours = replace(ours, title=f"{ours.title}, ARC", proof=(*ours.proof, _SEALED))
        if options.crypto == "off":
            ours = replace(ours, title=f"{ours.title}, no crypto", proof=(_UNSIGNED,))
        chosen = random.Random(1).sample(list(addresses), options.recipients)  # noqa: S311 - any will do
        others = _peers(stack, options.peers, chosen, sink_port, sender)
        signer = sender if options.crypto == "on" else None
        yield Ground([ours, *others], write_letters(folder / "letters", signer, chosen), sink_port, folder)


async def measure(options: argparse.Namespace, where: Ground) -> list[Measured]:
    """Look whether each server does its part, warm them up, and let them take turns."""
    letters = where.letters
    await prove(where.peers, letters, where.sink_port)
    measured = [Measured(peer) for peer in where.peers]
    async with counting_sink(where.sink_port) as sink:
        for kept in _MODES.values():
            for each in measured:
                await each.warm_up(sink, letters, options.messages // 2, kept=kept)
        for _ in range(options.rounds):
            for mode, kept in _MODES.items():
                for each in measured:
                    await each.round(mode, sink, letters, options.messages, kept=kept)
    return measured


def _settings(options: argparse.Namespace, names: int, sink: int) -> RelaySettings:
    smtp = {"connections_per_address": "100"}
    if options.processes:
        smtp["processes"] = str(options.processes)
    sealing = {"arc_sealing": "true"} if options.arc else {}
    return RelaySettings(names, sink, smtp=smtp, authentication=sealing)


def _take_crypto_out() -> None:
    """Take encryption and signing out of this process, and of all that it starts from now on."""
    folder = Path(__file__).with_name("crypto_off")
    os.environ["PYTHONPATH"] = str(folder)
    runpy.run_path(str(folder / "sitecustomize.py"))


def _peers(
    stack: ExitStack, wanted: Sequence[str], addresses: Sequence[str], sink: int, sender: MailDomain
) -> list[Peer]:
    """Start those that are wanted and installed."""
    aliases = {address: f"owner-{number}@home.example" for number, address in enumerate(addresses)}
    starts = {
        "postfix": lambda: postfix(aliases, sink),
        "opendkim": lambda: postfix_with_opendkim(aliases, sink, sender.dns_record()),
        "haraka": lambda: haraka(aliases, sink),
    }
    return [stack.enter_context(starts[name]()) for name in wanted if not _PEERS[name]()]


def _row(
    each: Measured, mode: str, all_of_them: Sequence[Measured], options: argparse.Namespace
) -> dict[str, object]:
    row: dict[str, object] = {
        "server": each.peer.title,
        "sessions": mode,
        "messages": options.messages * options.rounds,
        **each.figures[mode].medians(),
        "idle_mib": each.idle_mib,
        "busy_mib": each.busy_mib,
    }
    mine = each.figures[mode].medians()["delivered_per_s"]
    for other in all_of_them[1:]:
        theirs = other.figures[mode].medians()["delivered_per_s"]
        row[f"x {other.peer.title}"] = round(mine / theirs, 2) if each is all_of_them[0] else None
    return row


async def _bounded(options: argparse.Namespace, where: Ground) -> list[Measured]:
    async with asyncio.timeout(_LIMIT_S):
        return await measure(options, where)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=2000, help="in a round (default %(default)s)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--processes", type=int, help="of the relay that take mail")
    parser.add_argument("--addresses", type=int, default=1000, help="that the relay has")
    parser.add_argument(
        "--recipients", type=int, default=SESSIONS, help="addresses that are written to, with a text each"
    )
    parser.add_argument(
        "--queued", type=int, default=0, help="messages that wait in the relay's queue and are not due"
    )
    parser.add_argument("--peers", nargs="*", choices=list(_PEERS), default=list(_PEERS), help="default all")
    parser.add_argument(
        "--crypto",
        choices=["on", "off"],
        default="on",
        help="off: letters without signature, no signing, no encryption; opendkim would have nothing to do",
    )
    parser.add_argument("--arc", action="store_true", help="the relay seals with ARC, too")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.crypto == "off":
        options.peers = [name for name in options.peers if name != "opendkim"]
    return options


def main() -> None:
    """Measure and report."""
    options = _options()
    if reason := postfix_missing():
        print(
            f"mail was not measured, it takes Postfix's smtp-source and smtp-sink: {reason}", file=sys.stderr
        )
        return
    configure_logging("error", "json")
    stop_by_signal()
    with tempfile.TemporaryDirectory(prefix="bench-mail-") as folder, ground(options, Path(folder)) as where:
        measured = asyncio.run(_bounded(options, where))
    rows = [_row(each, mode, measured, options) for mode in _MODES for each in measured]
    report(f"Mail over {SESSIONS} sessions", rows)
    for name in options.peers:
        if reason := _PEERS[name]():
            print(f"{name} was not measured: {reason}", file=sys.stderr)


if __name__ == "__main__":
    main()
