"""CPU of each part between "message received" and "octets to send", in process, without sockets.

Each part runs alone over different messages of 4 KiB of each kind (`mail_kinds`); the fastest of some rounds
counts, in milliseconds of CPU a message. The directory stands on SQLite with 1,000 and with more relay
addresses and is asked by 20 at a time, each for another address. Not measured here: SMTP, authentication,
queue, delivery. Prints a table and JSON; with `--json` only JSON; `--addresses N` for other than 1,000,000.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cryptography.hazmat.primitives.asymmetric import rsa

from bench.mail_directory import RELAY_DOMAIN, filled_storage
from bench.mail_kinds import KINDS, messages
from bench.report import report
from mailrelay.addresses import BounceAddresses
from mailrelay.authentication.results import (
    AuthenticationResults,
    DkimResult,
    DmarcPolicy,
    DmarcResult,
    Result,
    SpfResult,
)
from mailrelay.checks.chains import CheckLimits, build_chains
from mailrelay.checks.stages import ConnectionContext, MessageContext, RecipientContext, SenderContext
from mailrelay.content.reading import read_content
from mailrelay.content.score import score
from mailrelay.content.similarity import sketch
from mailrelay.delivery.preparation import Preparation
from mailrelay.delivery.signing import Signer
from mailrelay.directory import Delivery, MailPolicy, Owner, RelayRoute, ReplyRoute
from mailrelay.dsn_request import NOTHING_ASKED
from mailrelay.identity import Identity
from mailrelay.message import RawMessage
from mailrelay.queue.entry import Direction, NoteOfVerdict, QueuedMessage
from mailrelay.rewriting.threads import AnswerIds
from whoisproxy.runtime.mail.cipher import MailCipher
from whoisproxy.services.mailbox_health import MailboxHealth
from whoisproxy.services.relay_directory import RelayDirectory

if TYPE_CHECKING:
    from mailrelay.queue.store import QueueStore

_ADDRESS = f"7h2k9mmq4rtvwxyz0123@{RELAY_DOMAIN}"
_ROUTE = RelayRoute("rel_1", "reg_1", "example-bakery.org", _ADDRESS, MailPolicy.FILTER)
_OWNER = Owner("reg_1", ("zoe@home.example",), Identity(("zoe@home.example",), ("Zoë Müller",)), "en")
_SENDER = SenderContext(ConnectionContext("192.0.2.7"), "out.offers.example", "ada@offers.example")
_PASSED = AuthenticationResults(
    SpfResult(Result.PASS, "offers.example"),
    (DkimResult(Result.PASS, "offers.example", "mail"),),
    DmarcResult(Result.PASS, DmarcPolicy.REJECT, "offers.example", "dkim"),
    ("ada@offers.example",),
)
_HEADER = "mx.relay.example; spf=pass smtp.mailfrom=offers.example; dkim=pass header.d=offers.example"
_MESSAGES = 200
_ROUNDS = 5
_SESSIONS = 20
_LOOKUPS = 2_000


def _now() -> datetime:
    return datetime.now(UTC)


class _OneAddress:
    """A directory that knows one address, so that what rewriting costs is measured alone."""

    async def find(self, _recipient: str) -> RelayRoute | ReplyRoute | None:
        return _ROUTE

    async def owner(self, _relay_id: str) -> Owner | None:
        return _OWNER

    async def delivery(self, _recipient: str, _correspondent: str) -> Delivery | None:
        return Delivery(_ROUTE, _OWNER, f"r0123456789abcdefghj@{RELAY_DOMAIN}")

    async def reply_address(self, _relay_id: str, _correspondent: str) -> str:
        return f"r0123456789abcdefghj@{RELAY_DOMAIN}"


class _Parts:
    """The parts of the path as functions of the received octets."""

    def __init__(self) -> None:
        limits = CheckLimits(connections_per_minute=10**9, messages_per_minute=10**9)
        self._chains = build_chains(limits, _now)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._signer = Signer(RELAY_DOMAIN, "bench", key, _now)
        self._preparation = Preparation(
            directory=_OneAddress(),
            store=cast("QueueStore", None),  # only answers of owners ask it
            bounces=BounceAddresses(b"k" * 32, RELAY_DOMAIN),
            answer_ids=AnswerIds(b"k" * 32, RELAY_DOMAIN),
            relay_domain=RELAY_DOMAIN,
            relay_host="mx.relay.example",
            operator_mailbox="",
            clock=_now,
        )

    async def parse(self, raw: bytes) -> None:
        RawMessage.parse(raw)

    async def read(self, raw: bytes) -> None:
        read_content(RawMessage.parse(raw))

    async def weigh(self, raw: bytes) -> None:
        message = RawMessage.parse(raw)
        score(message, read_content(message))

    async def compare(self, raw: bytes) -> None:
        sketch(read_content(RawMessage.parse(raw)))

    async def judge(self, raw: bytes) -> None:
        await self._chains.connection.run(_SENDER.connection)
        await self._chains.sender.run(_SENDER)
        await self._chains.recipient.run(RecipientContext(_SENDER, _ADDRESS, _ROUTE))
        message = RawMessage.parse(raw)
        await self._chains.message.run(MessageContext(_SENDER, (_ROUTE,), message, _PASSED))

    async def prepare(self, raw: bytes) -> bytes:
        return (await self._preparation.prepare(_queued(raw))).message.raw

    async def sign(self, raw: bytes) -> None:
        self._signer.sign(RawMessage.parse(raw))


def _queued(raw: bytes) -> QueuedMessage:
    return QueuedMessage(
        id="msg_0123456789abcdefghjkmnpqrs",
        direction=Direction.FORWARD,
        owner_id="reg_1",
        relay_id="rel_1",
        reply_id="",
        about_id="",
        recipient=_ADDRESS,
        reverse_path="ada@offers.example",
        raw=raw,
        verdicts=(NoteOfVerdict("content-score", "tag", "html-only"),),
        authentication=_HEADER,
        proven=True,
        request=NOTHING_ASKED,
        priority=1,
        attempts=0,
        received_at=_now(),
        warned_at=None,
    )


async def _cost_ms(part: Callable[[bytes], Awaitable[object]], inputs: Sequence[bytes]) -> float:
    """Return the CPU of the fastest round, a message."""
    best = float("inf")
    for _ in range(_ROUNDS):
        start_s = time.process_time()
        for raw in inputs:
            await part(raw)
        best = min(best, time.process_time() - start_s)
    return 1000 * best / len(inputs)


async def parts(kind: str) -> dict[str, object]:
    """Return a row of what each part costs for a kind of message."""
    path = _Parts()
    received = messages(kind, _MESSAGES, _ADDRESS)
    rewritten = [await path.prepare(raw) for raw in received]
    table: dict[str, tuple[Callable[[bytes], Awaitable[object]], Sequence[bytes]]] = {
        "parse": (path.parse, received),
        "+ read": (path.read, received),
        "+ score": (path.weigh, received),
        "read + sketch": (path.compare, received),
        "parse + all chains": (path.judge, received),
        "prepare": (path.prepare, received),
        "sign RSA-2048": (path.sign, rewritten),
    }
    return {
        "message": kind,
        **{name: round(await _cost_ms(part, inputs), 4) for name, (part, inputs) in table.items()},
    }


async def directory(folder: Path, addresses: int) -> dict[str, object]:
    """Return a row of what look-ups and the cipher cost with so many addresses."""
    storage, known = await filled_storage(folder, addresses)
    relays = RelayDirectory(storage, RELAY_DOMAIN, _now, MailboxHealth(storage, _now))
    cipher = MailCipher(storage)
    asked = random.Random(1).choices(known, k=_LOOKUPS)  # noqa: S311 - which to ask, no secret
    body = messages("plain", 1, _ADDRESS)[0]

    async def find(address: str) -> None:
        assert await relays.find(address) is not None

    async def deliver(address: str) -> None:
        assert await relays.delivery(address, "ada@offers.example") is not None

    async def seal(address: str) -> None:
        route = await relays.find(address)
        assert route is not None
        key = await cipher.key(route.owner_id)
        key.open(key.seal(body))

    try:
        await asyncio.gather(*(deliver(address) for address in dict.fromkeys(asked)))
        return {
            "addresses": addresses,
            "find": round(await _shared_ms(find, asked), 4),
            "delivery": round(await _shared_ms(deliver, asked), 4),
            "find, seal, open": round(await _shared_ms(seal, asked), 4),
        }
    finally:
        await storage.close()


async def _shared_ms(ask: Callable[[str], Awaitable[None]], asked: Sequence[str]) -> float:
    """Return the CPU of the fastest round, a look-up, with some sessions asking at the same time."""

    async def session(mine: Sequence[str]) -> None:
        for address in mine:
            await ask(address)

    best = float("inf")
    for _ in range(_ROUNDS):
        start_s = time.process_time()
        await asyncio.gather(*(session(asked[at::_SESSIONS]) for at in range(_SESSIONS)))
        best = min(best, time.process_time() - start_s)
    return 1000 * best / len(asked)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--addresses", type=int, default=1_000_000)
    arguments = parser.parse_args()
    report("mail path, CPU ms a message", [asyncio.run(parts(kind)) for kind in KINDS])
    with tempfile.TemporaryDirectory() as folder:
        sizes = sorted({1_000, arguments.addresses})
        report("relay directory, CPU ms", [asyncio.run(directory(Path(folder), size)) for size in sizes])
    return 0


if __name__ == "__main__":
    sys.exit(main())
