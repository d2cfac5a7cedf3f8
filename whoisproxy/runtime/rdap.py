"""The RDAP server as it is configured."""

import socket
from collections.abc import Sequence

from whoisproxy.config import Settings
from whoisproxy.rdds_servers.listening import listening_sockets
from whoisproxy.rdds_servers.queries import Publisher
from whoisproxy.rdds_servers.rdap_answering import RdapSettings
from whoisproxy.rdds_servers.rdap_bootstrap import Elsewhere
from whoisproxy.rdds_servers.rdap_server import RdapServer
from whoisproxy.rdds_servers.rdap_tls import rdap_tls


def open_rdap(settings: Settings, publisher: Publisher, sockets: Sequence[socket.socket] = ()) -> RdapServer:
    """Return the server, listening.

    Args:
        settings: Where and how; a bootstrap file and a certificate are read.
        publisher: Answers about objects.
        sockets: Those that somebody else has opened for it; it opens its own where there are none.

    Raises:
        ConfigurationError: A file cannot be used.
        OSError: An address cannot be listened at.
    """
    rdap = settings.rdap
    server = RdapServer(
        publisher,
        RdapSettings(rdap.base_url, settings.brand.terms_url, rdap.requests_per_minute),
        tls=rdap_tls(rdap.tls_certificate, rdap.tls_key) if rdap.tls_certificate else None,
        elsewhere=Elsewhere(rdap.bootstrap, rdap.base_url) if rdap.bootstrap else None,
    )
    server.listen(sockets or listening_sockets(rdap.hosts, rdap.port))
    return server
