"""Trust clients that a configured list vouches for (RFC 5782): no further doubt, no greylisting."""

from collections.abc import Sequence

from mailrelay.checks.dns_lists import ListCheck, Meaning
from mailrelay.checks.verdict import Action, Verdict


class DnsAllowlist(ListCheck):
    """End the questions about a client that is listed as good; it wins over every blocklist."""

    name = "dns-allowlist"

    def _verdict(self, meanings: Sequence[Meaning]) -> Verdict | None:
        return Verdict(self.name, Action.ACCEPT, "listed", protects=True) if "allow" in meanings else None
