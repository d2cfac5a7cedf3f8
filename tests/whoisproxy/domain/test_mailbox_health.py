"""How long a mailbox that refused mail is left alone."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from whoisproxy.domain.mailbox_health import LASTING_AFTER, TRY_AGAIN_AFTER, newly_suspect

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def test_the_waits_grow_and_the_last_one_repeats() -> None:
    suspect = newly_suspect("own", b"x", NOW)
    waits = [suspect.try_at - NOW]
    for _ in range(4):
        now = suspect.try_at
        suspect = suspect.failed_again(now)
        waits.append(suspect.try_at - now)
    assert waits == [*TRY_AGAIN_AFTER, TRY_AGAIN_AFTER[-1], TRY_AGAIN_AFTER[-1]]


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=2)), max_size=40))
def test_a_failure_lasts_only_when_it_was_tried_again_after_days(steps: list[timedelta]) -> None:
    suspect, now = newly_suspect("own", b"x", NOW), NOW
    for step in steps:
        now += step
        before = suspect
        suspect = suspect.failed_again(now)
        assert (suspect == before) is (now < before.try_at)
        assert suspect.lasting(now) is (suspect.failures > 1 and now - NOW >= LASTING_AFTER)
