"""A domain as a registrar told us about it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, get_args

from registries.delegation import DelegationSigner, Host, RegistryFacts
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.registrant import Registrant

# RFC 5731 section 2.3 and RFC 3915 section 3.1.
Status = Literal[
    "ok", "inactive", "clientDeleteProhibited", "clientHold", "clientRenewProhibited",
    "clientTransferProhibited", "clientUpdateProhibited", "serverDeleteProhibited", "serverHold",
    "serverRenewProhibited", "serverTransferProhibited", "serverUpdateProhibited", "pendingCreate",
    "pendingDelete", "pendingRenew", "pendingTransfer", "pendingUpdate", "addPeriod", "autoRenewPeriod",
    "renewPeriod", "transferPeriod", "redemptionPeriod", "pendingRestore",
]  # fmt: skip
STATUSES = get_args(Status)

# RFC 1123 section 2.1; in A-labels.
HOST_NAME: Final = (
    r"^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$"
)
HOST_OCTETS: Final = 253
MOST_NAMESERVERS: Final = 13
MOST_DS: Final = 16
MOST_HOSTS: Final = 32
MOST_ADDRESSES: Final = 13


@dataclass(frozen=True, slots=True)
class Registration:
    """One domain and its holder.

    Attributes:
        registrant_verified: Whether the registrar vouches for the registrant's mailbox.
        statuses: EPP status names (RFC 5731 section 2.3), as the registrar reports them.
        version: Grows by one with every change of what is published; the API's ETag.
        registry_id: Repository object id (RFC 5730 section 2.8); "" while it is not known.
        delegation_signed: Whether the parent zone has DS records for it.
        ds: Sorted; may be empty where the registry makes them from keys.
        hosts: Those below the domain that the parent zone has addresses of, sorted.
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
    registry_id: str = ""
    delegation_signed: bool = False
    ds: tuple[DelegationSigner, ...] = ()
    hosts: tuple[Host, ...] = ()


def informed(registration: Registration, facts: RegistryFacts) -> Registration:
    """Return the domain with what its registry says of it; what it does not say stays."""
    signed = registration.delegation_signed if facts.delegation_signed is None else facts.delegation_signed
    return replace(
        registration,
        registry_id=facts.registry_id or registration.registry_id,
        delegation_signed=signed,
        ds=registration.ds if facts.delegation_signed is None else facts.ds,
        hosts=registration.hosts if facts.hosts is None else facts.hosts,
    )
