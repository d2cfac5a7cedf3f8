"""What a sandbox registry is told when it starts: suffixes, data model, limits, and how it misbehaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from registries.contact import Role


class DataModel(StrEnum):
    """Whether a registry holds contacts (ICANN's RST specification calls it the registry data model)."""

    MAXIMUM = "maximum"
    MINIMUM = "minimum"


class Quirk(StrEnum):
    """A named way in which real registries depart from what a client expects."""

    DISCLOSE_IGNORED = "disclose-ignored"  # contact:update answers 1000 and leaves disclosure as it was
    DISCLOSE_RESET = "disclose-reset"  # each contact:update makes public every field it does not name


@dataclass(frozen=True, slots=True)
class Tld:
    """A suffix of the registry.

    Attributes:
        suffix: Lower-case A-label form without leading dot; domains are registered directly below it.
        required: Roles that a domain must have; empty with the minimum data model.
        max_years: Longest registration, counted from now.
    """

    suffix: str
    data_model: DataModel = DataModel.MAXIMUM
    required: tuple[Role, ...] = (Role.REGISTRANT,)
    max_years: int = 10

    @property
    def holds_contacts(self) -> bool:
        """Whether domains of this suffix have contacts."""
        return self.data_model is DataModel.MAXIMUM


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


def find_tld(tlds: Sequence[Tld], domain: str) -> Tld | None:
    """Return the suffix directly below which `domain` (lower case) can be registered, or None."""
    parent = domain.partition(".")[2]
    return next((tld for tld in tlds if tld.suffix == parent), None)
