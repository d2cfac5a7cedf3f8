"""What the operator decides once for all services: brand, relay domain, grace period."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from whoisproxy.domain.proxy_identity import Brand

Clock = Callable[[], datetime]
"""Gives the time now, aware, in UTC."""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What services need to know of an account at a registry.

    Attributes:
        registrar: Name of the tenant whose account it is; "" where it is the operator's for several.
        shared_email: Mailbox of proxy contacts that all its domains share; "" gives each domain its own,
            with its relay addresses.
    """

    name: str
    registrar: str = ""
    shared_email: str = ""


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """Values that privacy switching needs.

    Attributes:
        brand: Proxy identity of registrars that have no brand of their own.
        relay_domain: Domain part of every relay and reply address.
        grace: How long an address goes on taking mail once it is no longer published.
        accounts: Our account at the registry of each public suffix.
    """

    brand: Brand
    relay_domain: str
    grace: timedelta
    accounts: Mapping[str, AccountFacts] = field(default_factory=dict)
