"""No login storm, and no more sessions than the registry has just shown that it allows."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.epp.standing import (
    ACCEPTED,
    NO_ANSWER,
    Admission,
    Standing,
    admitted,
    after_login,
    cap_now,
    probing,
    resumed,
)
from registries.errors import AccountStopped

NOW = datetime(2026, 11, 25, tzinfo=UTC)
OLD, NEW = b"old", b"new"
SECOND = timedelta(seconds=1)


def refused(standing: Standing = Standing(), credentials: bytes = OLD) -> Standing:  # noqa: B008 - frozen
    return after_login(standing, credentials, 2200, 1, NOW)


def accepted(standing: Standing = Standing(), credentials: bytes = OLD) -> Standing:  # noqa: B008 - frozen
    return after_login(standing, credentials, ACCEPTED, 1, NOW)


def test_unknown_credentials_are_tried_by_one_login() -> None:
    assert admitted(Standing(), OLD, NOW) is Admission.PROBE
    assert admitted(probing(Standing(), NOW), OLD, NOW) is Admission.WAIT
    assert admitted(accepted(probing(Standing(), NOW)), OLD, NOW) is Admission.FREE


def test_a_trial_that_died_is_taken_over() -> None:
    assert admitted(probing(Standing(), NOW), OLD, NOW + timedelta(minutes=2)) is Admission.PROBE


@pytest.mark.parametrize("code", [2200, 2501])
def test_refused_credentials_stop_the_account(code: int) -> None:
    standing = after_login(accepted(), OLD, code, 1, NOW)
    assert standing.stopped
    with pytest.raises(AccountStopped) as stop:
        admitted(standing, OLD, NOW + timedelta(hours=5))
    assert stop.value.code == code


def test_a_stop_ends_with_time_the_operator_or_other_credentials_and_then_one_tries() -> None:
    for standing, credentials, now in (
        (refused(), OLD, NOW + timedelta(hours=7)),
        (resumed(refused()), OLD, NOW),
        (refused(), NEW, NOW),
    ):
        assert admitted(standing, credentials, now) is Admission.PROBE
        assert admitted(probing(standing, now), credentials, now) is Admission.WAIT


def test_a_process_with_the_old_password_neither_logs_in_nor_stops_those_with_the_new_one() -> None:
    standing = refused(accepted(credentials=NEW), OLD)
    assert admitted(standing, NEW, NOW) is Admission.FREE
    assert not standing.stopped
    with pytest.raises(AccountStopped):
        admitted(standing, OLD, NOW)


def test_an_accepted_login_lifts_the_stop() -> None:
    assert not accepted(resumed(refused())).stopped


def full(standing: Standing, held: int, now: datetime) -> Standing:
    return after_login(standing, OLD, 2502, held, now)


def test_a_full_registry_gets_one_session_fewer_for_a_while() -> None:
    standing = full(accepted(), 4, NOW)
    assert cap_now(standing, 8, NOW + 4 * SECOND) == 3
    assert cap_now(standing, 2, NOW + 4 * SECOND) == 2
    assert cap_now(standing, 8, NOW + 6 * SECOND) == 8
    assert admitted(standing, OLD, NOW) is Admission.FREE


def test_the_while_doubles_when_the_registry_is_full_again_soon_after() -> None:
    standing, now, pauses = full(accepted(), 4, NOW), NOW, []
    for _ in range(9):
        pauses.append(standing.pause_s)
        now += timedelta(seconds=standing.pause_s)
        standing = full(standing, 4, now)
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 600, 600]
    assert full(standing, 4, now + timedelta(hours=1)).pause_s == 5


def test_logins_that_were_under_way_together_lengthen_nothing() -> None:
    standing = accepted()
    for held in (8, 7, 6):
        standing = full(standing, held, NOW + SECOND)
    assert (standing.pause_s, standing.lowered_to) == (5, 5)


codes = st.sampled_from([ACCEPTED, NO_ANSWER, 2200, 2501, 2502])
events = st.lists(st.tuples(codes, st.sampled_from([OLD, NEW]), st.integers(1, 16), st.integers(0, 9000)))


@given(events)
def test_no_history_admits_two_trials_at_a_time(history: list[tuple[int, bytes, int, int]]) -> None:
    """Whatever happened: after one was let in to try, the next one waits or is stopped."""
    standing, now = Standing(), NOW
    for code, credentials, held, seconds in history:
        standing = after_login(standing, credentials, code, held, now)
        now += timedelta(seconds=seconds)
    for credentials in (OLD, NEW):
        try:
            admission = admitted(standing, credentials, now)
        except AccountStopped:
            continue
        if admission is Admission.PROBE:
            assert admitted(probing(standing, now), credentials, now) is Admission.WAIT
        assert 0 <= cap_now(standing, 16, now) <= 16
