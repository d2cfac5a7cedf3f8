"""The resolver that mail asks."""

import dns.resolver

from mailrelay.dns import Resolver
from whoisproxy.config import Settings


def resolver_of(settings: Settings, lifetime_s: float | None = None) -> Resolver:
    """Return a resolver on the configured name servers, or on those of the system.

    Args:
        settings: They name the servers and the time that each has.
        lifetime_s: For one question with all its retries; None for three times what a server has.
    """
    nameservers = settings.dns.nameservers or tuple(
        f"[{server}]:53" if ":" in str(server) else f"{server}:53"
        for server in dns.resolver.Resolver().nameservers
    )
    timeout_s = settings.dns.timeout_s
    return Resolver(
        nameservers,
        timeout_s=timeout_s,
        lifetime_s=lifetime_s or 3 * timeout_s,
        validating=settings.dns.validating,
    )
