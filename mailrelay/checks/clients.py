"""Judge clients once a minute, not once a message.

The checks of a client look at its address, at the name it gives and at how it behaves. They are run when
the first recipient is accepted: who only guesses addresses, asks for postmaster or brings back a bounce
costs no question to the DNS, and the banner waits for nothing.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache

from mailrelay.authentication.results import Result
from mailrelay.checks.chain import Chain
from mailrelay.checks.protected_envelope import ProtectedEnvelope
from mailrelay.checks.rates import address_of
from mailrelay.checks.stages import SenderContext
from mailrelay.checks.verdict import Action, Decision

_REMEMBERED_S = 60.0
_MAX_CLIENTS = 20_000
_NOTHING_SAID = Decision(Action.ACCEPT)

_Client = tuple[str, str, bool]


class Clients:
    """Decisions about clients, in memory of this process.

    Args:
        chain: The checks.
        envelope: Whose mail no check of a client may stop.
        monotonic: Seconds.
    """

    def __init__(
        self,
        chain: Chain[SenderContext],
        envelope: ProtectedEnvelope,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._chain = chain
        self._envelope = envelope
        self._monotonic = monotonic
        self._known: OrderedDict[_Client, tuple[float, Decision]] = OrderedDict()

    async def judge(self, sender: SenderContext) -> Decision:
        """Return what the checks say of the client: a refusal, or evidence."""
        connection = sender.connection
        client = (connection.peer_ip, sender.helo, connection.early_talker)
        known = self._known.get(client)
        if known is not None and known[0] > self._monotonic():
            decision = known[1]
        else:
            decision = await self._ask(sender)
            self._remember(client, decision)
        if decision is not _NOTHING_SAID and await self._envelope.spf(sender) is Result.PASS:
            return _NOTHING_SAID
        return decision

    async def _ask(self, sender: SenderContext) -> Decision:
        # An address that the world cannot reach is the operator's own: a proxy, a monitor, this machine.
        if not _is_global(sender.connection.peer_ip):
            return _NOTHING_SAID
        decision = await self._chain.run(sender)
        return decision if decision.action is not Action.ACCEPT or decision.evidence else _NOTHING_SAID

    def _remember(self, client: _Client, decision: Decision) -> None:
        if decision.action is Action.DEFER:
            return
        self._known[client] = (self._monotonic() + _REMEMBERED_S, decision)
        self._known.move_to_end(client)
        if len(self._known) > _MAX_CLIENTS:
            self._known.popitem(last=False)


@lru_cache(maxsize=_MAX_CLIENTS)
def _is_global(ip: str) -> bool:
    address = address_of(ip)
    return address is not None and address.is_global
