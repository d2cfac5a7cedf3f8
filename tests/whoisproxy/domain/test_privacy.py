"""The privacy machine: every doubt hides the registrant."""

from contextlib import suppress
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whoisproxy.domain.errors import DomainLocked
from whoisproxy.domain.privacy import OFF, PrivacyEvent, PrivacyState, PrivacyStatus, transition

ENABLE, DISABLE = PrivacyEvent.ENABLE, PrivacyEvent.DISABLE
SWITCHES = {ENABLE: True, DISABLE: False}
EVENTS = st.lists(st.sampled_from(list(PrivacyEvent)), max_size=40)


def after(status: PrivacyStatus, *events: PrivacyEvent) -> PrivacyStatus:
    """Apply events; one that is refused changes nothing."""
    for event in events:
        try:
            status = transition(status, event)
        except DomainLocked:
            continue
    return status


@given(EVENTS)
def test_the_registrant_is_never_published_while_privacy_is_wanted_or_published_on(
    events: list[PrivacyEvent],
) -> None:
    """Told apart from the machine's own account: by what the owner asked for and what was confirmed."""
    status, wish, proxy_may_show = OFF, False, False
    for event in events:
        try:
            status = transition(status, event)
        except DomainLocked:
            continue
        wish = SWITCHES.get(event, wish)
        if event is PrivacyEvent.CONFIRM_HIDDEN:
            proxy_may_show = True
        elif event is PrivacyEvent.CONFIRM_SHOWN:
            proxy_may_show = False
        assert status.wanted is wish
        if wish or proxy_may_show:
            assert status.hidden
        if status.state is PrivacyState.DISABLED:
            assert not status.hidden


@given(EVENTS)
def test_only_a_confirmation_shows_a_registrant_who_was_hidden(events: list[PrivacyEvent]) -> None:
    status = OFF
    for event in events:
        before, status = status, after(status, event)
        if before.hidden and not status.hidden:
            assert event is PrivacyEvent.CONFIRM_SHOWN
            assert not before.wanted


@given(EVENTS)
def test_from_anywhere_a_switch_can_be_brought_to_its_end(events: list[PrivacyEvent]) -> None:
    status = after(OFF, *events, PrivacyEvent.RESUME)
    hidden = after(status, ENABLE, PrivacyEvent.CONFIRM_HIDDEN)
    assert hidden == PrivacyStatus(PrivacyState.ENABLED, wanted=True, published=True)
    assert after(hidden, DISABLE, PrivacyEvent.CONFIRM_SHOWN) == OFF


@given(EVENTS)
def test_a_suspended_domain_does_not_switch(events: list[PrivacyEvent]) -> None:
    suspended = after(OFF, *events, PrivacyEvent.SUSPEND)
    assert suspended.state is PrivacyState.SUSPENDED
    for event in SWITCHES:
        with pytest.raises(DomainLocked):
            transition(suspended, event)


def test_an_event_is_either_admitted_or_refused_as_locked() -> None:
    truths = (False, True)
    for state, event, wanted, published in product(PrivacyState, PrivacyEvent, truths, truths):
        status = PrivacyStatus(state, wanted=wanted, published=published)
        with suppress(DomainLocked):
            assert transition(status, event).state in PrivacyState


def test_a_switch_that_failed_hides_the_registrant() -> None:
    assert after(OFF, ENABLE, PrivacyEvent.FAIL).hidden
    assert after(OFF, ENABLE, PrivacyEvent.CONFIRM_HIDDEN, DISABLE, PrivacyEvent.FAIL).hidden
