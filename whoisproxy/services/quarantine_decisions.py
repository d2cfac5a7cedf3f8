"""What an owner, his registrar or the operator says about held mail, and what follows from it.

Whoever calls has made sure who speaks. What is said of a message is done once, however often it is said: the
queue moves a message one time, and only who moved it tells the registrar's backend. A rule about the sender
is made and the model taught before that, both the same each time: a crash in between loses neither.
"""

import structlog

from mailrelay.message import RawMessage
from mailrelay.queue.entry import QueuedMessage, State
from mailrelay.queue.store import QueueStore
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.quarantine import Decided, Decision, Outcome, Speaker
from whoisproxy.services.events import emit
from whoisproxy.services.quarantine import OpenedMessage, QuarantineService
from whoisproxy.services.quarantine_authors import is_proven, sender_of
from whoisproxy.services.sender_rules import SenderRules
from whoisproxy.services.settings import Clock
from whoisproxy.services.spam_learning import Label, SpamLearning
from whoisproxy.storage.unit_of_work import Storage

_log = structlog.get_logger()

RELEASED, DISCARDED = "quarantine.released", "quarantine.discarded"

_MOST_OPENED = 500
_ALLOWED = frozenset({Decision.ALLOW_SENDER, Decision.ALLOW_DOMAIN})
_BLOCKED = frozenset({Decision.BLOCK_SENDER, Decision.BLOCK_DOMAIN})
_OF_DOMAIN = frozenset({Decision.ALLOW_DOMAIN, Decision.BLOCK_DOMAIN})
# What a decision says about how good a message is; who blocks a sender may have other reasons.
_LABELS = {
    Decision.RELEASE: Label.HAM,
    Decision.ALLOW_SENDER: Label.HAM,
    Decision.ALLOW_DOMAIN: Label.HAM,
    Decision.REPORT: Label.SPAM,
}


class QuarantineDecisions:
    """Carries out what is said.

    Args:
        storage: The database.
        queue: Has the messages.
        quarantine: Finds them.
        rules: Takes rules about senders.
        learning: Teaches the model of spam.
        clock: Gives aware UTC.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - it stands where these meet
        self,
        storage: Storage,
        queue: QueueStore,
        quarantine: QuarantineService,
        rules: SenderRules,
        learning: SpamLearning,
        clock: Clock,
    ) -> None:
        self._storage = storage
        self._queue = queue
        self._quarantine = quarantine
        self._rules = rules
        self._learning = learning
        self._clock = clock

    async def decide(
        self, found: OpenedMessage, decision: Decision, by: Speaker, *, sure: bool = False
    ) -> Decided:
        """Do what somebody says about a held message, once.

        Args:
            found: The message.
            decision: See there.
            by: By whose word.
            sure: He was warned of malware, and wants it all the same.

        Raises:
            InvalidInput: The sender cannot be named in a rule, or there are too many of them.
            QueueUnavailable: Nothing was decided.
        """
        if not found.held.is_held:
            return Decided(Outcome.ALREADY)
        if decision.releases and found.held.is_dangerous and not sure:
            return Decided(Outcome.DANGEROUS)
        queued = await self._queue.kept(found.held.id)
        if queued is None:
            return Decided(Outcome.ALREADY)
        message = RawMessage.parse(queued.raw)
        await self._rule(queued, message, decision)
        await self._teach(found, decision)
        if not await self._move(queued.id, decision, by):
            return Decided(Outcome.ALREADY)
        await self._tell(found, decision, by)
        return Decided(Outcome.DONE, decision not in _ALLOWED or is_proven(queued, message))

    async def report_all_of(self, domain: DomainName, correspondent: str) -> int:
        """Throw away as spam what is held of a correspondent for a domain, by its owner's word.

        Returns:
            How many messages these were; of none, nothing could be learned.
        """
        count = 0
        for found in (await self._quarantine.held_for(domain))[:_MOST_OPENED]:
            queued = await self._queue.kept(found.held.id)
            if (
                queued is not None
                and sender_of(queued, RawMessage.parse(queued.raw)) == correspondent.lower()
            ):
                decided = await self.decide(found, Decision.REPORT, Speaker.OWNER)
                count += decided.outcome is Outcome.DONE
        return count

    async def _rule(self, queued: QueuedMessage, message: RawMessage, decision: Decision) -> None:
        if decision not in _ALLOWED | _BLOCKED:
            return
        sender = sender_of(queued, message)
        if not sender:
            raise InvalidInput("sender", "the message names nobody")
        make = self._rules.allow if decision in _ALLOWED else self._rules.block
        await make(queued.relay_id, sender.rpartition("@")[2] if decision in _OF_DOMAIN else sender)

    async def _teach(self, found: OpenedMessage, decision: Decision) -> None:
        label, record = _LABELS.get(decision), found.held.record
        # What was held at delivery passed the checks: its release contradicts none of them.
        if label is None or (label is Label.HAM and record.state is not State.QUARANTINED):
            return
        try:
            await self._learning.learn(record.id, label)
        except Exception as error:  # noqa: BLE001 - whoever waits for his mail gets it, learned from or not
            _log.warning("message-not-learned", id=record.id, error=type(error).__name__)

    async def _move(self, message_id: str, decision: Decision, by: Speaker) -> bool:
        if decision.releases:
            return await self._queue.release(message_id)
        return await self._queue.discard(message_id, f"{decision}-by-the-{by}")

    async def _tell(self, found: OpenedMessage, decision: Decision, by: Speaker) -> None:
        data: dict[str, object] = {
            "message_id": found.held.id,
            "relay_id": found.held.record.relay_id,
            "decision": decision,
            "class": found.held.kind,
            "by": by,
        }
        kind, registration = RELEASED if decision.releases else DISCARDED, found.registration
        async with self._storage.unit_of_work() as uow:
            name = registration.name.a_label
            await emit(uow, registration.registrar_id, kind, name, data, self._clock)
