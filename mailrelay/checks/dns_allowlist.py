"""Trust clients that a configured list vouches for (RFC 5782): no further doubt, no greylisting."""

from mailrelay.checks.dns_lists import DnsLists
from mailrelay.checks.stages import SenderContext
from mailrelay.checks.verdict import Action, Verdict


class DnsAllowlist:
    """End the questions about a client that is listed as good; it wins over every blocklist."""

    name = "dns-allowlist"

    def __init__(self, lists: DnsLists) -> None:
        self._lists = lists

    async def __call__(self, context: SenderContext) -> Verdict | None:
        """Ask all lists; the blocklists' answers are in the cache when their check comes."""
        if "allow" not in await self._lists.meanings(context.connection.peer_ip):
            return None
        return Verdict(self.name, Action.ACCEPT, "listed", protects=True)
