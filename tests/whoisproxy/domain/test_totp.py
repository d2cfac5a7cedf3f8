"""One-time passwords: those of RFC 6238, once each, and no earlier one after a later one."""

import base64
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whoisproxy.domain.totp import PERIOD_S, WINDOW, enrolment_uri, matching_step, new_secret, step_of

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924")],
)
def test_the_vectors_of_the_standard(seconds: int, code: str) -> None:
    """RFC 6238 appendix B, the last six of eight digits."""
    now = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(SECRET, code, now, 0) == seconds // PERIOD_S
    assert matching_step(SECRET, f" {code[:3]} {code[3:]} ", now, 0) == seconds // PERIOD_S


@given(st.integers(10**9, 2 * 10**9), st.integers(-5 * PERIOD_S, 5 * PERIOD_S))
def test_a_code_is_good_in_its_window_alone(seconds: int, away: int) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    then = now + timedelta(seconds=away)
    code = pyotp.TOTP(SECRET, interval=PERIOD_S).at(then)
    near = {
        step
        for step in range(step_of(now) - WINDOW, step_of(now) + WINDOW + 1)
        if pyotp.TOTP(SECRET, interval=PERIOD_S).generate_otp(step) == code
    }
    found = matching_step(SECRET, code, now, 0)
    assert (found in near) if near else (found is None)
    assert (abs(step_of(then) - step_of(now)) <= WINDOW) <= (found is not None)


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(-2, 2)), max_size=12))
def test_no_step_is_used_twice_and_none_before_one_that_was(tries: list[tuple[int, int]]) -> None:
    now, last, used = datetime(2026, 11, 26, tzinfo=UTC), 0, []
    for wait_s, away in tries:
        now += timedelta(seconds=wait_s)
        code = pyotp.TOTP(SECRET, interval=PERIOD_S).generate_otp(step_of(now) + away)
        if (step := matching_step(SECRET, code, now, last)) is not None:
            used.append(step)
            last = step
    assert used == sorted(set(used))


@given(st.text(max_size=12))
def test_what_is_no_code_is_refused_and_breaks_nothing(text: str) -> None:
    digits = "".join(text.split())
    if not (len(digits) == 6 and digits.isascii() and digits.isdigit()):
        assert matching_step(SECRET, text, datetime(2026, 11, 26, tzinfo=UTC), 0) is None


def test_an_app_reads_what_it_needs() -> None:
    secret = new_secret()
    assert len(base64.b32decode(secret)) == 20
    uri = enrolment_uri(secret, "Gandalf Domains", "Gandalf Domains")
    assert pyotp.parse_uri(uri).secret == secret
