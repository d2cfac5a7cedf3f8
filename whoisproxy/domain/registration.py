"""A domain as a registrar told us about it."""

from dataclasses import dataclass
from datetime import datetime

from whoisproxy.domain.names import DomainName
from whoisproxy.domain.registrant import Registrant


@dataclass(frozen=True, slots=True)
class Registration:
    """One domain and its holder.

    Attributes:
        registrant_verified: Whether the registrar vouches for the registrant's mailbox.
        statuses: EPP status names (RFC 5731 section 2.3), as the registrar reports them.
        version: Grows by one with every change of what is published; the API's ETag.
    """

    id: str
    registrar_id: str
    name: DomainName
    registrant_id: str
    registrant: Registrant
    registrant_verified: bool
    nameservers: tuple[str, ...]
    statuses: tuple[str, ...]
    registered_at: datetime
    expires_at: datetime | None
    updated_at: datetime
    version: int
