"""Refuse, weigh or doubt clients that are on a configured list (RFC 5782)."""

from mailrelay.checks.dns_lists import DnsLists
from mailrelay.checks.stages import SenderContext
from mailrelay.checks.verdict import NOT_ACCEPTED, Action, Verdict


class DnsBlocklist:
    """Do what the configuration says that an answer means."""

    name = "dns-blocklist"

    def __init__(self, lists: DnsLists) -> None:
        self._lists = lists

    async def __call__(self, context: SenderContext) -> Verdict | None:
        """Weights of several lists add up."""
        meanings = await self._lists.meanings(context.connection.peer_ip)
        if not meanings:
            return None
        if "reject" in meanings:
            return Verdict(self.name, Action.REJECT, "listed", NOT_ACCEPTED)
        weight = sum(meaning for meaning in meanings if isinstance(meaning, int | float))
        return Verdict(self.name, Action.ACCEPT, "listed", score=weight)
