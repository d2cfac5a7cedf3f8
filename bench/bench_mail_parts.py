"""What each part of a message's way through the relay costs, each alone, in CPU for each message.

The letters are those of `bench_mail`: 4 KiB, signed with RSA-2048, each with a text of its own; DNS answers
are cached. What a part needs of the parts before it is made beforehand and not counted. CPU is that of the
process with its threads, of the quickest of several rounds, since the machine does other things too. The
queue writes for real, alone and for sixteen that ask at the same time.

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
from mailrelay.authentication.results import Result
from mailrelay.content.reading import read_content
from mailrelay.content.score import score
from mailrelay.delivery.signing import Signer
from mailrelay.message import RawMessage
from mailrelay.queue.entry import Direction, NewMessage
from mailrelay.rewriting.forward import ForwardFacts, author_of, rewrite_forward
from whoisproxy.config import load
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.demo.mail_actors import MailDomain
from whoisproxy.observability import configure_logging
from whoisproxy.runtime.core import Core, open_core
from whoisproxy.runtime.mail.names import resolver_of

_ROUNDS = 5
_LETTERS = 160
_TOGETHER = 16
_PEER_IP, _HELO, _HOST = "127.0.0.1", "mx.offers.example", "mx.relay.example"

_RESULTS = f"{_HOST};\r\n\tspf=pass smtp.mailfrom={SENDER_DOMAIN}"
_FINDINGS = Findings(_RESULTS, Result.NONE)

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
        return {
            "parse": lambda message: RawMessage.parse(message.raw),
            "SPF, DKIM, DMARC": lambda message: authenticate(message, _PEER_IP, _HELO, SENDER, resolver, now),
            "read and score the content": lambda message: score(message, read_content(message)),
            "rewrite": lambda message: rewrite_forward(message, author_of(message, SENDER), self._facts(now)),
            "DKIM sign": self.signer.sign,
            "DKIM sign and ARC seal": lambda message: self.signer.sign(message, _FINDINGS),
            "enqueue, one at a time": lambda message: self.core.queue.enqueue([self._new(message)]),
        }

    async def enqueue_together(self, messages: Sequence[RawMessage]) -> None:
        """Queue messages of transactions that end at the same time."""
        await asyncio.gather(*(self.core.queue.enqueue([self._new(message)]) for message in messages))

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
        rows = [{"part": name, "cpu_us": await _best(part, messages)} for name, part in parts.table().items()]
        batches = [messages[at : at + _TOGETHER] for at in range(0, _LETTERS, _TOGETHER)]
        together = await _best(parts.enqueue_together, batches)
        return [*rows, {"part": f"enqueue, {_TOGETHER} at a time", "cpu_us": round(together / _TOGETHER, 1)}]


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


async def _best(part: Callable[..., object], inputs: Sequence[object]) -> float:
    """Return the CPU microseconds for each input in the quickest round; the first one only warms up."""
    rounds = []
    for _ in range(_ROUNDS + 1):
        start = time.process_time()
        for each in inputs:
            done = part(each)
            if isinstance(done, Awaitable):
                await done
        rounds.append((time.process_time() - start) / len(inputs) * 1e6)
    return round(min(rounds[1:]), 1)


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
