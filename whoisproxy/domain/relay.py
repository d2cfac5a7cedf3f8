"""Relay addresses: random, one per domain and contact role, stable until rotated.

Lifecycle: active (published), grace (no longer published, still taking mail), retired (550 5.1.1, for ever:
an address is never given to another domain). Reply addresses are random too: one per relay address,
correspondent and thread, until they end or are revoked.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from mailrelay.directory import Opening
from registries.contact import Role
from whoisproxy.domain.ids import base32

_LOCAL_PART_LENGTH = 20  # 100 bits


class RelayState(StrEnum):
    """Where a relay address stands in its life."""

    ACTIVE = "active"
    GRACE = "grace"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class RelayAddress:
    """A published address.

    Attributes:
        grace_until: When it stops taking mail; None while active.
    """

    id: str
    domain_id: str
    role: Role
    local_part: str
    relay_domain: str
    state: RelayState
    grace_until: datetime | None
    created_at: datetime

    @property
    def address(self) -> str:
        """The mailbox as published."""
        return f"{self.local_part}@{self.relay_domain}"

    def takes_mail(self, now: datetime) -> bool:
        """Whether mail to it is relayed at `now`."""
        if self.state is RelayState.GRACE:
            return self.grace_until is not None and now < self.grace_until
        return self.state is RelayState.ACTIVE

    def withdrawn(self, now: datetime, grace: timedelta) -> "RelayAddress":
        """Return it unpublished, taking mail until `now + grace`."""
        return replace(self, state=RelayState.GRACE, grace_until=now + grace)

    def reactivated(self) -> "RelayAddress":
        """Return it published again; only an address in grace can be."""
        return replace(self, state=RelayState.ACTIVE, grace_until=None)


REPLY_LIFETIME = timedelta(days=365)
"""A reply address ends so long after it was made, or was last given out in the second half of its life."""


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """An address by which the registrant answers one correspondent of one relay address in one thread.

    Attributes:
        opening: Who wrote, and how; a person's, so it is stored sealed.
        revoked_at: When the registrant gave it up; None while he has not.
    """

    id: str
    relay_id: str
    domain_id: str
    local_part: str
    relay_domain: str
    opening: Opening
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    @property
    def address(self) -> str:
        """The mailbox that the registrant sees."""
        return f"{self.local_part}@{self.relay_domain}"

    def takes_mail(self, now: datetime) -> bool:
        """Whether what the registrant sends to it is relayed at `now`."""
        return self.revoked_at is None and now < self.expires_at


def random_local_part() -> str:
    """Return 100 random bits as base32 without look-alike letters; never derived from a name."""
    return base32(secrets.randbits(5 * _LOCAL_PART_LENGTH), _LOCAL_PART_LENGTH)
