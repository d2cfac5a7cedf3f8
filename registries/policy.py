"""What privacy means for a TLD: one mechanism each, with reason, source, date and confidence.

Beside the mechanism a rule keeps the facts that explain it: which contacts the registry holds, what it
shows, whom it accepts as a holder, and how it changes one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

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


class Profile(StrEnum):
    """Whose directory we are for a TLD: by that go the wording and the redactions of what we publish."""

    REGISTRAR = "registrar"  # a registrar's, of a gTLD: RAA 2013, ICANN's RDAP response profile
    REGISTRY = "registry"  # the registry's own, of a gTLD: registry agreement, the same profile
    CCTLD = "cctld"  # of a country's TLD, bound by none of ICANN's rules


class Confidence(StrEnum):
    """How sure we are of a row of the catalogue."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ContactModel(StrEnum):
    """Which contacts a registry holds; the names of ICANN's `registryDataModel`."""

    MAXIMUM = "maximum"  # all contacts of a domain ("thick")
    MINIMUM = "minimum"  # none; the registrar alone has them ("thin")
    PER_REGISTRAR = "per-registrar"  # each registrar chooses one of the two


class ProxyPolicy(StrEnum):
    """What a registry says to a privacy service as the holder of a domain."""

    ALLOWED = "allowed"
    UNCONFIRMED = "unconfirmed"  # tolerated as far as is known
    POINTLESS = "pointless"  # the registry hides persons itself
    REGISTRY_SWITCH = "registry_switch"  # the registry offers a switch of its own instead
    LOCAL_HOLDER = "local_holder"  # only somebody on the spot or with papers can hold a domain
    PROHIBITED = "prohibited"
    UNKNOWN = "unknown"


class Shown(StrEnum):
    """What a registry lets the public see of a holder. The first five are fields; the others stand alone."""

    NAME = "name"
    ADDRESS = "address"
    PHONE = "phone"
    EMAIL = "email"
    ID_NUMBER = "id_number"
    NOTHING = "nothing"
    EVERYTHING = "everything"
    REGISTRAR_DECIDES = "registrar_decides"
    REGISTRY_SWITCH = "registry_switch"
    UNKNOWN = "unknown"


FIELDS_SHOWN = frozenset({Shown.NAME, Shown.ADDRESS, Shown.PHONE, Shown.EMAIL, Shown.ID_NUMBER})


HOLDER_CHANGES: Mapping[str, str] = MappingProxyType(
    {
        "update": "an ordinary update",
        "trade": "an operation of its own, which both sides may have to confirm",
        "new_registration": "a new registration",
        "manual": "a procedure by hand",
    }
)


@dataclass(frozen=True, slots=True)
class HolderChange:
    """Whether switching privacy counts as a change of registrant, and what that costs.

    Attributes:
        kind: A key of `HOLDER_CHANGES`.
        lock_days: Days during which transfers may be locked; 0 for none.
        note: What else a registrar should know of it; "" where there is nothing.
    """

    kind: str
    lock_days: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """What a registry grants to one account; `None` where we do not know.

    Attributes:
        granted: Sessions at the same time, without asking for more.
        most: Sessions at the same time that the registry grants at most.
        idle_s: Seconds of silence after which the registry ends a session.
        commands: Commands after which the registry ends a session.
        requests_per_minute: Of all sessions together.
        names_per_check: Names in one `domain:check`.
    """

    granted: int | None = None
    most: int | None = None
    idle_s: int | None = None
    commands: int | None = None
    requests_per_minute: int | None = None
    names_per_check: int | None = None


_LETTERS_OF_A_COUNTRY = 2


def usual_profile(suffix: str) -> Profile:
    """Return the profile where a rule names none: TLDs of two letters are countries' (ISO 3166-1)."""
    of_a_country = len(suffix.rpartition(".")[2]) == _LETTERS_OF_A_COUNTRY
    return Profile.CCTLD if of_a_country else Profile.REGISTRAR


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
        protocol: What the registry speaks with registrars: "EPP", or another in words.
        extension: Name of the EPP extension that the registry wants; "" for none.
        natural_persons: What the public sees of a natural person without a privacy service.
        organisations: The same of an organisation.
        native_mechanism: The registry's own way of hiding holders; "" where it has none.
        presence: Whom the registry accepts as a holder; "" where it accepts anybody.
        note: What else an operator should know; "" where there is nothing.
        whois_server: Where the registry's WHOIS is; "" where it has none, or it is not known.
        profile: Whose directory we are for it.
        file: Name of the file that holds the rule; "" where none does.
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
    protocol: str = "EPP"
    extension: str = ""
    contact_model: ContactModel = ContactModel.MAXIMUM
    natural_persons: tuple[Shown, ...] = (Shown.UNKNOWN,)
    organisations: tuple[Shown, ...] = (Shown.UNKNOWN,)
    proxies: ProxyPolicy = ProxyPolicy.UNKNOWN
    native_mechanism: str = ""
    presence: str = ""
    sessions: SessionLimits = SessionLimits()
    note: str = ""
    whois_server: str = ""
    profile: Profile = Profile.REGISTRAR
    file: str = ""

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
