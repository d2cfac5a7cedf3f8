"""What stands in the way of a change, as the registrar is told it, and how long we go on trying: one table.

An outage of hours or a week must not end an operation; a refusal ends it at once. A code that is not in the
table comes from a status of the object (`registries.epp.statuses`), such as `DOMAIN_TRANSFER_PENDING`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from registries.errors import (
    ChangePending,
    OutcomeUnknown,
    RegistryError,
    RegistryRefused,
    RegistryUnavailable,
    SponsoredElsewhere,
    VerificationFailed,
)
from whoisproxy.domain.privacy import TRANSFERRED_AWAY

NOT_CONFIGURED = "REGISTRY_NOT_CONFIGURED"
REFUSED = "REGISTRY_REFUSED"
DECLINED = "REGISTRY_DECLINED"
PENDING = "REGISTRY_PENDING"


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of the table.

    Attributes:
        patience: How long after an operation's beginning its last try is made.
        look_again: When to try again; None for the usual back-off of seconds to minutes.
    """

    problem: str
    patience: timedelta = timedelta(0)
    look_again: timedelta | None = None


_WEEK = timedelta(days=7)

_TABLE: dict[str, _Row] = {
    NOT_CONFIGURED: _Row("No registry account is configured for this domain ending."),
    REFUSED: _Row("The registry refused the change."),
    DECLINED: _Row("The registry took the change on and then declined it."),
    TRANSFERRED_AWAY: _Row("The domain went to another registrar: there is nothing left to change."),
    "REGISTRY_UNAVAILABLE": _Row("The registry cannot be reached.", _WEEK),
    "REGISTRY_OUTCOME_UNKNOWN": _Row("The registry does not say whether it made the change.", _WEEK),
    "REGISTRY_VERIFICATION_FAILED": _Row(
        "The registry holds something other than what it was asked for.", _WEEK
    ),
    # A message says when it is over; reading again is for the case that none comes.
    PENDING: _Row(
        "The change was taken on and will be finished later.", timedelta(days=35), timedelta(hours=6)
    ),
}
_STATUS = _Row("A status of the domain or contact at the registry stands in the way.", timedelta(days=60))
_FAULT = _Row("The change failed in many attempts.")
_INTERNAL = "INTERNAL"

_CODES: dict[type[RegistryError], str] = {
    RegistryUnavailable: "REGISTRY_UNAVAILABLE",
    OutcomeUnknown: "REGISTRY_OUTCOME_UNKNOWN",
    VerificationFailed: "REGISTRY_VERIFICATION_FAILED",
    ChangePending: PENDING,
    SponsoredElsewhere: TRANSFERRED_AWAY,
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a change was not made.

    Attributes:
        code: Stable name.
        problem: One sentence; names no person.
        look_again_at: When it may have changed; None where nothing is known of that.
        patience: How long to go on trying, counted from the operation's beginning; zero for not at all.
    """

    code: str
    problem: str
    look_again_at: datetime | None = None
    patience: timedelta = timedelta(0)


def trouble_of(error: RegistryError, now: datetime) -> Trouble:
    """Return what an error of a registry means for the operation."""
    code = error.why or next((code for kind, code in _CODES.items() if isinstance(error, kind)), REFUSED)
    row = _TABLE.get(code, _STATUS)
    look_again = timedelta(seconds=error.look_again_s) if error.look_again_s else row.look_again
    return Trouble(
        code=code,
        problem=_sentence(row, error),
        look_again_at=None if look_again is None else now + look_again,
        patience=row.patience if error.retry else timedelta(0),
    )


def _sentence(row: _Row, error: RegistryError) -> str:
    if error.status:
        return f"The status {error.status} at the registry stands in the way."
    if isinstance(error, RegistryRefused):
        return f"The registry refused the change (EPP {error.code})."
    return row.problem


def trouble(code: str) -> Trouble:
    """Return the trouble of a code that comes from no error of a registry."""
    return Trouble(code, _TABLE.get(code, _FAULT).problem)
