"""What each EPP result code means for us (RFC 5730 section 3): one table, and one error for each outcome.

An answer from 2000 on says that nothing was done, 2400 and 2500 included: the registry was unable to do it.
So a transform that was answered is of unknown outcome only where the code says nothing that we understand.
"""

from dataclasses import dataclass
from enum import Enum, auto

from registries.errors import (
    OutcomeUnknown,
    RegistryError,
    RegistryRefused,
    RegistryUnavailable,
    TooManySessions,
    Trace,
)


class Outcome(Enum):
    """What to do after a result."""

    SUCCESS = auto()  # done
    PENDING = auto()  # accepted, to be finished by the registry later
    RETRY_LATER = auto()  # not done; the same command may work later
    REFUSED = auto()  # not done, and never will be
    UNKNOWN = auto()  # done or not: read before deciding
    SESSION_OVER = auto()  # the answer to logout


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table.

    Attributes:
        meaning: Our words for it; safe to log and to show, unlike the registry's own message.
        closes: Whether the registry closes the connection after it.
    """

    outcome: Outcome
    meaning: str
    closes: bool = False


_O = Outcome

RULES: dict[int, Rule] = {
    1000: Rule(_O.SUCCESS, "done"),
    1001: Rule(_O.PENDING, "accepted, the registry finishes it later"),
    1300: Rule(_O.SUCCESS, "no message is waiting"),
    1301: Rule(_O.SUCCESS, "a message is waiting"),
    1500: Rule(_O.SESSION_OVER, "the session is ended", closes=True),
    2000: Rule(_O.REFUSED, "the registry does not know the command"),
    2001: Rule(_O.REFUSED, "the registry finds the command's syntax wrong"),
    2002: Rule(_O.REFUSED, "the command cannot be used in this state"),
    2003: Rule(_O.REFUSED, "the registry misses a required value"),
    2004: Rule(_O.REFUSED, "a value is out of the registry's range"),
    2005: Rule(_O.REFUSED, "the registry finds a value's syntax wrong"),
    2100: Rule(_O.REFUSED, "the registry does not speak this version of EPP"),
    2101: Rule(_O.REFUSED, "the registry does not offer the command"),
    2102: Rule(_O.REFUSED, "the registry does not offer the option"),
    2103: Rule(_O.REFUSED, "the registry does not offer the extension"),
    2104: Rule(_O.REFUSED, "the registrar's account at the registry lacks funds"),
    2105: Rule(_O.REFUSED, "the object cannot be renewed"),
    2106: Rule(_O.REFUSED, "the object cannot be transferred"),
    2200: Rule(_O.REFUSED, "the registry does not accept the credentials"),
    2201: Rule(_O.REFUSED, "the registrar is not allowed to do this to the object"),
    2202: Rule(_O.REFUSED, "the registry does not accept the object's authorisation information"),
    2300: Rule(_O.RETRY_LATER, "the object is being transferred"),
    2301: Rule(_O.REFUSED, "the object is not being transferred"),
    2302: Rule(_O.REFUSED, "the object exists already"),
    2303: Rule(_O.REFUSED, "the object does not exist"),
    2304: Rule(_O.REFUSED, "the object's status prohibits it"),
    2305: Rule(_O.REFUSED, "other objects still refer to the object"),
    2306: Rule(_O.REFUSED, "a value breaks the registry's policy"),
    2307: Rule(_O.REFUSED, "the registry does not hold objects of this kind"),
    2308: Rule(_O.REFUSED, "the registry's data policy does not admit it"),
    2400: Rule(_O.RETRY_LATER, "the registry failed to do it"),
    2500: Rule(_O.RETRY_LATER, "the registry failed to do it and closed the session", closes=True),
    2501: Rule(
        _O.REFUSED, "the registry does not accept the credentials and closed the session", closes=True
    ),
    2502: Rule(_O.RETRY_LATER, "the registrar has too many sessions open", closes=True),
}

# Codes of the registry's own invention are judged by their class (RFC 5730 section 3): the second digit.
_CLASSES: dict[int, Rule] = {
    **dict.fromkeys(range(20, 24), Rule(_O.REFUSED, "the registry refused with a code of its own")),
    24: Rule(_O.RETRY_LATER, "the registry failed with a code of its own"),
    25: Rule(_O.RETRY_LATER, "the registry closed the session with a code of its own", closes=True),
}
_NEITHER = Rule(_O.UNKNOWN, "the registry answered a code that RFC 5730 does not define")

AUTHENTICATION_ERRORS = frozenset({2200, 2501})
TOO_MANY_SESSIONS = 2502
NOT_HELD = frozenset({2101, 2307})


def rule_of(code: int) -> Rule:
    """Return the rule for a result code, known or not."""
    return RULES.get(code) or _CLASSES.get(code // 100) or _NEITHER


def error_of(code: int, *, transform: bool, trace: Trace) -> RegistryError | None:
    """Return the error that a result stands for; None for success and pending.

    Args:
        code: EPP result code.
        transform: Whether the command changes something at the registry.
        trace: Goes with the error and stays out of its text.
    """
    rule = rule_of(code)
    text = f"{rule.meaning} (EPP {code})"
    match rule.outcome:
        case Outcome.SUCCESS | Outcome.PENDING | Outcome.SESSION_OVER:
            return None
        case Outcome.REFUSED:
            return RegistryRefused(code, rule.meaning, trace=trace)
        case Outcome.RETRY_LATER:
            return (TooManySessions if code == TOO_MANY_SESSIONS else RegistryUnavailable)(text, trace=trace)
        case Outcome.UNKNOWN:
            return (OutcomeUnknown if transform else RegistryUnavailable)(text, trace=trace)
