"""What each part of a message's way through the relay costs, alone, and what all the others cost without it.

The letters are those of `bench_mail`: 4 KiB, signed with RSA-2048, each with a text of its own; DNS answers
are cached. Sixteen are under way at the same time. What a part needs of the parts before it is made
beforehand and not counted. CPU is that of the process with its threads, of the quickest of some rounds,
since the machine does other things too; messages a second are what one core would do at that. The queue
writes for real. Not measured here: SMTP, directory, delivery (`bench_smtp_server`, `bench_mail_directory`,
`bench_client`).

Prints a table and JSON; with `--json` only JSON.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.mail_load import SENDER, letter
from bench.mail_names import SENDER_DOMAIN
from bench.peers import RELAY_DOMAIN
from bench.processes import printing_port, stop_by_signal
from bench.relay import RelaySettings, fill
from bench.report import report
from mailrelay.authentication import authenticate, results_header
from mailrelay.authentication.arc_sealing import Findings
from mailrelay.authentication.results import (
    AuthenticationResults,
    DmarcPolicy,
    DmarcResult,
    Result,
    SpfResult,
)
from mailrelay.checks.chains import CheckLimits, build_chains
from mailrelay.checks.stages import ConnectionContext, MessageContext, SenderContext
from mailrelay.delivery.signing import Signer
from mailrelay.directory import MailPolicy, RelayRoute
from mailrelay.message import RawMessage
from mailrelay.queue.entry import Direction, NewMessage
from mailrelay.rewriting.forward import ForwardFacts, author_of, rewrite_forward
from whoisproxy.config import load
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.demo.mail_actors import MailDomain
from whoisproxy.observability import configure_logging
from whoisproxy.runtime.core import Core, open_core
from whoisproxy.runtime.mail.names import resolver_of

_ROUNDS = 3
_LETTERS = 160
_TOGETHER = 16
_PEER_IP, _HELO, _HOST = "127.0.0.1", "mx.offers.example", "mx.relay.example"

_RESULTS = f"{_HOST};\r\n\tspf=pass smtp.mailfrom={SENDER_DOMAIN}"
_WITH_ARC = "DKIM sign and ARC seal"
_FINDINGS = Findings(_RESULTS, Result.NONE)
_SENDER = SenderContext(ConnectionContext(_PEER_IP), _HELO, SENDER)
_PROVEN = AuthenticationResults(
    SpfResult(Result.PASS, SENDER_DOMAIN),
    (),
    DmarcResult(Result.PASS, DmarcPolicy.REJECT, SENDER_DOMAIN, "spf"),
    (SENDER,),
)

_Part = Callable[[RawMessage], Awaitable[object] | object]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the parts work with."""

    core: Core
    signer: Signer
    address: str
    owner_id: str
    relay_id: str

    def table(self) -> dict[str, _Part]:
        """Return the parts that work on one message, in the order of its way."""
        resolver = resolver_of(self.core.settings)
        now = datetime.now(UTC)
        limits = CheckLimits(messages_per_minute=10**9, octets_per_minute=10**12)
        chain = build_chains(limits, lambda: datetime.now(UTC)).message
        return {
            "parse": lambda message: RawMessage.parse(message.raw),
            "SPF, DKIM, DMARC": lambda message: authenticate(message, _PEER_IP, _HELO, SENDER, resolver, now),
            "all checks, content score": lambda message: chain.run(
                MessageContext(_SENDER, (self.route,), message, _PROVEN)
            ),
            "rewrite": lambda message: rewrite_forward(message, author_of(message, SENDER), self._facts(now)),
            "DKIM sign": self.signer.sign,
            _WITH_ARC: lambda message: self.signer.sign(message, _FINDINGS),
            "enqueue": lambda message: self.core.queue.enqueue([self._new(message)]),
        }

    @property
    def route(self) -> RelayRoute:
        """The route of the address that is written to."""
        return RelayRoute(self.relay_id, self.owner_id, "bench-0.net", self.address, MailPolicy.FILTER)

    def _facts(self, now: datetime) -> ForwardFacts:
        return ForwardFacts(
            domain="bench-0.net",
            relay_address=self.address,
            reply_address=f"reply@{RELAY_DOMAIN}",
            relay_host=_HOST,
            authentication=_RESULTS,
            verdicts=(),
            queue_id="msg_1",
            received_at=now,
        )

    def _new(self, message: RawMessage) -> NewMessage:
        return NewMessage(
            direction=Direction.FORWARD,
            owner_id=self.owner_id,
            relay_id=self.relay_id,
            recipient=self.address,
            reverse_path=SENDER,
            raw=message.raw,
            size_octets=len(message.raw),
        )


async def measure(config: Path, address: str, sender: MailDomain) -> list[dict[str, object]]:
    """Return a row for each part."""
    settings = load(config, {})
    async with open_core(settings) as core:
        owner_id, relay_id = await _owner(core, address)
        key = settings.keys.folder / "bench-dkim.pem"
        signer = Signer.load_or_create(key, RELAY_DOMAIN, "bench", lambda: datetime.now(UTC))
        parts = Parts(core, signer, address, owner_id, relay_id)
        chance = random.Random(1)  # noqa: S311 - texts
        messages = [
            RawMessage.parse(sender.sign(letter(address, str(number), chance))) for number in range(_LETTERS)
        ]
        await _prove(messages[0], core)
        table = parts.table()
        # Sealing is off by default, and its row signs, too: it stands for itself.
        sealing = table.pop(_WITH_ARC)
        rows = [
            {"part": "all of them", **_figures("", await _best(list(table.values()), messages))},
            {"part": _WITH_ARC, **_figures("", await _best([sealing], messages))},
        ]
        for name, part in table.items():
            others = [each for each in table.values() if each is not part]
            alone, rest = await _best([part], messages), await _best(others, messages)
            rows.append({"part": name, **_figures("", alone), **_figures("without_", rest)})
        return rows


def _figures(prefix: str, cpu_s: float) -> dict[str, object]:
    return {f"{prefix}cpu_ms": round(cpu_s * 1e3, 3), f"{prefix}per_s": round(1 / cpu_s)}


async def _owner(core: Core, address: str) -> tuple[str, str]:
    """Return the id of the registrant behind a relay address, and that of the address."""
    local_part, _, domain = address.partition("@")
    async with core.storage.reading() as uow:
        relay = await uow.relays.by_local_part(local_part, domain)
        assert relay is not None
        registration = await uow.registrations.by_id(relay.domain_id)
        assert registration is not None
        return registration.registrant_id, relay.id


async def _prove(message: RawMessage, core: Core) -> None:
    """Look whether authentication finds what it should: a failure would be measured for less work."""
    resolver = resolver_of(core.settings)
    results = await authenticate(message, _PEER_IP, _HELO, SENDER, resolver, datetime.now(UTC))
    text = results_header(results, _HOST)
    assert all(f"{method}=pass" in text for method in ("spf", "dkim", "dmarc")), text


async def _best(parts: Sequence[_Part], messages: Sequence[RawMessage]) -> float:
    """Return the CPU seconds for each message in the quickest round; the first one only warms up."""
    rounds = []
    for _ in range(_ROUNDS + 1):
        start = time.process_time()
        for at in range(0, len(messages), _TOGETHER):
            await asyncio.gather(*(_walk(parts, message) for message in messages[at : at + _TOGETHER]))
        rounds.append((time.process_time() - start) / len(messages))
    return min(rounds[1:])


async def _walk(parts: Sequence[_Part], message: RawMessage) -> None:
    for part in parts:
        done = part(message)
        if isinstance(done, Awaitable):
            await done


def main() -> None:
    """Measure and report."""
    configure_logging("error", "json")
    stop_by_signal()
    with (
        tempfile.TemporaryDirectory(prefix="bench-mail-parts-") as folder,
        printing_port("bench.mail_names", folder) as names,
    ):
        # The name server made the key; one that is never started reads it for us.
        sender = MailDomain.publish(DnsServer(), SENDER_DOMAIN, Path(folder))
        config = RelaySettings(names, sink=1).write(Path(folder))
        [address] = fill(config, 1)
        rows = asyncio.run(measure(config, address, sender))
    report("Parts of a message's way", rows)


if __name__ == "__main__":
    main()
