"""The checks of the relay as the settings want them."""

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_network

from mailrelay.checks.chains import Chains, CheckLimits, ClientPolicy, build_chains
from mailrelay.checks.dns_lists import DnsList
from mailrelay.checks.greylist_store import SqlGreylist
from mailrelay.checks.greylisting import GreylistLimits
from mailrelay.checks.protected_senders import ProtectedSenders, ProtectedSendersError
from mailrelay.checks.similar_texts import SimilarTexts
from mailrelay.dns import Resolver
from whoisproxy.config import ConfigurationError, DnsListSettings, Settings
from whoisproxy.runtime.core import Core
from whoisproxy.runtime.mail.engines import ConfiguredEngine
from whoisproxy.runtime.mail.keys import greylist_key


def chains_of(
    core: Core, resolver: Resolver, engines: Sequence[ConfiguredEngine], texts: SimilarTexts | None = None
) -> Chains:
    """Return the chains of the inbound server.

    Args:
        core: The services.
        resolver: Answers DNS questions.
        engines: They are asked about each message.
        texts: What was written to whom lately; None remembers it for these chains alone.

    Raises:
        ConfigurationError: A file of protected senders cannot be read or is not as it must be.
    """
    settings = core.settings
    policy = ClientPolicy(
        resolver=resolver,
        own_names=frozenset({settings.smtp.hostname, settings.relay.domain}),
        lists=tuple(_list(one) for one in settings.dns_lists),
        greylist=_greylist(core) if settings.checks.greylisting else None,
        greylist_limits=GreylistLimits(delay=timedelta(seconds=settings.checks.greylist_delay_s)),
    )
    return build_chains(
        check_limits(settings),
        core.clock,
        policy,
        protected_senders_of(settings),
        engines=[engine.check for engine in engines],
        texts=texts,
        spam_model=core.learning.model,
    )


def check_limits(settings: Settings) -> CheckLimits:
    """Return the limits of one mail process: its part of what a network may bring to all of them."""
    trusted = frozenset(settings.authentication.trusted_arc_sealers)
    counted = settings.limits.model_dump(exclude={"recipients_per_message"})
    shares = {name: -(-limit // settings.smtp.processes) for name, limit in counted.items()}
    return CheckLimits(
        **shares,
        recipients_per_message=settings.limits.recipients_per_message,
        trusted_arc_sealers=trusted,
    )


def protected_senders_of(settings: Settings) -> ProtectedSenders:
    """Return whose notices no filter may hold up.

    Raises:
        ConfigurationError: A file of protected senders cannot be read or is not as it must be.
    """
    try:
        return ProtectedSenders.load(*settings.checks.protected_senders)
    except ProtectedSendersError as error:
        raise ConfigurationError(str(error)) from None


def _greylist(core: Core) -> tuple[SqlGreylist, bytes]:
    return SqlGreylist(core.storage.engine, core.storage.reading_engine), greylist_key(core.settings)


def _list(settings: DnsListSettings) -> DnsList:
    networks = ((ip_network(answers), meaning) for answers, meaning in settings.answers.items())
    return DnsList(settings.zone, tuple(networks))  # type: ignore[arg-type] # the settings take IPv4 only
