"""What takes mail, from its parts."""

from collections.abc import Sequence

from mailrelay.checks.similar_texts import SimilarTexts
from mailrelay.directory import Directory
from mailrelay.dns import Resolver
from mailrelay.inbound import Inbound
from mailrelay.server import MailServer, ServerLimits
from whoisproxy.runtime.contact_pages import contact_page
from whoisproxy.runtime.core import Core
from whoisproxy.runtime.mail.checks import chains_of
from whoisproxy.runtime.mail.engines import ConfiguredEngine
from whoisproxy.runtime.mail.keys import certificate, return_addresses


def mail_server(
    core: Core,
    directory: Directory,
    resolver: Resolver,
    engines: Sequence[ConfiguredEngine],
    texts: SimilarTexts | None = None,
) -> MailServer:
    """Return the inbound server, not yet listening."""
    settings = core.settings
    smtp = settings.smtp
    inbound = Inbound(
        chains=chains_of(core, resolver, engines, texts),
        directory=directory,
        resolver=resolver,
        store=core.queue,
        bounces=return_addresses(settings),
        relay_domain=settings.relay.domain,
        authserv_id=smtp.hostname,
        clock=core.clock,
        takes_operator_mail=settings.relay.operator_mailbox is not None,
        validates_arc=settings.authentication.arc,
        contact_url=contact_page(settings),
    )
    return MailServer(
        inbound,
        host=smtp.host,
        port=smtp.port,
        hostname=smtp.hostname,
        tls=certificate(settings),
        tls_port=smtp.tls_port or None,
        proxies=smtp.proxy_protocol_from,
        greet_delay_s=smtp.greet_delay_s,
        limits=ServerLimits(
            size_octets=smtp.size_octets,
            connections=smtp.connections,
            connections_per_address=smtp.connections_per_address,
            connections_per_network=smtp.connections_per_network,
        ),
    )
