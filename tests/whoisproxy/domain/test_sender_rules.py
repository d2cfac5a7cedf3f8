"""How senders are written in rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.sender_rules import MOST_LABELS, names_of
from tests.whoisproxy.storage.values import NOW
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.sender_rules import RuleAction, StoredRule, normalised_sender, sender_that_came

ALLOW, BLOCK = RuleAction.ALLOW, RuleAction.BLOCK


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Ann+Shop@Far.Example", "ann+shop@far.example"),
        (" ann@BÜCHER.example ", "ann@xn--bcher-kva.example"),
        ("jörg@far.example", "jörg@far.example"),
        ("Far.Example.", "far.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("mail。far.example", "mail.far.example"),
    ],
)
def test_a_sender_is_the_same_in_any_spelling(written: str, kept: str) -> None:
    assert normalised_sender(written, ALLOW) == kept == normalised_sender(kept, BLOCK)


@pytest.mark.parametrize(
    "nonsense",
    ["", "@", "@far.example", "ann@", "two words", "ann@two words.example", "*.far.example", "a@b@c.example",
     "under_score.example", "-far.example", f"{'a' * 64}.example", "far..example", ".", "ann\n@far.example"],
)  # fmt: skip
def test_what_is_no_sender_is_refused_without_being_repeated(nonsense: str) -> None:
    for action in RuleAction:
        with pytest.raises(InvalidInput) as refused:
            normalised_sender(nonsense, action)
        assert refused.value.field == "sender"
        assert not nonsense.strip("@. ") or nonsense not in str(refused.value)


@pytest.mark.parametrize("suffix", ["com", "co.uk", "example", "github.io", "xn--p1ai"])
def test_a_public_suffix_can_be_blocked_and_not_allowed(suffix: str) -> None:
    """Anybody may have a name below it, and prove it."""
    assert normalised_sender(suffix, BLOCK) == suffix
    with pytest.raises(InvalidInput, match="public suffix"):
        normalised_sender(suffix, ALLOW)
    assert normalised_sender(f"shop.{suffix}", ALLOW) == f"shop.{suffix}"


def test_a_domain_that_no_sender_would_be_looked_up_by_is_refused() -> None:
    deepest = ".".join("abcdefgh"[: MOST_LABELS - 1]) + ".example"
    assert normalised_sender(deepest, BLOCK) in names_of(f"ann@{deepest}")
    with pytest.raises(InvalidInput, match="labels"):
        normalised_sender(f"x.{deepest}", BLOCK)


@given(st.emails())
def test_a_rule_is_found_by_the_names_of_its_sender(mailbox: str) -> None:
    came = sender_that_came(mailbox)
    assert came in names_of(came)
    assert sender_that_came(came) == came


def test_a_rule_does_not_show_its_sender() -> None:
    rule = StoredRule("rule_1", "domain", "ann@far.example", BLOCK, NOW)  # type: ignore[arg-type]
    assert "ann" not in repr(rule)
