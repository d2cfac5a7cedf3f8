"""DKIM messages and keys of dkimpy and mailauth, real mail among them.

dkimpy's own tests say in code what is wanted of its files; here that is a table. Keys that the files do not
hold were published by Google for years and are quoted in many places; where a signer's key is known nowhere,
its message says nothing.
"""

from datetime import UTC, datetime
from pathlib import Path

import dkim as dkimpy

from mailrelay.authentication.arc import validate_arc
from mailrelay.authentication.dkim import verify_dkim
from mailrelay.authentication.signature import SignedMessage
from mailrelay.dns import Resolver
from mailrelay.message import RawMessage, canonical_line_ends
from tests.mailrelay.authentication.suites.outcome import Outcome
from whoisproxy.demo.dns_server import DnsServer

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEY_UNKNOWN = "the signer's key is not among the data"
UNSIGNED = "carries no signature: what others sign in their tests"

_KEYS = {
    "arc-20160816._domainkey.google.com": "k=rsa; p="
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1Lztpxs7yUxQEsbDFhjMc9kZVZu5P/COYEUIX4B39IL4SXAbv4vi"
    "IlT9E6F6iZmTh1go7+9WQLywwgwjXMJx/Dz0RgMoPeyp5NRy4l320DPYibNqVMWa5iQ2WiImQC0en1O9uhLLvzaSZJ03fvGm"
    "Co9jMo0GwKzLNe14xMgn/px2L5N/3IKlKX4bqUAJTUt8L993ZlWzvgMnSFSt8B+euSKSrtAiopdy4r1yO4eN5goBASrGW0eL"
    "Qc1lYouNvCrcTQpos4/GEAqiGzpqueJLmBfOO4clNvVvpPkvQs2BHw9I9LmIjaMxTNGxkGBRaP3utDiKXXqu1K+LRzl0HCNS"
    "dQIDAQAB",
    "20120113._domainkey.gmail.com": "k=rsa; p="
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1Kd87/UeJjenpabgbFwh+eBCsSTrqmwIYYvywlbhbqoo2DymndFk"
    "bjOVIPIldNs/m40KF+yzMn1skyoxcTUGCQs8g3FgD2Ap3ZB5DekAo5wMmk4wimDO+U8QzI3SD07y2+07wlNWwIt8svnxgdxG"
    "kVbbhzY8i+RQ9DpSVpPbF7ykQxtKXkv/ahW3KjViiAH+ghvvIhkx4xYSIc9oSwVmAl5OctMEeWUwg8Istjqz8BZeTWbf41fb"
    "Nhte7Y+YqZOwq1Sd0DbvYAD9NOZK9vlfuac0598HY+vtSBczUiKERHv1yRbcaQtZFh5wtiRrN04BLUTD21MycBX5jYchHjPY"
    "/wIDAQAB",
    "20161025._domainkey.gmail.com": "k=rsa; p="
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAviPGBk4ZB64UfSqWyAicdR7lodhytae+EYRQVtKDhM+1mXjEqRtP"
    "/pDT3sBhazkmA48n2k5NJUyMEoO8nc2r6sUA+/Dom5jRBZp6qDKJOwjJ5R/OpHamlRG+YRJQqRtqEgSiJWG7h7efGYWmh4UR"
    "hFM9k9+rmG/CwCgwx7Et+c8OMlngaLl04/bPmfpjdEyLWyNimk761CX6KymzYiRDNz1MOJOJ7OzFaS4PFbVLn0m5mf0HVNtB"
    "pPwWuCNvaFVflUYxEyblbB6h/oWOPGbzoSgtRA47SHV53SwZjIsVpbq4LxUW9IxAEwYzGcSgZ4n5Q8X8TndowsDUzoccPFGh"
    "dwIDAQAB",
}
# RFC 8463 appendix A.2.
_ED25519 = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

# dkimpy: a signed file, where its keys are, what is wanted of its signatures from the top.
_SIGNED = {
    "rfc6376.signed.msg": "pass pass",
    "rfc6376.signed.rsa.msg": "pass",
    # Altered after signing, with an expiry and no time of signing; dkimpy finds it false, too.
    "rfc6376.signed.no_t.msg": "fail",
    "ed25519test2.msg": "pass",
    "test2.message": "pass",
    "test.message.baddomain": "permerror",
}
# dkimpy: a key record, the private key that belongs to it, what a signature made with it is worth.
_RECORDS = {
    "test.txt": ("test.private", "pass"),
    "test2.txt": ("test.private", "pass"),
    "badk.txt": ("test.private", "permerror"),
    "badversion.txt": ("test.private", "permerror"),
    "test_bad.txt": ("test.private", "permerror"),
    "test_tlsrpt.txt": ("test.private", "permerror"),
    "1024_testkey_wo_markers.pub.txt": ("1024_testkey.key", "pass"),
    "1024_testkey_wo_markers.pub.rsa.txt": ("1024_testkey.key", "pass"),
    "2048_testkey_wo_markers.pub.txt": ("2048_testkey.key", "pass"),
    "2048_testkey_wo_markers.pub.rsa.txt": ("2048_testkey.key", "pass"),
    "2048_testkey_PKCS8.key.pub.txt": ("2048_testkey_PKCS8.key", "pass"),
}
# dkimpy: messages that any signer's signature must survive.
_PLAIN = ("test.message", "rfc6376.msg", "rfc6376.w1258.msg", "test_extra.message", "ed25519test.msg")
_DKIMPY_SILENT = {
    "message.mbox": KEY_UNKNOWN,
    "test_nofrom.message": "a test of a signer: there is no From to sign",
}
# mailauth: what is wanted of the chain and of the signatures from the top; the signatures need unknown keys.
_MAILAUTH = {
    "arc-pass.eml": "arc=pass",
    "arc-pass2.eml": "arc=pass",
    "arc-fail.eml": "arc=fail",
    "arc-fail2.eml": "arc=fail",
    "arc-fail3.eml": "arc=fail",
    "authtest.eml": "arc=pass",
    "bimi.eml": "arc=pass",
    "message3.eml": "arc=pass",
    "zbimi.eml": "arc=pass",
    "zproov.eml": "dkim=pass",
}
_MAILAUTH_SILENT = {"message1.eml": UNSIGNED, "message2.eml": KEY_UNKNOWN, "message4.eml": KEY_UNKNOWN}


async def run_dkimpy(folder: Path) -> list[Outcome]:
    """Verify dkimpy's signed files, and what dkimpy signs of its plain ones with its keys."""
    outcomes = [Outcome(case, not_applicable=reason) for case, reason in _DKIMPY_SILENT.items()]
    async with DnsServer() as server:
        _publish(server, folder)
        for name, wanted in _SIGNED.items():
            got = await _dkim(server, (folder / name).read_bytes())
            outcomes.append(Outcome(name, (wanted,), got))
        for record, (key, wanted) in _RECORDS.items():
            server.set("test._domainkey.example.com", "TXT", _record(folder / record))
            signed = _sign((folder / "test.message").read_bytes(), folder / key)
            outcomes.append(Outcome(record, (wanted,), await _dkim(server, signed)))
        server.set("test._domainkey.example.com", "TXT", _record(folder / "test.txt"))
        for name in _PLAIN:
            signed = _sign((folder / name).read_bytes(), folder / "test.private")
            outcomes.append(Outcome(name, ("pass",), await _dkim(server, signed)))
    return outcomes


async def run_mailauth(folder: Path) -> list[Outcome]:
    """Verify mailauth's messages."""
    fixtures, signed = folder / "fixtures", folder / "dkim/ec/fixtures/signed.eml"
    outcomes = [Outcome(case, not_applicable=reason) for case, reason in _MAILAUTH_SILENT.items()]
    async with DnsServer() as server:
        _publish(server, folder.parent / "dkimpy_tests")
        outcomes.append(Outcome("signed.eml", ("pass pass",), await _dkim(server, signed.read_bytes())))
        for name, wanted in _MAILAUTH.items():
            raw = (fixtures / name).read_bytes()
            dkim, arc = f"dkim={await _dkim(server, raw)}", f"arc={await _arc(server, raw)}"
            outcomes.append(Outcome(name, (wanted,), arc if wanted.startswith("arc") else dkim))
    return outcomes


def _publish(server: DnsServer, folder: Path) -> None:
    for name, text in _KEYS.items():
        server.set(name, "TXT", text)
    server.set("brisbane._domainkey.football.example.com", "TXT", _ED25519)
    server.set("test._domainkey.football.example.com", "TXT", _record(folder / "test.txt"))
    server.set("sed._domainkey.test.ex", "TXT", _record(folder / "eximtest.dns"))


def _record(path: Path) -> str:
    return path.read_text(encoding="ascii").strip()


def _sign(raw: bytes, key: Path) -> bytes:
    raw = canonical_line_ends(raw)
    return bytes(dkimpy.sign(raw, b"test", b"example.com", key.read_bytes())) + raw


async def _dkim(server: DnsServer, raw: bytes) -> str:
    results = await verify_dkim(_signed(raw), Resolver([server.nameserver]), NOW)
    return " ".join(one.result.value for one in results)


async def _arc(server: DnsServer, raw: bytes) -> str:
    return (await validate_arc(_signed(raw), Resolver([server.nameserver]), NOW)).result.value


def _signed(raw: bytes) -> SignedMessage:
    return SignedMessage(RawMessage.parse(canonical_line_ends(raw)))
