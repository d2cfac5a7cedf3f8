"""The whole policy on one screen: which checks run at which stage, in which order, with which limits.

A new check takes a file of its own, a row here and a test. Stages come in order of cost, and so do the
checks of a stage: first what needs only memory, then the DNS, then the database.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailrelay.checks.automatic_reply import AutomaticReply
from mailrelay.checks.bulk_similarity import BulkSimilarity
from mailrelay.checks.chain import Chain, Check
from mailrelay.checks.clients import Clients
from mailrelay.checks.connection_rate import ConnectionRate
from mailrelay.checks.content_score import ContentScore
from mailrelay.checks.dmarc_policy import DmarcPolicyCheck
from mailrelay.checks.dns_allowlist import DnsAllowlist
from mailrelay.checks.dns_blocklist import DnsBlocklist
from mailrelay.checks.dns_lists import DnsList, DnsLists
from mailrelay.checks.early_talker import EarlyTalker
from mailrelay.checks.error_rate import ErrorRate
from mailrelay.checks.fresh_domain import FreshDomain
from mailrelay.checks.greylisting import Greylisting, GreylistLimits, GreylistStore
from mailrelay.checks.helo_sanity import HeloSanity
from mailrelay.checks.known_recipient import KnownRecipient
from mailrelay.checks.listed_sender import ListedSender
from mailrelay.checks.mail_class import MailClassCheck
from mailrelay.checks.mail_loop import MailLoop
from mailrelay.checks.malformed_message import MalformedMessage
from mailrelay.checks.malformed_sender import MalformedSender
from mailrelay.checks.message_rate import MessageRate
from mailrelay.checks.octet_rate import DeclaredOctetRate, OctetRate
from mailrelay.checks.one_relay import OneRelay
from mailrelay.checks.owner_authenticated import OwnerAuthenticated
from mailrelay.checks.owner_takes_no_mail import OwnerTakesNoMail
from mailrelay.checks.probing import Probing
from mailrelay.checks.protected_envelope import ProtectedEnvelope
from mailrelay.checks.protected_mail import ProtectedMail
from mailrelay.checks.protected_senders import ProtectedSenders
from mailrelay.checks.rates import Clock, LeakyBucket
from mailrelay.checks.recipient_limit import RecipientLimit
from mailrelay.checks.recipient_rate import RecipientRate
from mailrelay.checks.reverse_dns import ReverseDns
from mailrelay.checks.sender_facts import SenderFacts
from mailrelay.checks.similar_texts import SimilarTexts
from mailrelay.checks.spam_decision import DecisionLimits, SpamDecision
from mailrelay.checks.stages import ConnectionContext, MessageContext, RecipientContext, SenderContext
from mailrelay.content.classifier.learned import AnyModel
from mailrelay.content.classifier.model import shipped_model
from mailrelay.dns import Resolver

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class CheckLimits:
    """Limits of the checks; counts are per network (/24, /56) and minute unless said otherwise.

    Attributes:
        errors_per_hour: 5yz answers; beyond it a network's connections are deferred.
        unknown_recipients_per_hour: Beyond it a network's recipients are deferred.
        recipients_per_message: Recipients of one transaction.
        trusted_arc_sealers: Domains whose ARC seals override a failed DMARC check, lower case.
        observe_only: Names of checks that are recorded and decide nothing.
        check_timeout_s: Time given to each check.
    """

    connections_per_minute: int = 120
    messages_per_minute: int = 300
    octets_per_minute: int = 256 * 1024 * 1024
    recipients_per_minute: int = 600
    errors_per_hour: int = 600
    unknown_recipients_per_hour: int = 30
    recipients_per_message: int = 50
    decision: DecisionLimits = field(default_factory=DecisionLimits)
    trusted_arc_sealers: frozenset[str] = frozenset()
    observe_only: frozenset[str] = frozenset()
    check_timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class ClientPolicy:
    """How clients are judged; what needs the DNS.

    Attributes:
        resolver: Answers DNS questions.
        own_names: Names of this relay, lower case: nobody else may greet with them.
        lists: Blocklists and allow lists, none by default: their use has terms.
        greylist: Where greylisting and `fresh-domain` keep what they have seen, and the secret under which;
            None does without both.
        greylist_limits: See there.
    """

    resolver: Resolver
    own_names: frozenset[str] = frozenset()
    lists: tuple[DnsList, ...] = ()
    greylist: tuple[GreylistStore, bytes] | None = None
    greylist_limits: GreylistLimits = field(default_factory=GreylistLimits)


@dataclass(frozen=True, slots=True)
class Chains:
    """One chain per stage.

    Attributes:
        clients: Judges the client when its first recipient is accepted.
        doubtful: Recipients of a client against which there is evidence.
        errors: Counts 5yz answers per network.
    """

    connection: Chain[ConnectionContext]
    sender: Chain[SenderContext]
    recipient: Chain[RecipientContext]
    client: Chain[SenderContext]
    clients: Clients
    doubtful: Chain[RecipientContext]
    message: Chain[MessageContext]
    errors: LeakyBucket


def build_chains(  # noqa: PLR0913 - what messages are judged by
    limits: CheckLimits,
    clock: Clock,
    policy: ClientPolicy | None = None,
    protected: ProtectedSenders | None = None,
    *,
    engines: "Sequence[Check[MessageContext]]" = (),
    texts: SimilarTexts | None = None,
    spam_model: Callable[[], AnyModel] = shipped_model,
) -> Chains:
    """Return the chains.

    Args:
        limits: See there.
        clock: Aware UTC.
        policy: How clients are judged; None asks no DNS about them.
        protected: Senders whose mail nothing stops; None takes the list that is shipped.
        engines: Checks that ask engines, in the order in which they are asked.
        texts: What was written to whom lately; None remembers it for these chains alone.
        spam_model: Gives the model by which content is scored now.

    Raises:
        ValueError: `observe_only` names a check that does not exist.
    """
    connections = LeakyBucket(limits.connections_per_minute, 60, clock)
    messages = LeakyBucket(limits.messages_per_minute, 60, clock)
    octets = LeakyBucket(limits.octets_per_minute, 60, clock)
    recipients = LeakyBucket(limits.recipients_per_minute, 60, clock)
    errors = LeakyBucket(limits.errors_per_hour, 3600, clock)
    unknown = LeakyBucket(limits.unknown_recipients_per_hour, 3600, clock)
    protected = protected or ProtectedSenders.load()
    envelope = ProtectedEnvelope(protected, policy.resolver if policy else None)

    connection: Sequence[Check[ConnectionContext]] = (ConnectionRate(connections), ErrorRate(errors))
    sender: Sequence[Check[SenderContext]] = (
        MalformedSender(),
        MessageRate(messages),
        DeclaredOctetRate(octets),
    )
    recipient: Sequence[Check[RecipientContext]] = (
        Probing(unknown),
        RecipientRate(recipients),
        KnownRecipient(unknown),
        OneRelay(),
        RecipientLimit(limits.recipients_per_message),
    )
    client = _client_checks(policy) if policy else ()
    doubtful = _doubtful_checks(policy, clock) if policy else ()
    message: Sequence[Check[MessageContext]] = (
        OctetRate(octets),
        MalformedMessage(),
        MailLoop(),
        ProtectedMail(protected),
        DmarcPolicyCheck(limits.trusted_arc_sealers),
        OwnerAuthenticated(),
        AutomaticReply(),
        ListedSender(),
        SenderFacts(),
        *_memories(policy, clock),
        BulkSimilarity(texts or SimilarTexts.of_this_process(clock), protected),
        *engines,
        ContentScore(spam_model),
        MailClassCheck(protected),
        OwnerTakesNoMail(),
        SpamDecision(limits.decision),
    )
    stages = (connection, sender, recipient, client, doubtful, message)
    names = {check.name for stage in stages for check in stage}
    if unknown_names := limits.observe_only - names:
        raise ValueError(f"observe_only names no check: {', '.join(sorted(unknown_names))}")
    only, timeout_s = limits.observe_only, limits.check_timeout_s
    client_chain = Chain(client, only, timeout_s)
    return Chains(
        connection=Chain(connection, only, timeout_s),
        sender=Chain(sender, only, timeout_s),
        recipient=Chain(recipient, only, timeout_s),
        client=client_chain,
        clients=Clients(client_chain, envelope),
        doubtful=Chain(doubtful, only, timeout_s),
        message=Chain(message, only, timeout_s, found_in=lambda context: context.found),
        errors=errors,
    )


def _client_checks(policy: ClientPolicy) -> "Sequence[Check[SenderContext]]":
    lists = DnsLists(policy.lists, policy.resolver)
    return (
        DnsAllowlist(lists),
        EarlyTalker(),
        HeloSanity(policy.own_names, policy.resolver),
        DnsBlocklist(lists),
        ReverseDns(policy.resolver),
    )


def _doubtful_checks(policy: ClientPolicy, clock: Clock) -> "Sequence[Check[RecipientContext]]":
    if policy.greylist is None:
        return ()
    return (Greylisting(*policy.greylist, policy.greylist_limits, clock),)


def _memories(policy: ClientPolicy | None, clock: Clock) -> "Sequence[Check[MessageContext]]":
    if policy is None or policy.greylist is None:
        return ()
    return (FreshDomain(*policy.greylist, clock),)
