"""Find the mail servers of a domain (RFC 5321 section 5.1, null MX by RFC 7505), or use the smarthost."""

from dataclasses import dataclass
from ipaddress import ip_address

from mailrelay.dns import Resolver
from mailrelay.errors import PermanentMailError, TemporaryMailError

_MOST_HOSTS = 5  # RFC 5321 5.1 asks for at least two; a hostile zone could name hundreds


@dataclass(frozen=True, slots=True)
class Target:
    """A mail server: its name (for TLS) and one address to connect to."""

    host: str
    address: str
    port: int


class Router:
    """Says where mail for a domain goes.

    Args:
        resolver: Answers DNS questions.
        port: Port of mail servers found in the DNS.
        smarthost: `host:port` that takes all mail; empty asks the DNS.
        public_only: Whether to pass over servers on private and loopback addresses: a correspondent's
            zone must not send us into the operator's own network.
    """

    def __init__(
        self, resolver: Resolver, port: int = 25, smarthost: str = "", *, public_only: bool = False
    ) -> None:
        self._resolver = resolver
        self._port = port
        self._smarthost = smarthost
        self._public_only = public_only

    async def targets(self, domain: str) -> list[Target]:
        """Return mail servers, best first; never empty.

        Raises:
            PermanentMailError: The domain does not exist or takes no mail.
            TemporaryMailError: The DNS did not answer, or a named server has no address now.
        """
        if self._smarthost:
            host, _, port = self._smarthost.rpartition(":")
            return [Target(host.strip("[]"), host.strip("[]"), int(port))]
        records = await self._resolver.mx(domain)
        hosts = [host for _, host in records][:_MOST_HOSTS]
        if hosts == [""]:
            raise PermanentMailError(556, "5.1.10", "Recipient domain takes no mail", "null-mx")
        found = [
            Target(host, address, self._port)
            for host in (hosts or [domain])
            if host
            for address in await self._resolver.addresses(host)
        ]
        allowed = [
            target for target in found if not self._public_only or ip_address(target.address).is_global
        ]
        if allowed:
            return allowed
        if found:
            raise PermanentMailError(550, "5.4.4", "No route to the recipient", "mail-server-not-public")
        if hosts:
            raise TemporaryMailError(451, "4.4.4", "No route to the recipient", "mx-has-no-address")
        raise PermanentMailError(550, "5.1.2", "Recipient domain does not exist", "no-such-domain")
