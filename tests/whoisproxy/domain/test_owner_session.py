"""Sessions of owners as a state machine: no order of events gives more than was proven."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from whoisproxy.domain.owner_account import Proof, TwoStep
from whoisproxy.domain.owner_session import (
    FRESH,
    LIFETIMES,
    LONGEST_SESSION,
    MOST_TRIES,
    OwnerSession,
    Stage,
    begun,
    stage_after,
    succeeded_by,
)

BEGIN = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
FIRST = (Proof.REGISTRAR_LINK, Proof.EMAIL_LINK, Proof.PASSWORD)
SECOND = (Proof.TOTP, Proof.RECOVERY_CODE)
two_steps = st.builds(TwoStep, st.booleans(), st.booleans(), st.booleans())


@pytest.mark.parametrize(
    ("proofs", "two_step", "stage"),
    [
        ((Proof.EMAIL_LINK,), TwoStep(required=False, has_totp=False, has_passkey=False), Stage.FULL),
        ((Proof.EMAIL_LINK,), TwoStep(required=False, has_totp=False, has_passkey=True), Stage.FULL),
        ((Proof.EMAIL_LINK,), TwoStep(required=False, has_totp=True, has_passkey=False), Stage.SECOND_STEP),
        (
            (Proof.REGISTRAR_LINK,),
            TwoStep(required=True, has_totp=False, has_passkey=True),
            Stage.SECOND_STEP,
        ),
        ((Proof.REGISTRAR_LINK,), TwoStep(required=True, has_totp=False, has_passkey=False), Stage.ENROLMENT),
        ((Proof.PASSKEY,), TwoStep(required=True, has_totp=True, has_passkey=True), Stage.FULL),
        ((Proof.PASSWORD, Proof.TOTP), TwoStep(required=True, has_totp=True, has_passkey=False), Stage.FULL),
        (
            (Proof.PASSWORD, Proof.EMAIL_LINK),
            TwoStep(required=False, has_totp=True, has_passkey=False),
            Stage.SECOND_STEP,
        ),
        (
            (Proof.TOTP, Proof.RECOVERY_CODE),
            TwoStep(required=True, has_totp=True, has_passkey=False),
            Stage.SECOND_STEP,
        ),
    ],
)
def test_how_far_proofs_lead(proofs: tuple[Proof, ...], two_step: TwoStep, stage: Stage) -> None:
    assert stage_after(proofs, two_step) is stage


@given(st.lists(st.sampled_from(Proof), min_size=1, max_size=4), two_steps)
def test_where_two_steps_are_asked_nobody_is_in_by_one(proofs: list[Proof], two_step: TwoStep) -> None:
    given_proofs = set(proofs)
    two_kinds = bool(given_proofs & set(FIRST)) and bool(given_proofs & set(SECOND))
    is_in = stage_after(proofs, two_step) is Stage.FULL
    if two_step.is_asked or two_step.required:
        assert is_in == (Proof.PASSKEY in given_proofs or two_kinds)
    else:
        assert is_in


def test_a_session_begins_with_a_proof() -> None:
    with pytest.raises(ValueError, match="proof"):
        begun("ses_1", "oac_1", (), TwoStep(required=False, has_totp=False, has_passkey=False), BEGIN)


class Sessions(RuleBasedStateMachine):
    """What may happen to a browser's session, in any order, with any time between."""

    @initialize(first=st.sampled_from(FIRST), two_step=two_steps)
    def signs_in(self, first: Proof, two_step: TwoStep) -> None:
        self.now, self.names, self.two_step = BEGIN, {"ses_0"}, two_step
        self.session: OwnerSession = begun("ses_0", "oac_1", (first,), two_step, BEGIN)
        self.began_full = BEGIN if self.session.stage is Stage.FULL else None
        self.last_proof = BEGIN

    @rule(seconds=st.integers(0, 8 * 3600))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.session.is_live(self.now))
    @rule()
    def is_used(self) -> None:
        self.session = replace(self.session, seen_at=self.now)

    @precondition(lambda self: self.session.is_live(self.now))
    @rule()
    def fails(self) -> None:
        self.session = replace(self.session, tries=self.session.tries + 1)

    @precondition(lambda self: self.session.is_live(self.now))
    @rule(proof=st.sampled_from(Proof))
    def proves(self, proof: Proof) -> None:
        name = f"ses_{len(self.names)}"
        was_full = self.session.stage is Stage.FULL
        self.session = succeeded_by(self.session, name, proof, self.two_step, self.now)
        assert self.session.id not in self.names
        self.names.add(name)
        self.last_proof = self.now
        if self.session.stage is Stage.FULL and not was_full:
            self.began_full = self.now

    @invariant()
    def nobody_is_in_without_what_is_asked(self) -> None:
        proofs = set(self.session.proofs)
        if self.session.stage is Stage.FULL and self.two_step.is_asked:
            assert Proof.PASSKEY in proofs or (proofs & set(SECOND) and proofs - set(SECOND))

    @invariant()
    def nothing_lives_longer_than_it_may(self) -> None:
        if self.session.is_live(self.now):
            lifetime = LIFETIMES[self.session.stage]
            assert self.now - self.session.seen_at < lifetime.idle
            assert self.now - self.session.created_at < lifetime.absolute
            assert self.session.tries < MOST_TRIES
            if self.began_full is not None:
                assert self.now - self.began_full < LONGEST_SESSION

    @invariant()
    def what_is_fresh_was_proven_lately(self) -> None:
        if self.session.is_fresh(self.now):
            assert self.now - self.last_proof < FRESH


TestSessions = Sessions.TestCase
