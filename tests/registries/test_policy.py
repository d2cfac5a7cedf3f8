"""What follows from a TLD's rule."""

from dataclasses import replace

import pytest

from registries.catalogue import Catalogue
from registries.policy import Mechanism, Reason


@pytest.mark.parametrize("mechanism", Mechanism)
def test_privacy_can_be_switched_unless_the_mechanism_is_none(mechanism: Mechanism) -> None:
    policy = replace(Catalogue.load().policy("org"), mechanism=mechanism)
    assert policy.allowed == (mechanism is not Mechanism.NONE)


@pytest.mark.parametrize(
    ("suffix", "changes"), [("org", True), ("com", True), ("eu", False), ("ca", False), ("nl", False)]
)
def test_the_registrant_changes_only_where_a_proxy_takes_his_place(suffix: str, *, changes: bool) -> None:
    assert Catalogue.load().policy(suffix).switch_changes_registrant == changes


def test_reasons_are_the_stable_codes_of_the_api() -> None:
    assert set(Reason) == {
        "TLD_PROHIBITED",
        "TLD_ALREADY_REDACTED",
        "TLD_LOCAL_PRESENCE",
        "TLD_UNSUPPORTED",
    }
