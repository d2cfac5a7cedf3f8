"""Mail through the relay, beside Postfix that only forwards by alias: messages per second, CPU per message.

Both get the same letters in the same run (4 KiB, signed, each its own text) over 4 sessions at a time, in
rounds that alternate, and hand them to the same sink. The relay does all it does: SPF, DKIM, DMARC, every
check, encrypted queue on SQLite with a synced commit before it says 250, rewriting, signing. Every letter
must arrive once. Prints a table and JSON; with `--json` only JSON; `--messages N` for other than 200 a round.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench import postfix
from bench.mail_load import Envelope, Sink, letters, send
from bench.mail_names import SENDER_DOMAIN
from bench.processes import RunningService, add_registrar, printing_port, service, stop_by_signal
from bench.report import cpu_s, report
from whoisproxy.demo.backend import Backend
from whoisproxy.demo.cast import REGISTRANT
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.demo.mail_actors import MailDomain
from whoisproxy.observability import configure_logging

_LIMIT_S = 300
_ROUNDS = 3
_SESSIONS = 4
_DOMAIN = "bench-mail.net"
_CONSENT = {"by": "account 4711, panel", "at": "2026-11-24T09:00:00Z", "text_version": "2026-01"}
_MODES = {"kept": True, "one each": False}
_CONFIGURATION = """
[database]
url = "sqlite:///whoisproxy.sqlite3"
[keys]
folder = "keys"
[api]
port = 0
[rdap]
port = 0
[whois]
port = 0
[smtp]
port = 0
hostname = "mx.relay.example"
connections_per_address = 100
[dns]
nameservers = ["127.0.0.1:{names}"]
[delivery]
smarthost = "127.0.0.1:{sink}"
smarthost_tls = "none"
[relay]
domain = "relay.example"
[limits]
connections_per_minute = 1000000
messages_per_minute = 1000000
[log]
level = "error"
"""


@dataclass(slots=True)
class Peer:
    """A mail server and what was measured on it, by mode."""

    title: str
    pid: int
    port: int
    accepted: dict[str, list[float]] = field(default_factory=dict)
    delivered: dict[str, list[float]] = field(default_factory=dict)
    cpu_ms: dict[str, list[float]] = field(default_factory=dict)


async def measure(folder: Path, count: int) -> list[dict[str, object]]:
    """Start everything, alternate, and return a row for each peer and mode."""
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(Sink())
        names = stack.enter_context(printing_port("bench.mail_names", str(folder)))
        # The name server made the key; a server that is never started gives it to us, too.
        sender = MailDomain.publish(DnsServer(), SENDER_DOMAIN, folder)
        config = folder / "whoisproxy.toml"
        config.write_text(_CONFIGURATION.format(names=names, sink=sink.port))
        api_key = add_registrar(config)
        running = stack.enter_context(service(config))
        address = await _relay_address(running, api_key)
        peers = [Peer("whoisproxy", running.pid, running.ports["smtp"])]
        if not postfix.available():
            forwarder = stack.enter_context(postfix.alias_forwarder(sink.port))
            peers.append(Peer("Postfix, alias only", forwarder.pid, forwarder.port))
        # The first round only warms up.
        for number in range(_ROUNDS + 1):
            for mode in _MODES:
                for place, peer in enumerate(peers):
                    name = f"{number}-{mode[:3]}-{place}"
                    envelopes = letters(sender, address, name, count if number else count // 4)
                    await _round(peer, mode if number else "", sink, address, envelopes)
        repeated = [reference for reference, times in sink.seen.items() if times > 1]
        assert not repeated, f"{len(repeated)} letters arrived more than once"
        return [_row(peer, mode, count) for mode in _MODES for peer in peers]


async def _relay_address(running: RunningService, api_key: str) -> str:
    """Return the address of a domain whose privacy is on; nothing of it is at a registry."""
    async with aiohttp.ClientSession() as http:
        backend = Backend(http, running.api, api_key)
        body = {"registrant": REGISTRANT, "registrant_verified": True, "nameservers": []}
        await backend.call("PUT", f"/v1/domains/{_DOMAIN}", body)
        wish = {"enabled": True, "consent": _CONSENT}
        reply = await backend.call("PUT", f"/v1/domains/{_DOMAIN}/privacy", wish)
        assert reply.status == 202, reply.body
        ended = await backend.finished(reply.body["operation"]["id"])
        assert ended["state"] == "done", ended
        privacy = (await backend.call("GET", f"/v1/domains/{_DOMAIN}/privacy")).body
        return str(privacy["published_contacts"]["registrant"]["email"])


async def _round(peer: Peer, mode: str, sink: Sink, address: str, envelopes: list[Envelope]) -> None:
    """Send all and wait for all; note the figures unless the mode is ""."""
    cpu, start = cpu_s(peer.pid), time.perf_counter()
    kept = _MODES.get(mode, True)
    sending = send(peer.port, address, envelopes, kept=kept, sessions=_SESSIONS)
    accepted, delivered = await asyncio.gather(sending, sink.wait_for(envelopes))
    used = cpu_s(peer.pid) - cpu
    if mode:
        count = len(envelopes)
        peer.accepted.setdefault(mode, []).append(count / (accepted - start))
        peer.delivered.setdefault(mode, []).append(count / (delivered - start))
        peer.cpu_ms.setdefault(mode, []).append(used / count * 1e3)


def _row(peer: Peer, mode: str, count: int) -> dict[str, object]:
    return {
        "server": peer.title,
        "sessions": mode,
        "messages": count * _ROUNDS,
        "accepted_per_s": round(statistics.median(peer.accepted[mode]), 1),
        "delivered_per_s": round(statistics.median(peer.delivered[mode]), 1),
        "cpu_ms": round(statistics.median(peer.cpu_ms[mode]), 2),
    }


async def _bounded(folder: Path, count: int) -> list[dict[str, object]]:
    async with asyncio.timeout(_LIMIT_S):
        return await measure(folder, count)


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure_logging("error", "json")
    stop_by_signal()
    with tempfile.TemporaryDirectory(prefix="bench-mail-") as folder:
        try:
            rows = asyncio.run(_bounded(Path(folder), options.messages))
        except TimeoutError:
            sys.exit(f"letters did not arrive within {_LIMIT_S} seconds")
    report(f"Mail, {_SESSIONS} sessions at a time", rows)
    if reason := postfix.available():
        print(f"Postfix was not measured: {reason}", file=sys.stderr)


if __name__ == "__main__":
    main()
