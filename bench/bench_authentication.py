"""What it costs to find out who sent a message: each part alone, and the libraries on the same message.

One message of 4 KiB with one RSA-2048 signature, all DNS answers cached; the same with an ARC set on top. CPU
of the quickest of several rounds, since the machine does other things too. The libraries take their answers
from a table: what is compared is evaluation, not the DNS. Prints a table and JSON; with `--json` only JSON.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from importlib.util import find_spec

import dkim
import spf as pyspf
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from bench.report import report
from mailrelay.authentication import authenticate, results_header
from mailrelay.authentication.arc import validate_arc
from mailrelay.authentication.arc_sealing import Sealer, seal
from mailrelay.authentication.dkim import verify_dkim
from mailrelay.authentication.dmarc import Organizations, evaluate
from mailrelay.authentication.results import AuthenticationResults, Result
from mailrelay.authentication.signature import SignedMessage
from mailrelay.authentication.spf import check_spf
from mailrelay.delivery.signing import Signer
from mailrelay.dns import Resolver
from mailrelay.message import RawMessage
from whoisproxy.demo.dns_server import DnsServer

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DOMAIN, PEER, HELO, SENDER = "offers.example", "127.0.0.1", "mx.offers.example", "ann@offers.example"
ROUNDS, REPEATS = 7, 300
BODY = b"The quick brown fox jumps over the lazy dog, again and again.\r\n" * 62
HEADER = (
    b"From: Ann Buyer <ann@offers.example>\r\nTo: 7h2k9mmq4rtvwxyz0123@relay.example\r\n"
    b"Subject: Your domain\r\nDate: Mon, 1 Jun 2026 12:00:00 +0000\r\nMessage-ID: <1@offers.example>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
)
RECORDS = {
    DOMAIN: f"v=spf1 include:_spf.{DOMAIN} ip4:{PEER} -all",
    f"_spf.{DOMAIN}": "v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/24 ~all",
    f"_dmarc.{DOMAIN}": "v=DMARC1; p=reject",
}

Part = Callable[[], Awaitable[object]]


class TablePyspf(pyspf.query):  # type: ignore[misc] # the library ships no types
    """pyspf as it ships, its questions answered from the table."""

    def dns(self, name: str, qtype: str, *_: object, **__: object) -> list[object]:
        """Answer one question of the library."""
        text = RECORDS.get(name) if qtype == "TXT" else None
        return [(text.encode(),)] if text else []


async def cpu_us(part: Part) -> float:
    """Return the CPU of one call in microseconds, of the quickest round."""
    quickest_s = float("inf")
    for _ in range(ROUNDS):
        start_s = time.process_time()
        for _ in range(REPEATS):
            await part()
        quickest_s = min(quickest_s, time.process_time() - start_s)
    return round(quickest_s / REPEATS * 1e6, 1)


def ours(
    raw: bytes, sealed: bytes, found: AuthenticationResults, sealer: Sealer, dns: Resolver
) -> dict[str, Part]:
    """Return our parts by name."""
    message, chained = RawMessage.parse(raw), RawMessage.parse(sealed)

    async def parse() -> object:
        return RawMessage.parse(raw)

    async def header() -> object:
        return results_header(found, "mx.relay.example")

    def sealing(by: Sealer) -> Part:
        async def part() -> object:
            return seal(message, results_header(found, "mx.relay.example"), Result.NONE, by, NOW)

        return part

    def everything(one: RawMessage) -> Awaitable[object]:
        return authenticate(one, PEER, HELO, SENDER, dns, NOW)

    return {
        "parse the message": parse,
        "SPF, one include": lambda: check_spf(PEER, HELO, SENDER, dns),
        "DKIM verify, RSA-2048": lambda: verify_dkim(SignedMessage(message), dns, NOW),
        "DMARC": lambda: evaluate([DOMAIN], found.spf, found.dkim, dns, Organizations(dns)),
        "SPF + DKIM + DMARC": lambda: everything(message),
        "ARC validate, one set": lambda: validate_arc(SignedMessage(chained), dns, NOW),
        "SPF + DKIM + DMARC + ARC": lambda: everything(chained),
        "Authentication-Results": header,
        "ARC seal, RSA-2048": sealing(sealer),
        "ARC seal, Ed25519": sealing(Sealer(DOMAIN, "mail", ed25519.Ed25519PrivateKey.generate())),
    }


def peers(raw: bytes, sealed: bytes, sealer: Sealer) -> dict[str, Part]:
    """Return the libraries' parts by the names of ours; dkimpy seals only where authres is installed."""
    pem = sealer.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    told = raw.replace(b"From:", b"Authentication-Results: mx.relay.example; spf=pass\r\nFrom:", 1)

    def key(name: bytes, timeout: int = 5) -> bytes:
        del timeout
        return RECORDS[name.decode().rstrip(".")].encode()

    async def spf() -> object:
        return TablePyspf(PEER, SENDER, HELO, strict=True).check()

    async def dkimpy() -> object:
        return dkim.verify(raw, dnsfunc=key)

    async def arc() -> object:
        return dkim.arc_verify(sealed, dnsfunc=key)

    async def arc_seal() -> object:
        return dkim.arc_sign(told, b"mail", DOMAIN.encode(), pem, b"mx.relay.example")

    parts: dict[str, Part] = {
        "SPF, one include": spf,
        "DKIM verify, RSA-2048": dkimpy,
        "ARC validate, one set": arc,
    }
    return parts | ({"ARC seal, RSA-2048": arc_seal} if find_spec("authres") else {})


async def measure() -> list[dict[str, object]]:
    """Measure all parts and return the rows."""
    key = rsa.generate_private_key(65537, 2048)
    signer, sealer = Signer(DOMAIN, "mail", key, lambda: NOW), Sealer(DOMAIN, "mail", key)
    RECORDS.update([signer.dns_record()])
    raw = signer.sign(RawMessage.parse(HEADER + BODY)).raw
    async with DnsServer() as server:
        for name, text in RECORDS.items():
            server.set(name, "TXT", text)
        resolver = Resolver([server.nameserver])
        found = await authenticate(RawMessage.parse(raw), PEER, HELO, SENDER, resolver, NOW)
        told = results_header(found, "mx.relay.example")
        sealed = seal(RawMessage.parse(raw), told, Result.NONE, sealer, NOW).raw
        libraries = peers(raw, sealed, sealer)
        rows = []
        for name, part in ours(raw, sealed, found, sealer, resolver).items():
            row: dict[str, object] = {"part": name, "ours_us": await cpu_us(part), "library_us": None}
            if name in libraries:
                row["library_us"] = await cpu_us(libraries[name])
            rows.append(row)
    return rows


def main() -> int:
    """Measure and print."""
    report("authentication: CPU a message (microseconds)", asyncio.run(measure()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
