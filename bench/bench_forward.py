"""What it costs to make a stranger's message fit for the owner, with each of his wishes alone.

CPU is that of the process in the quickest of several rounds. Messages are taken apart into header and body
beforehand, as they are on their way through the relay. What the standard library needs to parse and write
messages of these sizes is measured by `bench_rewriting`.

Prints a table and JSON; with `--json` only JSON.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pysequoia
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from bench.mail_load import SENDER, letter
from bench.report import report
from mailrelay.message import RawMessage
from mailrelay.rewriting.encryption import EncryptionKey, read_key
from mailrelay.rewriting.forward import ForwardFacts, author_of, rewrite_forward

_ROUNDS = 7
_LETTERS = 200
_SIZES_KIB = (4, 100)
_HOST = "mx.relay.example"
_ADDRESS = "q7x2m9k4w8@relay.example"
_NOW = datetime.now(UTC)
_FACTS = ForwardFacts(
    domain="bench-0.net",
    relay_address=_ADDRESS,
    reply_address="reply@relay.example",
    relay_host=_HOST,
    authentication=f"{_HOST};\r\n\tspf=pass smtp.mailfrom=offers.example;\r\n\tdkim=none;\r\n"
    "\tdmarc=pass header.from=offers.example",
    verdicts=(),
    queue_id="msg_1",
    received_at=_NOW,
)


def measure() -> list[dict[str, object]]:
    """Return a row for each size and way."""
    ways = {name: _forwarding(facts) for name, facts in _wishes().items()}
    rows: list[dict[str, object]] = []
    for size_kib in _SIZES_KIB:
        letters = _letters(size_kib)
        rows += [{"KiB": size_kib, "way": name, "cpu_us": _best(way, letters)} for name, way in ways.items()]
    return rows


def _wishes() -> dict[str, ForwardFacts]:
    linked = replace(
        _FACTS, answer_url="https://relay.example/answer/1", block_url="https://relay.example/block/1"
    )
    return {
        "header alone": _FACTS,
        "links, score and mark": replace(linked, score=1.5, hint_key=b"k" * 32),
        "banner": replace(linked, banner=True),
        "original attached": replace(_FACTS, attach_original=True),
        "OpenPGP": replace(_FACTS, key=_openpgp()),
        "S/MIME": replace(_FACTS, key=_smime()),
    }


def _letters(size_kib: int) -> list[RawMessage]:
    chance = random.Random(1)  # noqa: S311 - texts
    letters = [letter(_ADDRESS, str(number), chance) for number in range(_LETTERS)]
    # One letter is 4 KiB; a greater one says the same again.
    bodies = [raw.partition(b"\r\n\r\n")[2] * (size_kib // 4 - 1) for raw in letters]
    return [RawMessage.parse(raw + body) for raw, body in zip(letters, bodies, strict=True)]


def _forwarding(facts: ForwardFacts) -> Callable[[RawMessage], object]:
    return lambda message: rewrite_forward(message, author_of(message, SENDER), facts)


def _openpgp() -> EncryptionKey:
    return read_key(bytes(pysequoia.Tsk.generate("Owner").extract_certificate()), _NOW)


def _smime() -> EncryptionKey:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Owner")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, _NOW, _NOW + timedelta(1))
    return read_key(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER), _NOW + timedelta(hours=1))


def _best(way: Callable[[RawMessage], object], messages: Sequence[RawMessage]) -> float:
    """Return the CPU microseconds for each message in the quickest round; the first one only warms up."""
    rounds = []
    for _ in range(_ROUNDS + 1):
        fresh = [RawMessage.parse(message.raw) for message in messages]
        start = time.process_time()
        for message in fresh:
            way(message)
        rounds.append((time.process_time() - start) / len(fresh) * 1e6)
    return round(min(rounds[1:]), 1)


if __name__ == "__main__":
    report("A stranger's message made fit for its owner", measure())
