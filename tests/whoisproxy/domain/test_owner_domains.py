"""How a domain stands at a glance, and which ways it can be switched: the two tables."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registries.catalogue import Catalogue
from registries.policy import Mechanism
from whoisproxy.domain.errors import DomainLocked
from whoisproxy.domain.owner_domains import Glance, Reach, Standing, Turn, glance, reach_of, turns
from whoisproxy.domain.privacy import OFF, PrivacyEvent, PrivacyState, PrivacyStatus, transition

S, G, R = PrivacyState, Glance, Reach
HIDDEN = {G.ON, G.LIMITED}
SHOWN = {G.OFF, G.NOT_NEEDED, G.IMPOSSIBLE}
REACHES = st.sampled_from(Reach)
BOTH = {Turn.ON: PrivacyEvent.ENABLE, Turn.OFF: PrivacyEvent.DISABLE}


def standing(state: PrivacyState, *, wanted: bool = False, **more: bool) -> Standing:
    return Standing(state, wanted, **more)


@pytest.mark.parametrize(
    ("now", "reach", "seen"),
    [
        (standing(S.ENABLED, wanted=True), R.FULL, G.ON),
        (standing(S.ENABLED, wanted=True), R.LIMITED, G.LIMITED),
        (standing(S.DISABLED), R.FULL, G.OFF),
        (standing(S.DISABLED), R.NEEDLESS, G.NOT_NEEDED),
        (standing(S.DISABLED), R.NONE, G.IMPOSSIBLE),
        (standing(S.ENABLING, wanted=True), R.FULL, G.CHANGING),
        (standing(S.DISABLING), R.NONE, G.CHANGING),
        (standing(S.SUSPENDED, wanted=True), R.FULL, G.FROZEN),
        (standing(S.FAILED, wanted=True), R.FULL, G.ATTENTION),
        # The rule has changed since: nobody is shown for that.
        (standing(S.ENABLED, wanted=True), R.NONE, G.ON),
        # A refresh has failed: on, but not with the data that it should be.
        (standing(S.ENABLED, wanted=True, troubled=True), R.FULL, G.ATTENTION),
        (standing(S.DISABLED, troubled=True), R.FULL, G.OFF),
        (standing(S.ENABLED, wanted=True, leaking=True), R.FULL, G.ATTENTION),
        (standing(S.SUSPENDED, wanted=True, leaking=True), R.FULL, G.ATTENTION),
        # Who wants to be shown does not leak.
        (standing(S.DISABLED, leaking=True), R.FULL, G.OFF),
        (standing(S.DISABLED, departed=True, troubled=True), R.NONE, G.ATTENTION),
    ],
)
def test_how_a_domain_stands(now: Standing, reach: Reach, seen: Glance) -> None:
    assert glance(now, reach) is seen


def test_every_state_under_every_rule_has_a_word() -> None:
    seen = {glance(standing(state), reach) for state, reach in product(S, R)}
    assert seen == set(Glance)


@given(st.lists(st.sampled_from(list(PrivacyEvent)), max_size=30), REACHES)
def test_nobody_is_told_that_he_is_hidden_while_he_may_show(events: list[PrivacyEvent], reach: Reach) -> None:
    """And nobody that he shows while he is hidden: whatever happens to a domain."""
    status = OFF
    for event in events:
        try:
            status = transition(status, event)
        except DomainLocked:
            continue
    seen = glance(standing(status.state, wanted=status.wanted), reach)
    if seen in HIDDEN:
        assert (status.wanted, status.published) == (True, True)
    if seen in SHOWN:
        assert not status.hidden


@given(state=st.sampled_from(PrivacyState), wanted=st.booleans(), departed=st.booleans(), reach=REACHES)
def test_what_is_offered_is_possible(
    *, state: PrivacyState, wanted: bool, departed: bool, reach: Reach
) -> None:
    offered = turns(standing(state, wanted=wanted, departed=departed), reach)
    for turn in offered:
        transition(PrivacyStatus(state, wanted=wanted, published=wanted), BOTH[turn])
    if reach in {R.NEEDLESS, R.NONE}:
        assert Turn.ON not in offered
    if departed or state is S.SUSPENDED:
        assert offered == ()
    elif wanted:
        # Whoever is hidden can always be shown, if he wishes so.
        assert Turn.OFF in offered


@pytest.mark.parametrize(
    ("now", "reach", "offered"),
    [
        (standing(S.DISABLED), R.FULL, (Turn.ON,)),
        (standing(S.ENABLED, wanted=True), R.LIMITED, (Turn.OFF,)),
        (standing(S.ENABLING, wanted=True), R.FULL, (Turn.OFF,)),
        (standing(S.DISABLING), R.FULL, (Turn.ON,)),
        (standing(S.FAILED, wanted=True), R.FULL, (Turn.ON, Turn.OFF)),
        (standing(S.FAILED), R.FULL, (Turn.OFF, Turn.ON)),
        (standing(S.DISABLED), R.NONE, ()),
        (standing(S.ENABLED, wanted=True), R.NONE, (Turn.OFF,)),
    ],
)
def test_which_ways_a_domain_can_be_switched(now: Standing, reach: Reach, offered: tuple[Turn, ...]) -> None:
    """What has failed may be tried again, or taken back."""
    assert turns(now, reach) == offered


def test_every_rule_of_the_catalogue_reaches_somewhere() -> None:
    rules = Catalogue.load().all()
    assert {reach_of(rule) for rule in rules} == set(Reach)
    for rule in rules:
        assert (reach_of(rule) in {R.FULL, R.LIMITED}) is rule.allowed
        assert (reach_of(rule) is R.LIMITED) is (
            rule.mechanism in {Mechanism.RELAY_EMAIL, Mechanism.REGISTRY_FLAG}
        )
