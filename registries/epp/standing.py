"""How an account stands with its registry: whether it may log in, and with how many sessions.

Three rules, all pure, for whoever keeps the standing: a process for itself, or all of them in a database.

- Credentials that the registry has not accepted yet are tried by one login at a time, for every wrong one
  counts towards locking the account.
- Refused credentials (EPP 2200, 2501) are not tried again until an operator lifts the stop, the credentials
  change, or a long time has passed; then again by one login.
- A registry that counts too many sessions (EPP 2502) gets one fewer than it has for a while, each time for
  longer; then the whole number is tried again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from registries.epp.results import AUTHENTICATION_ERRORS, TOO_MANY_SESSIONS
from registries.errors import AccountStopped

ACCEPTED = 1000
NO_ANSWER = 0

_STOP = timedelta(hours=6)
_PROBE = timedelta(minutes=1)
_FIRST_PAUSE_S = 5.0
_LONGEST_PAUSE_S = 600.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What is remembered of an account; times are aware UTC.

    Attributes:
        accepted: Fingerprint of the credentials that the registry accepted last; empty for none.
        refused: Fingerprint of those that it refused last.
        refused_code: The EPP result code of that.
        probe_until: How long the one login that tries unknown credentials may take.
        lowered_to: Sessions that may be open until `lowered_until`.
        pause_s: How long the cap was lowered for the last time.
    """

    accepted: bytes = b""
    refused: bytes = b""
    refused_code: int = 0
    refused_until: datetime | None = None
    probe_until: datetime | None = None
    lowered_to: int = 0
    lowered_until: datetime | None = None
    pause_s: float = 0.0

    @property
    def stopped(self) -> bool:
        """Whether the registry refused credentials and has accepted none since."""
        return bool(self.refused) and not self.accepted


class Admission(Enum):
    """Who may log in."""

    FREE = auto()
    PROBE = auto()  # this one alone, to try the credentials
    WAIT = auto()  # until the one that tries them is done


def admitted(standing: Standing, credentials: bytes, now: datetime) -> Admission:
    """Decide on a login.

    Raises:
        AccountStopped: The registry refused these credentials.
    """
    if standing.refused == credentials and _ahead(standing.refused_until, now):
        raise AccountStopped(standing.refused_code)
    if standing.accepted == credentials:
        return Admission.FREE
    return Admission.WAIT if _ahead(standing.probe_until, now) else Admission.PROBE


def probing(standing: Standing, now: datetime) -> Standing:
    """Return the standing while one login tries the credentials."""
    return replace(standing, probe_until=now + _PROBE)


def cap_now(standing: Standing, cap: int, now: datetime) -> int:
    """Return how many sessions may be open."""
    return min(cap, standing.lowered_to) if _ahead(standing.lowered_until, now) else cap


def after_login(standing: Standing, credentials: bytes, code: int, held: int, now: datetime) -> Standing:
    """Return the standing after a login.

    Args:
        standing: Before it.
        credentials: Fingerprint of what it was tried with.
        code: EPP result code of the answer; `NO_ANSWER` when there was none.
        held: Sessions that were open or being opened, this one included.
        now: Aware UTC.
    """
    if code in AUTHENTICATION_ERRORS:
        accepted = b"" if standing.accepted == credentials else standing.accepted
        return replace(
            standing,
            accepted=accepted,
            refused=credentials,
            refused_code=code,
            refused_until=now + _STOP,
            probe_until=None,
        )
    if code == TOO_MANY_SESSIONS:
        standing = _lowered(standing, held, now)
    if code == ACCEPTED:
        standing = replace(standing, accepted=credentials, refused=b"", refused_code=0, refused_until=None)
    return replace(standing, probe_until=None)


def resumed(standing: Standing) -> Standing:
    """Return the standing after the operator has lifted the stop: one login tries the credentials."""
    return replace(standing, refused_until=None, probe_until=None)


def _lowered(standing: Standing, held: int, now: datetime) -> Standing:
    pause_s = _FIRST_PAUSE_S
    if standing.lowered_until is not None:
        since_raised_s = (now - standing.lowered_until).total_seconds()
        if since_raised_s < 0:  # another login of the same moment
            pause_s = standing.pause_s
        elif since_raised_s < standing.pause_s:  # soon after the cap was raised: the registry still means it
            pause_s = min(standing.pause_s * 2, _LONGEST_PAUSE_S)
    return replace(
        standing, lowered_to=held - 1, lowered_until=now + timedelta(seconds=pause_s), pause_s=pause_s
    )


def _ahead(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now < moment
