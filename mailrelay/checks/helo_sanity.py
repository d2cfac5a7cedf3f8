"""Look at the name that a client gives itself (RFC 5321 section 4.1.1.1).

Ours is refused from any address but our own. A bare address or a name without a dot is evidence: section
4.1.4 forbids to refuse for a name that does not verify, and misconfigured honest servers are many.
"""

import re
from collections.abc import Awaitable

from mailrelay.checks.stages import SenderContext
from mailrelay.checks.verdict import NOT_ACCEPTED, Action, Verdict
from mailrelay.dns import DnsTemporaryError, Resolver

_BARE_ADDRESS = re.compile(r"[\d.]+|[0-9a-f]*:[0-9a-f:.]*", re.IGNORECASE)
_LITERAL = re.compile(r"\[(?:IPv6:)?([0-9a-f:.]+)\]", re.IGNORECASE)  # RFC 5321 section 4.1.3


class HeloSanity:
    """Refuse whoever says that he is us; doubt whoever has no name.

    Args:
        own_names: Names of this relay, lower case.
        resolver: Knows our own addresses.
    """

    name = "helo-sanity"

    def __init__(self, own_names: frozenset[str], resolver: Resolver) -> None:
        self._own_names = own_names
        self._resolver = resolver

    def __call__(self, context: SenderContext) -> Verdict | Awaitable[Verdict | None] | None:
        """Look at the form; only a claim to be us costs a look at our own records."""
        helo = context.helo.rstrip(".").lower()
        if helo in self._own_names or _LITERAL.fullmatch(helo):
            return self._about_us(helo, context.connection.peer_ip)
        if _BARE_ADDRESS.fullmatch(helo):
            return Verdict(self.name, Action.ACCEPT, "helo-is-bare-address")
        if "." not in helo:
            return Verdict(self.name, Action.ACCEPT, "helo-not-qualified")
        return None

    async def _about_us(self, helo: str, peer_ip: str) -> Verdict | None:
        ours = await self._own_addresses()
        if peer_ip in ours:
            return None
        literal = _LITERAL.fullmatch(helo)
        if literal and literal[1] not in ours:
            return None
        return Verdict(self.name, Action.REJECT, "helo-is-our-own", NOT_ACCEPTED)

    async def _own_addresses(self) -> set[str]:
        found: set[str] = set()
        for name in sorted(self._own_names):
            try:
                found.update(await self._resolver.addresses(name))
            except DnsTemporaryError:
                continue
        return found
