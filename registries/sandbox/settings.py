"""What a sandbox registry is told when it starts: suffixes, data model, limits, and how it misbehaves."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum

from registries.contact import Role


class DataModel(StrEnum):
    """Whether a registry holds contacts (ICANN's RST specification calls it the registry data model)."""

    MAXIMUM = "maximum"
    MINIMUM = "minimum"


class Quirk(StrEnum):
    """A named way in which real registries depart from what a client expects; `quirks` says how and where."""

    DISCLOSE_IGNORED = "disclose-ignored"
    DISCLOSE_RESET = "disclose-reset"
    DISCLOSE_UNNAMED_PUBLIC = "disclose-unnamed-public"
    DISCLOSE_UNTYPED = "disclose-untyped"
    NOT_APPLIED = "not-applied"
    PENDING = "pending"
    PENDING_REFUSED = "pending-refused"
    MINIMUM_DATA_SET = "minimum-data-set"
    CONTACTS_REFUSED = "contacts-refused"
    FAIL_AT_RANDOM = "fail-at-random"
    OUT_OF_ORDER = "out-of-order"
    CLOSE_AFTER_2101 = "close-after-2101"
    CLOSE_AT_RANDOM = "close-at-random"
    DISCONNECT_AT_RANDOM = "disconnect-at-random"
    DROP_REPEATED = "drop-repeated"
    COMMAND_CAP = "command-cap"
    ERROR_DELAY = "error-delay"
    CLTRID_MISMATCH = "cltrid-mismatch"
    SPLIT_HEADER = "split-header"
    TRUNCATED_FRAME = "truncated-frame"
    OVERSIZE_LENGTH = "oversize-length"
    DOCTYPE = "doctype"


@dataclass(frozen=True, slots=True)
class Tld:
    """A suffix of the registry.

    Attributes:
        suffix: Lower-case A-label form without leading dot; domains are registered directly below it.
        required: Roles that a domain must have; empty with the minimum data model.
        max_years: Longest registration, counted from now.
        transfer_months: What a transfer prolongs a registration by that names no period itself.
    """

    suffix: str
    data_model: DataModel = DataModel.MAXIMUM
    required: tuple[Role, ...] = (Role.REGISTRANT,)
    max_years: int = 10
    transfer_months: int = 12

    @property
    def holds_contacts(self) -> bool:
        """Whether domains of this suffix have contacts."""
        return self.data_model is DataModel.MAXIMUM


@dataclass(frozen=True, slots=True)
class Rules:
    """What a registry decides by its own rulebook.

    Attributes:
        make_hosts: Whether a host object that a domain names is made when it is not there; else 2303.
        transfer_s: Seconds after which the registry approves a transfer that nobody answered.
        reviewed: Names of the commands that transform and are answered 1001, to be decided on later.
        review_s: Seconds after which the registry decides by itself; None when it waits to be told.
        review_approves: What it decides by itself.
    """

    make_hosts: bool = False
    transfer_s: float = 5 * 86400.0
    reviewed: AbstractSet[str] = frozenset()
    review_s: float | None = 0.0
    review_approves: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """What one peer may ask of the registry."""

    max_frame_octets: int = 1024 * 1024
    idle_s: float = 600.0  # between two frames
    read_s: float = 30.0  # from the first octet of a frame to its last
    write_s: float = 30.0
    handshake_s: float = 15.0
    linger_s: float = 2.0  # reading on after a refusal, so that the answer is not lost to a reset
    max_sessions: int = 10  # logged in, of one account
    max_connections: int = 500  # of all peers
    max_failed_logins: int = 3
    max_commands: int | None = None  # of one session
    max_commands_a_minute: int | None = None  # of one account


def find_tld(tlds: Sequence[Tld], domain: str) -> Tld | None:
    """Return the suffix directly below which `domain` (lower case) can be registered, or None."""
    parent = domain.partition(".")[2]
    return next((tld for tld in tlds if tld.suffix == parent), None)
