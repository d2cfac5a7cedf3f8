"""Refuse, weigh or doubt clients that are on a configured list (RFC 5782)."""

from collections.abc import Awaitable, Sequence

from mailrelay.checks.dns_lists import DnsLists, Meaning
from mailrelay.checks.stages import SenderContext
from mailrelay.checks.verdict import NOT_ACCEPTED, Action, Verdict


class DnsBlocklist:
    """Do what the configuration says that an answer means."""

    name = "dns-blocklist"

    def __init__(self, lists: DnsLists) -> None:
        self._lists = lists

    def __call__(self, context: SenderContext) -> Verdict | Awaitable[Verdict | None] | None:
        """Answer at once where all answers are in the cache."""
        ip = context.connection.peer_ip
        known = self._lists.known(ip)
        return self._ask(ip) if known is None else self._verdict(known)

    async def _ask(self, ip: str) -> Verdict | None:
        return self._verdict(await self._lists.meanings(ip))

    def _verdict(self, meanings: Sequence[Meaning]) -> Verdict | None:
        """Weights of several lists add up."""
        if not meanings:
            return None
        if "reject" in meanings:
            return Verdict(self.name, Action.REJECT, "listed", NOT_ACCEPTED)
        weight = sum(meaning for meaning in meanings if isinstance(meaning, int | float))
        return Verdict(self.name, Action.ACCEPT, "listed", score=weight)
