"""A rule is told in whole sentences that follow from its values."""

from dataclasses import replace

import pytest

from registries.catalogue import Catalogue
from registries.explanation import explain
from registries.policy import (
    HOLDER_CHANGES,
    ContactModel,
    HolderChange,
    Mechanism,
    Reason,
    SessionLimits,
    Shown,
    TldPolicy,
)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


def _sentences(policy: TldPolicy) -> tuple[str, ...]:
    told = explain(policy)
    always = (
        told.mechanism,
        told.registry,
        told.natural_person,
        told.organisation,
        told.holder_change,
        told.presence,
        told.confidence,
    )
    return (*always, *filter(None, (told.reason, told.sessions)))


def test_every_rule_is_told_in_whole_sentences(catalogue: Catalogue) -> None:
    for policy in (*catalogue.all(), catalogue.policy("no-such-tld")):
        for sentence in _sentences(policy):
            assert sentence[0].isupper() or sentence[0].isdigit(), (policy.tld, sentence)
            assert sentence.endswith("."), (policy.tld, sentence)
            assert ".." not in sentence, (policy.tld, sentence)
            assert "{" not in sentence, (policy.tld, sentence)


@pytest.mark.parametrize("mechanism", Mechanism)
@pytest.mark.parametrize("shown", Shown)
@pytest.mark.parametrize("kind", HOLDER_CHANGES)
def test_no_combination_that_an_operator_may_write_is_left_without_words(
    catalogue: Catalogue, mechanism: Mechanism, shown: Shown, kind: str
) -> None:
    policy = replace(
        catalogue.policy("org"),
        mechanism=mechanism,
        reason=Reason.UNSUPPORTED if mechanism is Mechanism.NONE else None,
        natural_persons=(shown,),
        organisations=(shown,),
        holder_change=HolderChange(kind, 0),
    )
    assert all(_sentences(policy))


def test_each_reason_to_refuse_has_its_own_words(catalogue: Catalogue) -> None:
    refused = {reason: replace(catalogue.policy("ch"), reason=reason) for reason in Reason}
    texts = {explain(policy).reason for policy in refused.values()}
    assert len(texts) == len(Reason)
    assert "" not in texts


def test_a_registry_that_shows_nobody_is_told_as_such(catalogue: Catalogue) -> None:
    told = explain(catalogue.policy("ch"))
    assert told.reason.startswith("The registry already withholds holders")
    assert (told.natural_person, told.organisation) == ("The public sees nothing.",) * 2
    assert told.registry == "Nothing."
    assert told.holder_change.startswith("No: nothing is switched.")


def test_hearsay_is_told_as_such(catalogue: Catalogue) -> None:
    told = explain(catalogue.policy("lu"))
    assert told.natural_person == "As far as is known, the public sees nothing."
    assert told.confidence.startswith("Low: hearsay")


def test_persons_and_organisations_are_told_apart(catalogue: Catalogue) -> None:
    told = explain(catalogue.policy("fr"))
    assert told.natural_person == "The public sees nothing."
    assert told.organisation == "The public sees all data of the holder. The switch does not hide it."
    assert told.holder_change.startswith("No: the holder stays.")


@pytest.mark.parametrize(
    ("tld", "cost"),
    [
        ("org", "Yes: the privacy service becomes the holder. Transfers may then be locked for 60 days."),
        ("me", "Yes: the privacy service becomes the holder. No lock of transfers is known."),
        ("com", "Yes, by what the registrar publishes; the registry sees none. Transfers may then be locked"),
    ],
)
def test_what_a_change_of_holder_costs_is_told(catalogue: Catalogue, tld: str, cost: str) -> None:
    assert explain(catalogue.policy(tld)).holder_change.startswith(cost)


def test_a_relay_address_stands_for_the_mailbox_and_nothing_else(catalogue: Catalogue) -> None:
    policy = replace(catalogue.policy("eu"), natural_persons=(Shown.NAME, Shown.EMAIL))
    told = explain(policy)
    assert told.natural_person == "The public sees the name and a relay address for e-mail."
    assert told.registry == "Only the e-mail address of registrant, admin and tech changes."


def test_the_limits_that_are_known_are_told_and_no_others(catalogue: Catalogue) -> None:
    policy = replace(
        catalogue.policy("org"), sessions=SessionLimits(granted=4, requests_per_minute=100), presence="a tie"
    )
    assert explain(policy).sessions == "4 granted, 100 requests a minute."
    assert explain(catalogue.policy("org")).sessions == ""
    assert explain(policy).presence == "Demanded of a holder: a tie."


def test_a_registry_without_epp_is_told(catalogue: Catalogue) -> None:
    assert explain(catalogue.policy("de")).registry.endswith(
        "Registrars reach it by RRI, a protocol of its own."
    )
    assert catalogue.policy("com").contact_model is ContactModel.MINIMUM
