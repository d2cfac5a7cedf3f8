"""The table of result codes: complete, and each row leads to one kind of error."""

import re

import pytest

from registries.epp.results import RULES, Outcome, error_of, rule_of
from registries.errors import OutcomeUnknown, RegistryRefused, RegistryUnavailable, Trace

# RFC 5730 section 3.
DEFINED = [
    *[1000, 1001, 1300, 1301, 1500],
    *[*range(2000, 2006), *range(2100, 2107), *range(2200, 2203), *range(2300, 2309)],
    *[2400, 2500, 2501, 2502],
]


def test_every_code_of_the_standard_has_a_row_and_no_other_has() -> None:
    assert sorted(RULES) == sorted(DEFINED)


# What each code means for a command that changes something. 2400 and 2500: unable to do it, so not done.
_O = Outcome
OUTCOMES = {
    _O.SUCCESS: {1000, 1300, 1301},
    _O.PENDING: {1001},
    _O.SESSION_OVER: {1500},
    _O.RETRY_LATER: {2300, 2400, 2500, 2502},
    _O.REFUSED: {*range(2000, 2309)} & {*DEFINED} - {2300} | {2501},
    _O.UNKNOWN: set[int](),
}


@pytest.mark.parametrize("outcome", Outcome)
def test_every_code_of_the_standard_has_the_outcome_that_the_standard_gives_it(outcome: Outcome) -> None:
    assert {code for code in DEFINED if rule_of(code).outcome is outcome} == OUTCOMES[outcome]


@pytest.mark.parametrize(
    ("code", "outcome", "closes"),
    [
        (2099, _O.REFUSED, False),
        (2399, _O.REFUSED, False),
        (2499, _O.RETRY_LATER, False),
        (2599, _O.RETRY_LATER, True),
        (1999, _O.UNKNOWN, False),
        (3000, _O.UNKNOWN, False),
        (9999, _O.UNKNOWN, False),
    ],
)
def test_a_code_of_the_registrys_own_is_judged_by_its_class(
    code: int, outcome: Outcome, *, closes: bool
) -> None:
    assert (rule_of(code).outcome, rule_of(code).closes) == (outcome, closes)


def test_every_code_leads_to_the_error_of_its_outcome() -> None:
    kinds: dict[Outcome, type] = {
        Outcome.REFUSED: RegistryRefused,
        Outcome.RETRY_LATER: RegistryUnavailable,
        Outcome.UNKNOWN: OutcomeUnknown,
    }
    for code in range(1000, 3000):
        error = error_of(code, transform=True, trace=Trace(message="Ann Muster"))
        assert isinstance(error, kinds.get(rule_of(code).outcome, type(None)))
        assert error is None or error.trace.message == "Ann Muster"
        assert "Muster" not in str(error) + repr(error)


def test_an_undefined_answer_to_a_read_may_be_asked_again() -> None:
    assert isinstance(error_of(1999, transform=False, trace=Trace()), RegistryUnavailable)


def test_the_codes_from_2500_and_1500_end_the_session() -> None:
    assert {code for code in DEFINED if rule_of(code).closes} == {1500, 2500, 2501, 2502}


def test_our_words_quote_no_code_and_end_without_a_full_stop() -> None:
    """They are put into longer sentences, which add the code."""
    for rule in RULES.values():
        assert not re.search(r"\d{4}|\.$", rule.meaning)
