"""What a stranger can make authentication cost: counted in calls, questions and signatures, not in time."""

import base64
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from mailrelay.authentication import AuthenticationResults, Result, authenticate
from mailrelay.authentication.arc import MAX_SETS
from mailrelay.authentication.arc_sealing import Sealer, seal
from mailrelay.dns import Resolver
from mailrelay.message import HeaderField, RawMessage
from whoisproxy.demo.dns_server import DnsServer

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FROM = HeaderField("From", b"From: ann@home.example\r\n")
# What authenticating an honest message takes is some 2,000 calls.
MANY = 40_000


async def _counted(
    resolver: Resolver, fields: list[HeaderField], body: bytes = b"Hello\r\n"
) -> tuple[AuthenticationResults, Counter[str]]:
    """Authenticate with answers that are cached, and count the calls of functions, C functions included."""
    message = RawMessage.assemble(fields, body)

    async def run() -> AuthenticationResults:
        return await authenticate(message, "192.0.2.25", "mx.home.example", "ann@home.example", resolver, NOW)

    await run()
    calls: Counter[str] = Counter()

    def count(frame: object, event: str, argument: object) -> None:
        del frame
        if event in {"call", "c_call"}:
            calls[getattr(argument, "__name__", "")] += 1

    sys.setprofile(count)
    try:
        results = await run()
    finally:
        sys.setprofile(None)
    return results, calls


def _signature(number: int, names: str = "from", more: str = "") -> HeaderField:
    return HeaderField.make(
        "DKIM-Signature",
        f"v=1; a=rsa-sha256; d=evil.example; s=k{number}; h={names}; bh=AAAA; {more}b=AA==",
    )


async def test_a_hundred_thousand_header_fields_are_not_looked_at(resolver: Resolver) -> None:
    fields = [HeaderField("X", b"X: y\r\n")] * 100_000
    results, calls = await _counted(resolver, [_signature(1), *fields, FROM])
    assert calls.total() < MANY
    assert [one.reason for one in results.dkim] == ["header-too-long"]
    # Nor is an author who stands below them taken for the only one.
    assert results.authors == ()


async def test_a_header_of_megabytes_is_not_looked_at(resolver: Resolver) -> None:
    long = HeaderField("X", b"X:" + b" y" * 5_000_000 + b"\r\n")
    results, calls = await _counted(resolver, [_signature(1), long, FROM])
    assert [one.reason for one in results.dkim] == ["header-too-long"]
    assert calls["openssl_sha256"] == 0


async def test_a_thousand_signatures_are_five(dns_server: DnsServer, resolver: Resolver) -> None:
    results, calls = await _counted(resolver, [*(_signature(at) for at in range(990)), FROM])
    assert len(results.dkim) == 5
    assert calls.total() < MANY
    assert sum("_domainkey" in name for name, _ in dns_server.queries) == 5


async def test_thousands_of_signed_names_are_refused_before_a_key_is_asked_for(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    results, calls = await _counted(resolver, [_signature(1, ":".join(["from"] * 3000)), FROM])
    assert [one.reason for one in results.dkim] == ["too-many-names"]
    assert calls.total() < MANY
    assert not [name for name, _ in dns_server.queries if "_domainkey" in name]


@pytest.mark.parametrize(
    "more", ["; ".join(f"x{at}=y" for at in range(3000)) + "; ", "x=" + "y" * 100_000 + "; ", ";" * 10_000]
)
async def test_huge_lists_of_tags_are_no_signature(
    more: str, dns_server: DnsServer, resolver: Resolver
) -> None:
    results, calls = await _counted(resolver, [_signature(1, more=more), FROM])
    assert [one.reason for one in results.dkim] == ["tags"]
    assert calls.total() < MANY
    assert not [name for name, _ in dns_server.queries if "_domainkey" in name]


async def test_five_of_the_longest_keys_cost_five_verifications(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=4096).public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    for number in range(5):
        record = f"k=rsa; n={number}; p=" + base64.b64encode(der).decode()
        dns_server.set(f"k{number}._domainkey.evil.example", "TXT", record)
    digest = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    fields = [
        HeaderField.make(
            "DKIM-Signature",
            f"v=1; a=rsa-sha256; c=relaxed/relaxed; d=evil.example; s=k{number}; h=from; bh={digest}; b=AA==",
        )
        for number in range(5)
    ]
    results, calls = await _counted(resolver, [*fields, FROM], body=b"")
    assert {one.reason for one in results.dkim} == {"signature"}
    assert calls["verify"] == 5
    assert calls["load_der_public_key"] == 0, "keys are read once"


async def test_a_body_is_hashed_once_for_all_signatures(resolver: Resolver, dns_server: DnsServer) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()  # noqa: S505 - quickly made
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    for number in range(5):
        dns_server.set(f"k{number}._domainkey.evil.example", "TXT", "p=" + base64.b64encode(der).decode())
    results, calls = await _counted(resolver, [*(_signature(at) for at in range(5)), FROM], b" a \r\n" * 99)
    assert {one.reason for one in results.dkim} == {"body-hash"}
    assert calls["openssl_sha256"] == 1


async def test_the_longest_arc_chain_costs_two_verifications_a_set(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    sealer = Sealer("evil.example", "arc", ed25519.Ed25519PrivateKey.generate())
    public = base64.b64encode(sealer.key.public_key().public_bytes_raw()).decode()  # type: ignore[union-attr]
    dns_server.set("arc._domainkey.evil.example", "TXT", f"k=ed25519; p={public}")
    chained, status = RawMessage.assemble([FROM], b"Hello\r\n"), Result.NONE
    told = "evil.example; " + "(" * 3_000
    for _ in range(MAX_SETS):
        chained, status = seal(chained, told, status, sealer, NOW), Result.PASS
    results, calls = await _counted(resolver, list(chained.fields))
    assert results.arc is not None
    assert results.arc.result is Result.PASS
    assert calls["verify"] == 2 * MAX_SETS
    # What sealers say is not read where nobody asks.
    assert calls.total() < 2 * MANY


async def test_runs_of_blanks_do_not_multiply_the_work(resolver: Resolver, dns_server: DnsServer) -> None:
    """Canonical forms are made in passes whose number grows with the logarithm of the longest run."""
    der = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()  # noqa: S505 - quickly made
    octets = der.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    dns_server.set("k1._domainkey.evil.example", "TXT", "p=" + base64.b64encode(octets).decode())
    relaxed = HeaderField("DKIM-Signature", _signature(1).raw.replace(b"v=1;", b"v=1; c=relaxed/relaxed;"))
    body = (b" \t" * 100_000 + b"x\r\n") * 2
    results, calls = await _counted(resolver, [relaxed, FROM], body)
    assert results.dkim[0].reason == "body-hash"
    assert calls["replace"] < 100


async def test_an_spf_record_may_ask_ten_questions_and_no_more(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    for number in range(40):
        dns_server.set(f"s{number}.example", "TXT", f"v=spf1 include:s{number + 1}.example -all")
    dns_server.set("home.example", "TXT", "v=spf1 include:s0.example -all")
    results, _ = await _counted(resolver, [FROM])
    assert results.spf.result is Result.PERMERROR
    assert sum(kind == "TXT" and name.startswith("s") for name, kind in dns_server.queries) <= 11
