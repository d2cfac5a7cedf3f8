"""Sessions of owners: what was proven, how long that holds, and what is still to be proven.

A session that is given a new right gets a new name with it (`services.owner_sessions`), so that whoever knew
the old one has nothing. Rules here are pure; nothing is ended by a timer: a session that is over is not live.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from whoisproxy.domain.owner_account import Proof, TwoStep


class Stage(StrEnum):
    """How far a sign-in has come."""

    SECOND_STEP = "second-step"  # one proof was given, a second is asked for
    ENROLMENT = "enrolment"  # a second step is required, and must be set up first
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lives: unused, and at most."""

    idle: timedelta
    absolute: timedelta


LIFETIMES = {
    Stage.SECOND_STEP: Lifetime(timedelta(minutes=10), timedelta(minutes=10)),
    Stage.ENROLMENT: Lifetime(timedelta(minutes=15), timedelta(minutes=30)),
    Stage.FULL: Lifetime(timedelta(hours=2), timedelta(hours=12)),
}

LONGEST_SESSION = max(lifetime.absolute for lifetime in LIFETIMES.values())

FRESH = timedelta(minutes=15)
"""How long after a proof its session may change what its owner signs in with."""

MOST_TRIES = 5
"""Wrong second steps, after which a sign-in begins anew."""

_SEEN_EVERY = timedelta(minutes=1)
_SECOND_STEPS = frozenset({Proof.TOTP, Proof.RECOVERY_CODE})


@dataclass(frozen=True, slots=True)
class OwnerSession:
    """A session, without the secret that its browser has.

    Attributes:
        id: Names it in lists; opens nothing.
        proofs: In the order in which they were given.
        proven_at: When the last of them was given.
        tries: Wrong second steps.
        network: /24 or /56 that it was begun from.
        device: What its browser says of itself, in a few words.
    """

    id: str
    account_id: str
    stage: Stage
    proofs: tuple[Proof, ...]
    created_at: datetime
    seen_at: datetime
    proven_at: datetime
    tries: int = 0
    network: str = field(default="", repr=False)
    device: str = field(default="", repr=False)

    @property
    def ends_at(self) -> datetime:
        """When it is over, if it is not used until then."""
        lifetime = LIFETIMES[self.stage]
        return min(self.created_at + lifetime.absolute, self.seen_at + lifetime.idle)

    def is_live(self, now: datetime) -> bool:
        """Whether it may be used."""
        return now < self.ends_at and self.tries < MOST_TRIES

    def is_full(self, now: datetime) -> bool:
        """Whether its owner is signed in."""
        return self.stage is Stage.FULL and self.is_live(now)

    def is_fresh(self, now: datetime) -> bool:
        """Whether what was proven is young enough to change what its owner signs in with."""
        return self.is_live(now) and now - self.proven_at < FRESH

    def is_seen_anew(self, now: datetime) -> bool:
        """Whether its use is to be written down: not at each request."""
        return now - self.seen_at >= _SEEN_EVERY


def stage_after(proofs: Iterable[Proof], two_step: TwoStep) -> Stage:
    """Return how far proofs lead.

    A passkey is two steps in one: the device, and what opens it (user verification is demanded).
    """
    given = frozenset(proofs)
    if Proof.PASSKEY in given or (given & _SECOND_STEPS and given - _SECOND_STEPS):
        return Stage.FULL
    if two_step.is_asked:
        return Stage.SECOND_STEP
    return Stage.ENROLMENT if two_step.required else Stage.FULL


def begun(  # noqa: PLR0913, PLR0917 - what is known when it begins
    session_id: str,
    account_id: str,
    proofs: tuple[Proof, ...],
    two_step: TwoStep,
    now: datetime,
    network: str = "",
    device: str = "",
) -> OwnerSession:
    """Return a session that begins with proofs; at least one of them was given.

    Raises:
        ValueError: None was.
    """
    if not proofs:
        raise ValueError("a session begins with a proof")
    stage = stage_after(proofs, two_step)
    return OwnerSession(session_id, account_id, stage, proofs, now, now, now, network=network, device=device)


def succeeded_by(
    session: OwnerSession, session_id: str, proof: Proof, two_step: TwoStep, now: datetime
) -> OwnerSession:
    """Return the session that follows when one more proof was given: it has another name and begins now."""
    proofs = (*(one for one in session.proofs if one is not proof), proof)
    next_one = begun(session_id, session.account_id, proofs, two_step, now, session.network, session.device)
    if session.stage is Stage.FULL:
        # To prove oneself again does not make a session live longer than it was to live.
        return replace(next_one, stage=Stage.FULL, created_at=session.created_at)
    return next_one
