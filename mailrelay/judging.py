"""Judge a message as the server would at the end of DATA, without a server, a queue or an owner.

Runs the real chain of message checks on a message from a file, as if it came to a relay address that exists
for this alone. Without a resolver nobody can be authenticated: only what the From field itself says is used.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mailrelay.addresses import parse_mailboxes
from mailrelay.authentication.authenticate import authenticate, without_dns
from mailrelay.authentication.results import AuthenticationResults
from mailrelay.checks.chain import Chain
from mailrelay.checks.content_score import ContentScore
from mailrelay.checks.explanations import DEFAULT_LANGUAGE, why
from mailrelay.checks.stages import ConnectionContext, MessageContext, SenderContext
from mailrelay.checks.verdict import Action, Decision, Verdict
from mailrelay.content.classifier.model import Reason
from mailrelay.content.kinds import MailClass, class_in
from mailrelay.content.score import TAG_POINTS, score, top_features
from mailrelay.directory import MailPolicy, RelayRoute
from mailrelay.dns import Resolver
from mailrelay.message import RawMessage, canonical_line_ends
from mailrelay.queue.entry import NoteOfVerdict

# What a filter's user calls it: refused or held is spam, marked or put off is for him to see.
_CLASSES = {
    Action.ACCEPT: "ham",
    Action.TAG: "unsure",
    Action.DEFER: "unsure",
    Action.QUARANTINE: "spam",
    Action.REJECT: "spam",
}
_MOST_SENTENCES = 20


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a message besides its octets.

    Attributes:
        peer_ip: Address of the client.
        helo: Name given in EHLO.
        reverse_path: MAIL FROM; None takes it from Return-Path, else from the author.
        recipient: The relay address written to.
        policy: What its owner wants done with spam.
    """

    peer_ip: str = "192.0.2.1"
    helo: str = "client.invalid"
    reverse_path: str | None = None
    recipient: str = "relay-address@relay.invalid"
    policy: MailPolicy = MailPolicy.FILTER


@dataclass(frozen=True, slots=True)
class Judgement:
    """What would happen to a message.

    Attributes:
        kind: `spam`, `unsure` or `ham`.
        score: Content score, whether or not it made a check speak.
        verdicts: Of all checks that had something to say, in their order.
        mail_class: What the message is about; OTHER as well where it was refused before that was asked.
        features: What spoke most for spam where the content looks like it; holds words of the message.
    """

    action: Action
    kind: str
    score: float
    verdicts: tuple[Verdict, ...]
    mail_class: MailClass
    features: tuple[Reason, ...] = ()

    @property
    def why(self) -> tuple[str, ...]:
        """All that speaks against it in plain English; nothing where it would be passed on unmarked."""
        if self.action is Action.ACCEPT:
            return ()
        notes = [NoteOfVerdict(one.check, one.action.name.lower(), one.reason) for one in self.verdicts]
        return why(notes, DEFAULT_LANGUAGE, _MOST_SENTENCES)


class Judge:
    """Judges messages one by one.

    Args:
        chain: The checks of the message stage.
        facts: What all messages share.
        clock: Gives aware UTC.
        resolver: For sender authentication; None skips it.
    """

    def __init__(
        self,
        chain: Chain[MessageContext],
        facts: Facts,
        clock: Callable[[], datetime],
        resolver: Resolver | None = None,
    ) -> None:
        self._chain = chain
        self._facts = facts
        self._clock = clock
        self._resolver = resolver

    async def judge(self, raw: bytes) -> Judgement:
        """Judge the octets of a file: any line ends, with or without the `From ` line of an mbox."""
        if raw.startswith(b"From "):
            raw = raw.partition(b"\n")[2]
        message = RawMessage.parse(canonical_line_ends(raw))
        reverse_path = self._reverse_path(message)
        facts = self._facts
        sender = SenderContext(ConnectionContext(facts.peer_ip), facts.helo, reverse_path)
        domain = facts.recipient.rpartition("@")[2]
        route = RelayRoute("judged", "judged", domain, facts.recipient, facts.policy)
        found = await self._authenticate(message, reverse_path)
        context = MessageContext(sender, (route,), message, found)
        decision = await self._chain.run(context)
        points = _score(context, decision)
        return Judgement(
            decision.action,
            _CLASSES[decision.action],
            points,
            decision.verdicts,
            class_in(decision.verdicts),
            top_features(message, context.content) if points >= TAG_POINTS else (),
        )

    async def _authenticate(self, message: RawMessage, reverse_path: str) -> AuthenticationResults:
        if self._resolver is None:
            return without_dns(message)
        facts = self._facts
        return await authenticate(
            message, facts.peer_ip, facts.helo, reverse_path, self._resolver, self._clock()
        )

    def _reverse_path(self, message: RawMessage) -> str:
        if self._facts.reverse_path is not None:
            return self._facts.reverse_path
        returned = message.first("Return-Path")
        if returned == "<>":
            return ""
        for value in (returned, message.first("From")):
            for mailbox in parse_mailboxes(value):
                return mailbox.address
        return ""


def _score(context: MessageContext, decision: Decision) -> float:
    for verdict in decision.verdicts:
        if verdict.check == ContentScore.name:
            return verdict.score
    return score(context.message, context.content).total
