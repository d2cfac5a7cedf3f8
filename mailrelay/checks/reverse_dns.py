"""Doubt clients whose address has no name that leads back to it (RFC 8601 section 2.7.3, `iprev`).

Evidence, never a refusal: half of the small honest servers have it wrong. A DNS that does not answer in
time is no evidence.
"""

import contextlib
from collections.abc import Awaitable

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

    def __call__(self, context: SenderContext) -> Verdict | Awaitable[Verdict | None] | None:
        """Say what is missing; at once where the answers are in the cache."""
        address = address_of(context.connection.peer_ip)
        if address is None:
            return None
        found = self._found(address)
        return self._verdict(found) if isinstance(found, str) else self._ask(address)

    async def _ask(self, address: Address) -> Verdict | None:
        with contextlib.suppress(DnsTemporaryError):
            # Bounded, since answers that come slowly and expire at once could be asked for without end.
            for _ in range(_MAX_NAMES + 2):
                found = self._found(address)
                if isinstance(found, str):
                    return self._verdict(found)
                await self._resolver.answer(*found, _PATIENCE_S)
        return None

    def _found(self, address: Address) -> str | tuple[str, Kind]:
        """Return what is missing, empty for nothing; or the question that has to be asked first."""
        pointer = address.reverse_pointer
        names = self._resolver.cached(pointer, "PTR")
        if names is None:
            return pointer, "PTR"
        kind: Kind = "A" if address.version == _IPV4 else "AAAA"
        for name in names[:_MAX_NAMES]:
            addresses = self._resolver.cached(name, kind)
            if addresses is None:
                return name, kind
            if any(address_of(one) == address for one in addresses):
                return ""
        return "name-does-not-lead-back" if names else "no-name"

    def _verdict(self, missing: str) -> Verdict | None:
        return Verdict(self.name, Action.ACCEPT, missing) if missing else None
