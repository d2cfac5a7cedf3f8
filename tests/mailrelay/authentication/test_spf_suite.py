"""The SPF test suite of RFC 7208 (openspf.org, release 2014.04), asked through a real DNS server."""

from pathlib import Path
from typing import Any

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import pytest

from mailrelay.authentication.spf import check_spf
from mailrelay.dns import Resolver
from whoisproxy.demo.dns_server import DnsServer

SUITE = Path(__file__).parents[4] / "shared/data/mail/auth/pyspf_rfc7208_suite/rfc7208-tests.yml"

# What we answer where it differs from the suite, and why.
DEVIATIONS: dict[str, tuple[str, str]] = {}


def _cases() -> list[Any]:
    if not SUITE.exists():
        return [pytest.param(None, None, None, marks=pytest.mark.skip(reason="the SPF suite is not here"))]
    yaml = pytest.importorskip("yaml")
    return [
        pytest.param(name, case, scenario["zonedata"], id=name)
        for scenario in yaml.safe_load_all(SUITE.read_text(encoding="utf-8"))
        for name, case in scenario["tests"].items()
    ]


@pytest.mark.parametrize(("name", "case", "zone"), _cases())
async def test_the_suite_gets_the_result_that_the_rfc_wants(
    name: str, case: dict[str, Any], zone: dict[str, list[Any]]
) -> None:
    async with DnsServer() as server:
        _load(server, zone)
        resolver = Resolver([server.nameserver], timeout_s=0.5, lifetime_s=1.0)
        got = await check_spf(case["host"], case["helo"], case["mailfrom"], resolver)
    if name in DEVIATIONS:
        expected, reason = DEVIATIONS[name]
        assert got.result == expected, reason
        return
    wanted = case["result"]
    assert got.result in (wanted if isinstance(wanted, list) else [wanted])


def _load(server: DnsServer, zone: dict[str, list[Any]]) -> None:
    for name, entries in zone.items():
        records: dict[str, list[str]] = {}
        listed = [entry for entry in entries if isinstance(entry, dict)]
        for entry in listed:
            for rdtype, value in entry.items():
                records.setdefault(rdtype, []).append(_text(rdtype, value))
        # The suite's own rule: SPF records stand for TXT records where no TXT is given; NONE means none.
        texts = [text for text in records.pop("TXT", records.get("SPF", [])) if text != "NONE"]
        records.pop("SPF", None)
        if texts:
            # Straight into the table: the suite has octets that the zone file form cannot say.
            owner = dns.name.from_text(name)
            server._records[owner, dns.rdatatype.TXT] = [_txt(text) for text in texts]
        for rdtype, values in records.items():
            server.set(name, rdtype, *values)
        if len(listed) < len(entries) and not texts:
            server.fail(name)


def _text(rdtype: str, value: Any) -> str:
    match rdtype:
        case "MX":
            return f"{value[0]} {value[1].rstrip('.')}."
        case "PTR" | "CNAME":
            return f"{value.rstrip('.')}."
        case _:
            return "".join(value) if isinstance(value, list) else str(value)


def _txt(text: str) -> dns.rdata.Rdata:
    octets = text.encode("utf-8")
    pieces = [octets[start : start + 255] for start in range(0, len(octets), 255)] or [b""]
    return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, pieces)
