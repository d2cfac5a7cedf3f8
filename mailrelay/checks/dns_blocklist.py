"""Refuse, weigh or doubt clients that are on a configured list (RFC 5782)."""

from collections.abc import Sequence

from mailrelay.checks.dns_lists import ListCheck, Meaning
from mailrelay.checks.verdict import NOT_ACCEPTED, Action, Verdict


class DnsBlocklist(ListCheck):
    """Do what the configuration says that an answer means; weights of several lists add up."""

    name = "dns-blocklist"

    def _verdict(self, meanings: Sequence[Meaning]) -> Verdict | None:
        if not meanings:
            return None
        if "reject" in meanings:
            return Verdict(self.name, Action.REJECT, "listed", NOT_ACCEPTED)
        weight = sum(meaning for meaning in meanings if isinstance(meaning, int | float))
        return Verdict(self.name, Action.ACCEPT, "listed", score=weight)
