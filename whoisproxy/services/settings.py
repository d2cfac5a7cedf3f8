"""What the operator decides once for all services: brand, relay domain, grace period."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from whoisproxy.domain.proxy_identity import Brand

Clock = Callable[[], datetime]
"""Gives the time now, aware, in UTC."""


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """Values that privacy switching needs.

    Attributes:
        brand: Proxy identity of registrars that have no brand of their own.
        relay_domain: Domain part of every relay and reply address.
        grace: How long an address goes on taking mail once it is no longer published.
    """

    brand: Brand
    relay_domain: str
    grace: timedelta
