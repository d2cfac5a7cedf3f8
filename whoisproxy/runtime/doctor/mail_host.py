"""How the mail host shows itself to those it writes to: its addresses and their names (RFC 1912 2.1)."""

import dns.reversename

from mailrelay.dns import Resolver
from whoisproxy.config import Settings
from whoisproxy.runtime.doctor.finding import Finding, Health


async def addresses(settings: Settings, resolver: Resolver) -> list[Finding]:
    """Check that the host has addresses, and that each has the host's name: without it mail is refused."""
    host = settings.smtp.hostname
    found = await resolver.addresses(host)
    if not found:
        advice = f"publish: {host}. A or AAAA, with the public addresses of this host"
        return [Finding(f"addresses of {host}", Health.FAILED, advice)]
    return [Finding(f"addresses of {host}", Health.OK), *[await _named(host, one, resolver) for one in found]]


def _reverse(address: str) -> str:
    return dns.reversename.from_address(address).to_text().rstrip(".")


async def _named(host: str, address: str, resolver: Resolver) -> Finding:
    names = [name.rstrip(".").lower() for name in await resolver.pointers(_reverse(address))]
    if host in names:
        return Finding(f"PTR of {address}", Health.OK)
    advice = f"have whoever gave you the address publish its PTR: {address} is {host}."
    return Finding(f"PTR of {address}", Health.FAILED if not names else Health.WARNING, advice)
