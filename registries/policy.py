"""What privacy means for a TLD: one mechanism each, with reason, source, date and confidence."""

from dataclasses import dataclass
from enum import StrEnum

from registries.contact import Role


class Mechanism(StrEnum):
    """How privacy is reached for a TLD."""

    SUBSTITUTE = "substitute"  # the domain's contacts at the registry become proxy contacts
    RDDS_ONLY = "rdds_only"  # nothing at the registry; our own RDAP and WHOIS publish the proxy
    RELAY_EMAIL = "relay_email"  # the real holder stays, the e-mail becomes a relay address
    REGISTRY_FLAG = "registry_flag"  # the registry's own switch (contact:disclose)
    NONE = "none"  # nothing may or need be done; the reason says which


class Reason(StrEnum):
    """Why a TLD's mechanism is `none`; stable codes of the API."""

    PROHIBITED = "TLD_PROHIBITED"
    ALREADY_REDACTED = "TLD_ALREADY_REDACTED"
    LOCAL_PRESENCE = "TLD_LOCAL_PRESENCE"
    UNSUPPORTED = "TLD_UNSUPPORTED"


class Confidence(StrEnum):
    """How sure we are of a row of the catalogue."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class HolderChange:
    """Whether switching privacy counts as a change of registrant, and what that costs.

    Attributes:
        kind: `update`, `trade` or `manual`.
        lock_days: Days during which transfers may be locked; 0 for none.
    """

    kind: str
    lock_days: int


@dataclass(frozen=True, slots=True)
class TldPolicy:
    """The rule for one TLD (or public suffix such as `co.uk`).

    Attributes:
        tld: A-label, without a leading dot.
        reason: Set exactly when `mechanism` is `none`.
        explanation: One plain sentence for people, shown by API and command line.
        source: Where the rule is documented.
        source_date: ISO date or year of the source; "" where unknown.
        roles: Contact roles the registry publishes and we replace.
    """

    tld: str
    operator: str
    mechanism: Mechanism
    reason: Reason | None
    explanation: str
    source: str
    source_date: str
    confidence: Confidence
    holder_change: HolderChange
    roles: tuple[Role, ...]

    @property
    def allowed(self) -> bool:
        """Whether privacy can be switched on."""
        return self.mechanism is not Mechanism.NONE

    @property
    def switch_changes_registrant(self) -> bool:
        """Whether switching privacy replaces the holder in the registry's or the registrar's records.

        With `relay_email` and `registry_flag` the holder stays who he is. With `rdds_only` the registry
        sees nothing, but ICANN's transfer policy counts what the registrar publishes.
        """
        return self.mechanism in {Mechanism.SUBSTITUTE, Mechanism.RDDS_ONLY}
