"""Trust clients that a configured list vouches for (RFC 5782): no further doubt, no greylisting."""

from collections.abc import Awaitable, Sequence

from mailrelay.checks.dns_lists import DnsLists, Meaning
from mailrelay.checks.stages import SenderContext
from mailrelay.checks.verdict import Action, Verdict


class DnsAllowlist:
    """End the questions about a client that is listed as good; it wins over every blocklist."""

    name = "dns-allowlist"

    def __init__(self, lists: DnsLists) -> None:
        self._lists = lists

    def __call__(self, context: SenderContext) -> Verdict | Awaitable[Verdict | None] | None:
        """Ask all lists; the blocklists' answers are in the cache when their check comes."""
        ip = context.connection.peer_ip
        known = self._lists.known(ip)
        return self._ask(ip) if known is None else self._verdict(known)

    async def _ask(self, ip: str) -> Verdict | None:
        return self._verdict(await self._lists.meanings(ip))

    def _verdict(self, meanings: Sequence[Meaning]) -> Verdict | None:
        return Verdict(self.name, Action.ACCEPT, "listed", protects=True) if "allow" in meanings else None
