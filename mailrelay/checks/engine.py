"""Ask an engine about a message: Rspamd, SpamAssassin, ClamAV, or another.

What an engine of spam says is evidence for the check that decides; malware is held whatever the owner
wishes. A message that an engine did not see is put off, or goes on with a note of that: it never passes as if
it had been seen.

Owners' answers are sent to every engine as strangers' letters are, for the time would tell which is which;
of what is said of them only malware counts.
"""

import re
from enum import StrEnum

import structlog
from prometheus_client import Counter

from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import TRY_LATER, Action, Verdict
from mailrelay.directory import RelayRoute
from mailrelay.engines.engine import EngineFault, Finding, Letter, LetterTooLarge
from mailrelay.engines.guard import Guard

MALWARE = "malware"
SKIPPED = "engine-skipped"
"""The reason where a message went on unseen; behind it may stand `too-large`."""

_UNSEEN = Counter(
    "mailrelay_engine_unseen_total", "Messages that went on without an engine", ["engine", "reason"]
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_log = structlog.get_logger()


class WhenDown(StrEnum):
    """What becomes of a message while its engine gives no answer."""

    DEFER = "defer"  # the client comes again
    SKIP = "skip"  # it goes on, with a note


class EngineCheck:
    """Ask one engine; the check has its name.

    Args:
        guard: The engine.
        when_down: See there.
    """

    def __init__(self, guard: Guard, when_down: WhenDown) -> None:
        self.name = guard.name
        self._guard = guard
        self._when_down = when_down

    async def __call__(self, context: MessageContext) -> Verdict | None:
        """Applies to all mail alike."""
        try:
            finding = await self._guard.examine(_letter(context))
        except LetterTooLarge:
            # It will not be smaller when it comes again.
            return self._unseen("too-large")
        except EngineFault as fault:
            if self._when_down is WhenDown.SKIP:
                return self._unseen(fault.reason)
            return Verdict(self.name, Action.DEFER, f"engine-{fault.reason}", TRY_LATER)
        return self._verdict(finding, context)

    def _verdict(self, finding: Finding, context: MessageContext) -> Verdict | None:
        if finding.malware:
            _log.info("malware-found", engine=self.name, signature=finding.malware)
            return Verdict(self.name, Action.QUARANTINE, MALWARE, score=finding.points)
        if not finding.points or not context.relay_routes:
            return None
        return Verdict(self.name, Action.ACCEPT, " ".join(finding.reasons), score=finding.points)

    def _unseen(self, reason: str) -> Verdict:
        _UNSEEN.labels(self.name, reason).inc()
        _log.warning("message-unseen", engine=self.name, reason=reason)
        note = f"{SKIPPED} {reason}" if reason == "too-large" else SKIPPED
        return Verdict(self.name, Action.ACCEPT, note)


def _letter(context: MessageContext) -> Letter:
    sender, route = context.sender, context.routes[0]
    recipient = route.address if isinstance(route, RelayRoute) else route.relay_address
    helo, reverse_path = _CONTROLS.sub("", sender.helo), _CONTROLS.sub("", sender.reverse_path)
    return Letter(context.message.raw, sender.connection.peer_ip, helo, reverse_path, recipient)
