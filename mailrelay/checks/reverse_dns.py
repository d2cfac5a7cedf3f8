"""Doubt clients whose address has no name that leads back to it (RFC 8601 section 2.7.3, `iprev`).

Evidence, never a refusal: half of the small honest servers have it wrong. A DNS that does not answer in
time is no evidence.
"""

from mailrelay.checks.rates import Address, address_of
from mailrelay.checks.stages import SenderContext
from mailrelay.checks.verdict import Action, Verdict
from mailrelay.dns import DnsTemporaryError, Kind, Resolver

_PATIENCE_S = 2.0  # for each question, of which there are at most four
_IPV4 = 4
_MAX_NAMES = 3  # an address may have hundreds; whoever is honest has one


class ReverseDns:
    """Ask for the names of the client's address, then for the addresses of these names."""

    name = "reverse-dns"

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def __call__(self, context: SenderContext) -> Verdict | None:
        """Say what is missing."""
        address = address_of(context.connection.peer_ip)
        if address is None:
            return None
        try:
            reason = await self._missing(address)
        except DnsTemporaryError:
            return None
        return Verdict(self.name, Action.ACCEPT, reason) if reason else None

    async def _missing(self, address: Address) -> str:
        names = (await self._resolver.answer(address.reverse_pointer, "PTR", _PATIENCE_S)).records
        if not names:
            return "no-name"
        kind: Kind = "A" if address.version == _IPV4 else "AAAA"
        for name in names[:_MAX_NAMES]:
            answer = await self._resolver.answer(name, kind, _PATIENCE_S)
            if any(address_of(one) == address for one in answer.records):
                return ""
        return "name-does-not-lead-back"
