"""A circuit breaker keeps away from what fails, and comes back by one."""

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from mailrelay.engines.breaker import Breaker, BreakerLimits, BreakerState

FAILURES, REST_S = 3, 10.0


class BreakerMachine(RuleBasedStateMachine):
    """Any order of questions, ends and waits, against what a reader of the promise would note down."""

    permits: Bundle[tuple[int, int, bool]] = Bundle("permits")

    @initialize()
    def start(self) -> None:
        self.now_s = 0.0
        self.breaker = Breaker(BreakerLimits(FAILURES, REST_S), lambda: self.now_s)
        self.opened_at_s: float | None = None
        self.in_a_row = 0
        self.era = 0  # counts the openings
        self.trying = False

    @rule(seconds=st.sampled_from([0.5, REST_S / 2, REST_S]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(target=permits)
    def ask(self) -> MultipleResults[tuple[int, int, bool]] | tuple[int, int, bool]:
        permit = self.breaker.admit()
        rested = self.opened_at_s is not None and self.now_s - self.opened_at_s >= REST_S
        expected = self.opened_at_s is None or (rested and not self.trying)
        assert (permit is not None) is expected
        if permit is None:
            return multiple()
        probes = self.opened_at_s is not None
        self.trying = self.trying or probes
        return permit, self.era, probes

    @rule(asked=consumes(permits), answered=st.booleans())
    def end(self, asked: tuple[int, int, bool], answered: bool) -> None:  # noqa: FBT001 - drawn by name
        permit, era, probes = asked
        self.breaker.settle(permit, answered=answered)
        if era != self.era:
            return  # it was begun before the breaker opened
        self.in_a_row = 0 if answered else self.in_a_row + 1
        if answered:
            self.opened_at_s = None
        elif probes or self.in_a_row >= FAILURES:
            self.opened_at_s, self.era = self.now_s, self.era + 1
        self.trying = False

    @rule(asked=consumes(permits))
    def go_away(self, asked: tuple[int, int, bool]) -> None:
        permit, era, _ = asked
        self.breaker.withdraw(permit)
        self.trying = self.trying and era != self.era

    @invariant()
    def shows_what_it_would_do(self) -> None:
        if self.opened_at_s is None:
            expected = BreakerState.CLOSED
        elif self.trying or self.now_s - self.opened_at_s >= REST_S:
            expected = BreakerState.HALF_OPEN
        else:
            expected = BreakerState.OPEN
        assert self.breaker.state is expected

    @invariant()
    def is_open_only_after_failures_in_a_row(self) -> None:
        assert self.breaker.state is BreakerState.CLOSED or self.in_a_row >= FAILURES


TestBreaker = BreakerMachine.TestCase


def test_what_began_before_the_breaker_opened_says_nothing() -> None:
    now_s = 0.0
    breaker = Breaker(BreakerLimits(2, REST_S), lambda: now_s)
    early = breaker.admit()
    assert early is not None
    for _ in range(2):
        breaker.settle(early, answered=False)
    assert breaker.state is BreakerState.OPEN
    breaker.settle(early, answered=True)
    assert breaker.state is BreakerState.OPEN
