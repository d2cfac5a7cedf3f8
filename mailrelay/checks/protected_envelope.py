"""Find out at RCPT whether mail may be `Protected`: what is known then is the reverse-path and the client.

Anybody can write a listed domain into MAIL FROM, so SPF (RFC 7208) must pass for it.
"""

from mailrelay.authentication.results import Result
from mailrelay.authentication.spf import check_spf
from mailrelay.checks.protected_senders import ProtectedSenders
from mailrelay.checks.stages import SenderContext
from mailrelay.dns import Resolver


class ProtectedEnvelope:
    """Knows reverse-paths of protected senders.

    Args:
        senders: The list.
        resolver: For SPF; without one nothing is proven.
    """

    def __init__(self, senders: ProtectedSenders, resolver: Resolver | None) -> None:
        self._senders = senders
        self._resolver = resolver

    async def spf(self, sender: SenderContext) -> Result:
        """Return the SPF result of a reverse-path whose domain is on the list, NONE for all others."""
        domain = sender.reverse_path.rpartition("@")[2].lower()
        if self._resolver is None or not self._senders.lists(domain):
            return Result.NONE
        spf = await check_spf(sender.connection.peer_ip, sender.helo, sender.reverse_path, self._resolver)
        return spf.result
