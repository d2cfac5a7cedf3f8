"""The SPF test suite of RFC 7208 (openspf.org), asked through a real DNS server."""

from pathlib import Path
from typing import Any

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import yaml

from mailrelay.authentication.spf import check_spf
from mailrelay.dns import Resolver
from tests.mailrelay.authentication.suites.outcome import Outcome
from whoisproxy.demo.dns_server import DnsServer


async def run(path: Path) -> list[Outcome]:
    """Run all scenarios of a file."""
    outcomes: list[Outcome] = []
    for scenario in _scenarios(path):
        async with DnsServer() as server:
            _load(server, scenario["zonedata"])
            for name, case in scenario["tests"].items():
                # A resolver for each case: what one failed to find must not be cached for the next.
                resolver = Resolver([server.nameserver], timeout_s=0.5, lifetime_s=1.0)
                got = await check_spf(case["host"], case["helo"], case["mailfrom"], resolver)
                wanted = case["result"]
                listed = tuple(wanted) if isinstance(wanted, list) else (wanted,)
                outcomes.append(Outcome(name, listed, got.result.value))
    return outcomes


def _scenarios(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


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
