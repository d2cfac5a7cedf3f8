"""How an owner sees his domains: how each stands at a glance, and which ways it can be switched.

Two tables: what a TLD makes possible, and what that and the state of a domain come to. Pure functions.
"""

from dataclasses import dataclass
from enum import StrEnum

from registries.policy import Mechanism, Reason, TldPolicy
from whoisproxy.domain.privacy import PrivacyState


class Glance(StrEnum):
    """How a domain stands, in a word."""

    ON = "on"
    LIMITED = "limited"  # on, and something of the holder stays to be seen
    OFF = "off"
    CHANGING = "changing"
    ATTENTION = "attention"  # something went wrong, or was seen that must not be
    FROZEN = "frozen"  # by the registrar, as in a dispute
    NOT_NEEDED = "not-needed"  # the registry shows nobody
    IMPOSSIBLE = "impossible"  # the registry does not allow it, or nobody knows whether it does


class Reach(StrEnum):
    """How far privacy can go under a TLD."""

    FULL = "full"
    LIMITED = "limited"
    NEEDLESS = "needless"
    NONE = "none"


class Turn(StrEnum):
    """Which way a domain can be switched."""

    ON = "on"
    OFF = "off"


_REACHES = {
    Mechanism.SUBSTITUTE: Reach.FULL,
    Mechanism.RDDS_ONLY: Reach.FULL,
    Mechanism.RELAY_EMAIL: Reach.LIMITED,
    Mechanism.REGISTRY_FLAG: Reach.LIMITED,
}
_S, _G, _R = PrivacyState, Glance, Reach

_GLANCES: dict[PrivacyState, dict[Reach, Glance]] = {
    _S.DISABLED: {
        _R.FULL: _G.OFF, _R.LIMITED: _G.OFF, _R.NEEDLESS: _G.NOT_NEEDED, _R.NONE: _G.IMPOSSIBLE,
    },
    # Where the rule has changed since, what is hidden stays hidden.
    _S.ENABLED: {
        _R.FULL: _G.ON, _R.LIMITED: _G.LIMITED, _R.NEEDLESS: _G.ON, _R.NONE: _G.ON,
    },
    _S.ENABLING: dict.fromkeys(_R, _G.CHANGING),
    _S.DISABLING: dict.fromkeys(_R, _G.CHANGING),
    _S.FAILED: dict.fromkeys(_R, _G.ATTENTION),
    _S.SUSPENDED: dict.fromkeys(_R, _G.FROZEN),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """What is looked at of a domain.

    Attributes:
        wanted: The owner's wish.
        departed: Whether it went to another registrar.
        troubled: Whether the last change failed.
        leaking: Whether the registrar was told that a public directory shows the holder.
    """

    state: PrivacyState
    wanted: bool
    departed: bool = False
    troubled: bool = False
    leaking: bool = False


def reach_of(policy: TldPolicy) -> Reach:
    """Return how far privacy goes by a rule."""
    if policy.reason is Reason.ALREADY_REDACTED:
        return Reach.NEEDLESS
    return _REACHES.get(policy.mechanism, Reach.NONE)


def glance(standing: Standing, reach: Reach) -> Glance:
    """Return how a domain stands."""
    leaks = standing.leaking and standing.wanted
    failed = standing.troubled and standing.state is PrivacyState.ENABLED
    if standing.departed or leaks or failed:
        return Glance.ATTENTION
    return _GLANCES[standing.state][reach]


def turns(standing: Standing, reach: Reach) -> tuple[Turn, ...]:
    """Return which ways a domain can be switched, the likely one first: what failed may be tried again."""
    if standing.departed or standing.state is PrivacyState.SUSPENDED:
        return ()
    possible = {Turn.OFF: True, Turn.ON: reach in {Reach.FULL, Reach.LIMITED}}
    other = (Turn.OFF if standing.wanted else Turn.ON,)
    asked = (Turn.ON, Turn.OFF) if standing.wanted else (Turn.OFF, Turn.ON)
    return tuple(
        [each for each in (asked if standing.state is PrivacyState.FAILED else other) if possible[each]]
    )
