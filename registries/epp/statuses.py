"""Which statuses keep us from changing an object, how long, and whether waiting helps: one table.

RFC 5731 section 2.3, RFC 5733 section 2.2, RFC 3915 section 3.1. What passes by itself is waited for; what
somebody has set, somebody must lift. We set no status ourselves: privacy never stands in a transfer's way.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from registries.errors import RegistryError, RegistryRefused, RegistryUnavailable

_PROHIBITS = 2304  # RFC 5730 section 3
_HOUR_S = 3600.0
_DAY_S = 24 * _HOUR_S


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table.

    Attributes:
        why: Our stable name for it, after the kind of object: `DOMAIN_TRANSFER_PENDING`.
        meaning: Our words for it.
        passes: Whether it ends by itself.
        look_again_s: When looking again may show another status.
    """

    why: str
    meaning: str
    passes: bool
    look_again_s: float


# The first row that fits decides: a domain in redemption has the status pendingDelete too.
RULES: dict[str, Rule] = {
    "pendingRestore": Rule("RESTORE_PENDING", "it is being restored", passes=True, look_again_s=_DAY_S),
    "redemptionPeriod": Rule(
        "IN_REDEMPTION", "it was deleted and can be restored", passes=False, look_again_s=_DAY_S
    ),
    "pendingDelete": Rule("BEING_DELETED", "it is being deleted", passes=False, look_again_s=_DAY_S),
    "serverUpdateProhibited": Rule(
        "LOCKED_BY_REGISTRY",
        "the registry has locked it; only the registry can lift that",
        passes=False,
        look_again_s=_DAY_S,
    ),
    "clientUpdateProhibited": Rule(
        "LOCKED_BY_REGISTRAR",
        "the registrar has locked it; lift that first",
        passes=False,
        look_again_s=_HOUR_S,
    ),
    "pendingTransfer": Rule(
        "TRANSFER_PENDING", "a transfer is under way", passes=True, look_again_s=6 * _HOUR_S
    ),
    "pendingUpdate": Rule(
        "UPDATE_PENDING", "an earlier change is still being worked on", passes=True, look_again_s=_HOUR_S
    ),
    "pendingCreate": Rule(
        "CREATE_PENDING", "its creation is still being worked on", passes=True, look_again_s=_HOUR_S
    ),
    "serverHold": Rule(
        "ON_HOLD", "the registry has taken it out of the DNS", passes=True, look_again_s=_DAY_S
    ),
}


def obstacle(what: str, statuses: Iterable[str]) -> RegistryError | None:
    """Return what keeps us from updating an object; None where nothing does.

    Args:
        what: What texts and codes call it: `domain`, `contact`.
        statuses: As its info shows them.
    """
    present = set(statuses)
    for status, rule in RULES.items():
        if status in present:
            text = f"the {what} has status {status}: {rule.meaning}"
            error = RegistryUnavailable(text) if rule.passes else RegistryRefused(_PROHIBITS, text)
            return error.because(status, f"{what.upper()}_{rule.why}", rule.look_again_s)
    return None


def demand_unlocked(what: str, statuses: Iterable[str]) -> None:
    """Check that an object can be updated.

    Raises:
        RegistryUnavailable: Not now; it passes by itself.
        RegistryRefused: Not until somebody lifts a lock.
    """
    error = obstacle(what, statuses)
    if error is not None:
        raise error


def demand_quiet(statuses: Iterable[str]) -> None:
    """Check that the domain is not in the middle of something, when only its contacts will change.

    Locks on the domain do not reach its contacts (RFC 5731 section 2.3).

    Raises:
        RegistryUnavailable: Not now; it passes by itself.
        RegistryRefused: It is being deleted.
    """
    demand_unlocked("domain", (status for status in statuses if not status.endswith("UpdateProhibited")))
