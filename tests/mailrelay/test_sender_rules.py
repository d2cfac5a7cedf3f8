"""Which rule about a sender decides, and whom a rule is about."""

from hypothesis import given
from hypothesis import strategies as st

from mailrelay.sender_rules import MOST_LABELS, Level, SenderRule, deciding_rule, names_of

_LOCAL_PARTS = st.sampled_from(["ann", "bob", "Ann+shop"])
_DOMAINS = st.sampled_from(["example", "far.example", "mail.far.example", "near.example", "a.b.near.example"])
_MAILBOXES = st.builds("{}@{}".format, _LOCAL_PARTS, _DOMAINS)
_RULES = st.builds(
    SenderRule, st.sampled_from(Level), st.one_of(_MAILBOXES.map(str.lower), _DOMAINS), st.booleans()
)


def test_a_mailbox_has_the_names_of_its_domain_and_those_above() -> None:
    assert names_of("Ann+Shop@mail.far.example") == (
        "ann+shop@mail.far.example",
        "Ann+Shop@mail.far.example",
        "mail.far.example",
        "far.example",
        "example",
    )
    assert names_of("") == ()


def test_a_sender_cannot_hide_from_a_rule_below_many_labels() -> None:
    deep = ".".join([*"abcdefghijklmnop", "far", "example"])
    names = names_of(f"ann@{deep}")
    assert names[:2] == (f"ann@{deep}", ".".join(deep.split(".")[-MOST_LABELS:]))
    assert names[-2:] == ("far.example", "example")
    assert len(names) == 1 + MOST_LABELS


def _about(rule: SenderRule, mailbox: str) -> bool:
    domain = mailbox.rpartition("@")[2]
    return rule.sender == mailbox.lower() or f".{domain}".endswith(f".{rule.sender}")


def _goes_before(rule: SenderRule, other: SenderRule) -> bool:
    """Say the order in other words: level by level, then mailbox, deeper domain, block."""
    if rule.level != other.level:
        return rule.level > other.level
    if ("@" in rule.sender) != ("@" in other.sender):
        return "@" in rule.sender
    if "@" not in rule.sender and rule.sender.count(".") != other.sender.count("."):
        return rule.sender.count(".") > other.sender.count(".")
    return other.allows and not rule.allows


@given(
    rules=st.lists(_RULES, max_size=12),
    author=_MAILBOXES,
    others=st.lists(_MAILBOXES, max_size=2),
    authenticated=st.booleans(),
)
def test_of_the_rules_about_a_message_the_most_specific_decides(
    rules: list[SenderRule], author: str, others: list[str], *, authenticated: bool
) -> None:
    """Domain before owner, registrar and operator; mailbox before domain; block before allow."""
    claimed = {name for mailbox in (author, *others) for name in names_of(mailbox)}
    proven = names_of(author) if authenticated else ()
    decides = deciding_rule(rules, proven, claimed)

    about = [
        rule
        for rule in rules
        if (authenticated and _about(rule, author))
        or (not rule.allows and any(_about(rule, mailbox) for mailbox in (author, *others)))
    ]
    assert (decides in about) if about else decides is None
    if decides is not None:
        assert not [rule for rule in about if _goes_before(rule, decides)]


@given(st.lists(_RULES, max_size=12), _MAILBOXES)
def test_nobody_is_allowed_by_a_name_that_he_only_claims(rules: list[SenderRule], author: str) -> None:
    decides = deciding_rule(rules, (), names_of(author))
    assert decides is None or not decides.allows


@given(st.lists(_RULES, max_size=12), _MAILBOXES, st.randoms(use_true_random=False))
def test_the_order_in_which_rules_are_found_says_nothing(
    rules: list[SenderRule], author: str, chance: object
) -> None:
    names = names_of(author)
    first = deciding_rule(rules, names, names)
    chance.shuffle(rules)  # type: ignore[attr-defined]
    again = deciding_rule(rules, names, names)
    assert (first and (first.level, first.allows)) == (again and (again.level, again.allows))
