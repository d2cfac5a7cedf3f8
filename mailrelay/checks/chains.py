"""The whole policy on one screen: which checks run at which stage, in which order, with which limits.

A new check takes a file of its own, a row here and a test.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailrelay.checks.automatic_reply import AutomaticReply
from mailrelay.checks.bulk_similarity import BulkLimits, BulkSimilarity
from mailrelay.checks.chain import Chain, Check
from mailrelay.checks.connection_rate import ConnectionRate
from mailrelay.checks.content_score import ContentScore, ScoreLimits
from mailrelay.checks.dmarc_policy import DmarcPolicyCheck
from mailrelay.checks.known_recipient import KnownRecipient
from mailrelay.checks.mail_loop import MailLoop
from mailrelay.checks.malformed_message import MalformedMessage
from mailrelay.checks.malformed_sender import MalformedSender
from mailrelay.checks.message_rate import MessageRate
from mailrelay.checks.one_relay import OneRelay
from mailrelay.checks.owner_authenticated import OwnerAuthenticated
from mailrelay.checks.probing import Probing
from mailrelay.checks.recipient_limit import RecipientLimit
from mailrelay.checks.stages import ConnectionContext, MessageContext, RecipientContext, SenderContext
from mailrelay.checks.window import Clock, SlidingWindow

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class CheckLimits:
    """Limits of the checks; counts are per network (/24, /56) and minute unless said otherwise.

    Attributes:
        unknown_recipients_per_hour: Beyond it a network's recipients are deferred.
        recipients_per_message: Recipients of one transaction.
        trusted_arc_sealers: Domains whose ARC seals override a failed DMARC check, lower case.
        observe_only: Names of checks that are recorded and decide nothing.
        check_timeout_s: Time given to each check.
    """

    connections_per_minute: int = 120
    messages_per_minute: int = 300
    unknown_recipients_per_hour: int = 30
    recipients_per_message: int = 50
    bulk: BulkLimits = field(default_factory=BulkLimits)
    score: ScoreLimits = field(default_factory=ScoreLimits)
    trusted_arc_sealers: frozenset[str] = frozenset()
    observe_only: frozenset[str] = frozenset()
    check_timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Chains:
    """One chain per stage."""

    connection: Chain[ConnectionContext]
    sender: Chain[SenderContext]
    recipient: Chain[RecipientContext]
    message: Chain[MessageContext]


def build_chains(limits: CheckLimits, clock: Clock) -> Chains:
    """Return the chains.

    Raises:
        ValueError: `observe_only` names a check that does not exist.
    """
    connections = SlidingWindow(limits.connections_per_minute, 60, clock)
    messages = SlidingWindow(limits.messages_per_minute, 60, clock)
    unknown = SlidingWindow(limits.unknown_recipients_per_hour, 3600, clock)

    connection: Sequence[Check[ConnectionContext]] = (ConnectionRate(connections),)
    sender: Sequence[Check[SenderContext]] = (MalformedSender(), MessageRate(messages))
    recipient: Sequence[Check[RecipientContext]] = (
        Probing(unknown),
        KnownRecipient(),
        OneRelay(),
        RecipientLimit(limits.recipients_per_message),
    )
    message: Sequence[Check[MessageContext]] = (
        MalformedMessage(),
        MailLoop(),
        DmarcPolicyCheck(limits.trusted_arc_sealers),
        OwnerAuthenticated(),
        AutomaticReply(),
        BulkSimilarity(limits.bulk, clock),
        ContentScore(limits.score),
    )
    names = {check.name for stage in (connection, sender, recipient, message) for check in stage}
    if unknown_names := limits.observe_only - names:
        raise ValueError(f"observe_only names no check: {', '.join(sorted(unknown_names))}")
    only, timeout_s = limits.observe_only, limits.check_timeout_s
    return Chains(
        Chain(connection, only, timeout_s),
        Chain(sender, only, timeout_s),
        Chain(recipient, only, timeout_s),
        Chain(message, only, timeout_s),
    )
