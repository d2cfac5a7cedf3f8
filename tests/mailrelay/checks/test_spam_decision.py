"""What is done by evidence, class and the owner's wish: the table, and each case through the check itself."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailrelay.authentication import AuthenticationResults, DmarcPolicy, DmarcResult, Result, SpfResult
from mailrelay.checks.chains import CheckLimits, build_chains
from mailrelay.checks.spam_decision import (
    CASES,
    GROUPS,
    TABLE,
    Case,
    DecisionLimits,
    Found,
    Group,
    SpamDecision,
    case_of,
    decide,
)
from mailrelay.checks.stages import ConnectionContext, MessageContext, SenderContext
from mailrelay.checks.verdict import Action, Evidence, Verdict
from mailrelay.content.kinds import MailClass
from mailrelay.directory import MailPolicy, Opening, RelayRoute, ReplyRoute
from mailrelay.message import RawMessage
from tests.mailrelay.conftest import Clock

DOC = Path(__file__).parents[3] / "docs/spam.md"
SHARED = Path(__file__).parents[4] / "shared/data/mail"
LIMITS = DecisionLimits()
SENDER = SenderContext(ConnectionContext("192.0.2.25"), "mx.b.example", "buyer@b.example")
RELAY = RelayRoute("relay_1", "owner_1", "shop.example", "q7x@relay.example", MailPolicy.FILTER)
FORWARD = replace(RELAY, policy=MailPolicy.FORWARD)
REPLY = ReplyRoute(
    "reply_1", "relay_1", "owner_1", "shop.example", "q7x@relay.example", Opening("b@b.example")
)
LISTED = Evidence("dns-blocklist", 2.0)
HEAD = (
    b"From: Buyer <buyer@b.example>\r\nTo: q7x@relay.example\r\nDate: Mon, 1 Jun 2026 00:00:00 +0000\r\n"
    b"Message-ID: <1@b.example>\r\nSubject: "
)
WORDS = {Action.ACCEPT: "pass", Action.TAG: "mark", Action.QUARANTINE: "hold", Action.REJECT: "refuse"}


def _proven(mailbox: str) -> AuthenticationResults:
    domain = mailbox.partition("@")[2]
    dmarc = DmarcResult(Result.PASS, DmarcPolicy.NONE, domain, "spf")
    return AuthenticationResults(SpfResult(Result.PASS, domain), (), dmarc, (mailbox,))


def _said(check: str, score: float = 0.0, reason: str = "because") -> Verdict:
    return Verdict(check, Action.ACCEPT, reason, score=score)


def _decided(
    *found: Verdict,
    routes: tuple[RelayRoute | ReplyRoute, ...] = (RELAY,),
    client: tuple[Evidence, ...] = (),
    author: str = "buyer@b.example",
) -> tuple[Action, str]:
    sender = replace(SENDER, evidence=client)
    message = RawMessage.parse(HEAD + b"Hello\r\n\r\nHello\r\n")
    context = MessageContext(sender, routes, message, _proven(author), ("ann@home.example",))
    context.found.extend(found)
    verdict = SpamDecision(LIMITS)(context)
    return (verdict.action, verdict.reason) if verdict else (Action.ACCEPT, "")


def test_every_case_and_class_is_decided_and_no_careful_class_is_refused() -> None:
    assert TABLE.keys() == set(Case)
    assert GROUPS.keys() == set(MailClass)
    for case, group, policy in product(Case, Group, MailPolicy):
        action = decide(case, group, policy)
        assert action is not Action.DEFER
        if group in {Group.SERVED, Group.NOTICE}:
            assert action is not Action.REJECT, (case, group, policy)
    careful = {MailClass.PROTECTED, MailClass.LEGAL, MailClass.ABUSE_REPORT, MailClass.REGISTRAR}
    assert all(GROUPS[one] in {Group.SERVED, Group.NOTICE} for one in careful)


found_anyhow = st.builds(
    Found,
    content=st.sampled_from([0.0, 3.4, 3.5, 4.9, 5.0, 9.0]),
    client=st.sampled_from([0.0, 1.6, 5.0]),
    engine=st.sampled_from([0.0, 3.5, 5.0, 12.0]),
    copies=st.sampled_from([0, 2, 3, 4, 5, 100]),
    on_blocklist=st.booleans(),
    malware=st.booleans(),
    blocked=st.booleans(),
    allowed=st.booleans(),
)


@settings(deadline=None, max_examples=500)
@given(found_anyhow, st.sampled_from(Group), st.sampled_from(MailPolicy))
def test_whatever_was_found_the_promises_hold(found: Found, group: Group, policy: MailPolicy) -> None:
    case = case_of(found, LIMITS)
    action = decide(case, group, policy)
    grave = found.malware or found.blocked
    if action is Action.REJECT:
        # Content alone never refuses.
        assert found.content >= LIMITS.spam
        assert found.copies >= LIMITS.several or found.on_blocklist
        assert not found.malware
        assert found.blocked or not found.allowed
    elif grave:
        assert action is Action.QUARANTINE
    elif found.allowed:
        assert action is Action.ACCEPT
    elif policy is MailPolicy.FORWARD:
        assert action is not Action.QUARANTINE
    alone = replace(found, engine=0.0, copies=0, on_blocklist=False)
    if group is Group.SERVED and not grave:
        # What is served is not held for what it says.
        assert decide(case_of(alone, LIMITS), group, policy) <= Action.TAG
    # Whether mail is refused does not depend on what the owner wants.
    assert len({decide(case, group, one) is Action.REJECT for one in MailPolicy}) == 1
    # Nor on whether he has blocked the sender.
    refused = action is Action.REJECT
    unblocked = replace(found, blocked=False, allowed=False)
    if not found.allowed:
        assert (decide(case_of(unblocked, LIMITS), group, policy) is Action.REJECT) is refused
    # More evidence is never treated more mildly.
    if not found.allowed:
        worse = replace(found, copies=found.copies + 3, content=found.content + 1)
        assert decide(case_of(worse, LIMITS), group, policy) >= action


def test_the_table_in_the_documentation_is_that_of_the_code() -> None:
    rows = [line for line in DOC.read_text("utf-8").splitlines() if line.startswith("| `")]
    for case, _ in CASES:
        cells = []
        for group in Group:
            filtered, forwarded = (
                WORDS[decide(case, group, policy)] for policy in (MailPolicy.FILTER, MailPolicy.FORWARD)
            )
            cells.append(filtered if filtered == forwarded else f"{filtered} / {forwarded}")
        assert f"| `{case}` | {' | '.join(cells)} |" in rows
    assert all(f"| `{one}` |" in DOC.read_text("utf-8") for one in MailClass)


@pytest.mark.parametrize(
    ("found", "client", "expected"),
    [
        ((), (), (Action.ACCEPT, "")),
        ((_said("content-score", 3.4),), (), (Action.ACCEPT, "")),
        ((_said("content-score", 3.5),), (), (Action.TAG, "doubtful")),
        ((_said("content-score", 5.0),), (), (Action.QUARANTINE, "looks-like-spam")),
        ((_said("rspamd", 5.0),), (), (Action.QUARANTINE, "looks-like-spam")),
        ((_said("rspamd", 1.0), _said("spamassassin", 4.0)), (), (Action.TAG, "doubtful")),
        ((_said("bulk-similarity", 2.0),), (), (Action.ACCEPT, "")),
        ((_said("bulk-similarity", 3.0),), (), (Action.TAG, "doubtful")),
        ((_said("bulk-similarity", 5.0),), (), (Action.QUARANTINE, "same-text-to-many")),
        ((_said("clamav", 0.0, "malware"),), (), (Action.QUARANTINE, "malware")),
        ((_said("clamav", 0.0, "engine-away"),), (), (Action.ACCEPT, "")),
        ((_said("listed-sender", 0.0, "blocked-domain"),), (), (Action.QUARANTINE, "blocked-sender")),
        (
            (_said("listed-sender", 0.0, "allowed-domain"), _said("content-score", 9.0)),
            (),
            (Action.ACCEPT, ""),
        ),
        # The content score holds the client's weight already: 7 points of which 2 are the list's.
        ((_said("content-score", 7.0),), (LISTED,), (Action.REJECT, "spam-of-listed-client")),
        ((_said("content-score", 6.9),), (LISTED,), (Action.QUARANTINE, "looks-like-spam")),
        (
            (_said("content-score", 5.0),),
            (Evidence("dns-blocklist", 0.0),),
            (Action.QUARANTINE, "looks-like-spam"),
        ),
        (
            (_said("content-score", 7.0),),
            (Evidence("reverse-dns", 2.0),),
            (Action.QUARANTINE, "looks-like-spam"),
        ),
        ((_said("content-score", 2.0),), (LISTED,), (Action.ACCEPT, "")),
        (
            (_said("content-score", 5.0), _said("bulk-similarity", 3.0)),
            (),
            (Action.REJECT, "spam-to-several"),
        ),
        ((_said("content-score", 4.9), _said("bulk-similarity", 3.0)), (), (Action.TAG, "doubtful")),
        ((_said("mail-class", 0.0, "scam seed-phrase"),), (), (Action.TAG, "nothing-found")),
        (
            (_said("content-score", 3.5), _said("mail-class", 0.0, "scam seed-phrase")),
            (),
            (Action.QUARANTINE, "doubtful"),
        ),
    ],
)
def test_each_case_and_what_is_just_none(
    found: tuple[Verdict, ...], client: tuple[Evidence, ...], expected: tuple[Action, str]
) -> None:
    assert _decided(*found, client=client) == expected


@pytest.mark.parametrize("reason", ["legal udrp", "abuse_report arf", "registrar known-sender"])
def test_what_is_served_is_marked_for_its_content_and_held_when_more_speaks_against_it(reason: str) -> None:
    kind, content = _said("mail-class", 0.0, reason), _said("content-score", 12.0)
    assert _decided(kind, content) == (Action.TAG, "looks-like-spam")
    assert _decided(kind, _said("rspamd", 9.0)) == (Action.TAG, "looks-like-spam")
    assert _decided(kind, _said("bulk-similarity", 9.0)) == (Action.TAG, "same-text-to-many")
    for more in (_said("bulk-similarity", 3.0), _said("rspamd", 5.0), _said("clamav", 0.0, "malware")):
        assert _decided(kind, content, more)[0] is Action.QUARANTINE
    assert _decided(kind, content, client=(LISTED,))[0] is Action.QUARANTINE


def test_what_only_looks_like_a_notice_is_held_for_its_content_and_never_refused() -> None:
    kind, content = _said("mail-class", 0.0, "registrar auth-code"), _said("content-score", 12.0)
    assert _decided(kind, content) == (Action.QUARANTINE, "looks-like-spam")
    assert _decided(kind, content, _said("bulk-similarity", 9.0), client=(LISTED,))[0] is Action.QUARANTINE


def test_who_has_all_forwarded_gets_what_others_have_held_but_for_malware_and_whom_he_blocked() -> None:
    def decided(*found: Verdict) -> Action:
        return _decided(*found, routes=(FORWARD,))[0]

    assert decided(_said("content-score", 12.0)) is Action.TAG
    assert decided(_said("bulk-similarity", 50.0)) is Action.TAG
    assert decided(_said("clamav", 0.0, "malware")) is Action.QUARANTINE
    assert decided(_said("listed-sender", 0.0, "blocked-address")) is Action.QUARANTINE
    assert decided(_said("content-score", 12.0), _said("bulk-similarity", 3.0)) is Action.REJECT


def test_whom_the_owner_has_blocked_is_refused_what_everybody_is() -> None:
    blocked, spam = _said("listed-sender", 0.0, "blocked-domain"), _said("content-score", 9.0)
    several = _said("bulk-similarity", 3.0)
    assert _decided(blocked, spam, several) == (Action.REJECT, "spam-of-blocked-sender")
    assert _decided(blocked, spam) == (Action.QUARANTINE, "blocked-sender")
    legal = _said("mail-class", 0.0, "legal udrp")
    held = (Action.QUARANTINE, "spam-of-blocked-sender")
    assert _decided(blocked, spam, several, legal, routes=(FORWARD,)) == held


def test_of_several_wishes_the_mildest_holds() -> None:
    assert _decided(_said("content-score", 12.0), routes=(RELAY, FORWARD))[0] is Action.TAG


def test_a_reply_address_refuses_what_a_relay_address_refuses_and_marks_and_holds_nothing() -> None:
    spam = (_said("content-score", 9.0), _said("bulk-similarity", 3.0))
    assert _decided(*spam, routes=(REPLY,)) == _decided(*spam) == (Action.REJECT, "spam-to-several")
    assert _decided(_said("content-score", 9.0), routes=(REPLY,)) == (Action.ACCEPT, "")


def test_the_owner_himself_is_not_refused() -> None:
    spam = (_said("content-score", 9.0), _said("bulk-similarity", 3.0))
    assert _decided(*spam, routes=(REPLY,), author="ann@home.example") == (Action.ACCEPT, "")
    assert _decided(*spam, author="ann@home.example")[0] is Action.QUARANTINE


async def test_checks_that_only_watch_are_no_evidence(clock: Clock) -> None:
    text = b"YOU HAVE WON THE LOTTERY\r\n\r\nYou are a beneficiary!!! Viagra, no risk. ACT NOW!!!\r\n"
    for watched, action in ((frozenset[str](), Action.QUARANTINE), ({"content-score"}, Action.ACCEPT)):
        chain = build_chains(CheckLimits(observe_only=frozenset(watched)), clock).message
        message = RawMessage.parse(HEAD + text)
        decision = await chain.run(MessageContext(SENDER, (RELAY,), message, _proven("buyer@b.example")))
        assert decision.action is action


async def _class_of(raw: bytes, clock: Clock, author: str = "buyer@b.example") -> str:
    chain = build_chains(CheckLimits(), clock).message
    decision = await chain.run(MessageContext(SENDER, (RELAY,), RawMessage.parse(raw), _proven(author)))
    return next((one.reason for one in decision.verdicts if one.check == "mail-class"), "")


async def test_reports_in_arf_are_known_by_their_structure(clock: Clock) -> None:
    files = sorted((SHARED / "automatic/mail-auth_arf").glob("*.eml"))
    if not files:
        pytest.skip("the collection of ARF reports is not here")
    for path in files:
        raw = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        assert await _class_of(raw, clock) == "abuse_report arf", path.name


async def test_reports_in_xarf_are_known_by_their_structure(clock: Clock) -> None:
    files = sorted((SHARED / "automatic/xarf/samples/positive").rglob("*.json"))
    if not files:
        pytest.skip("the collection of XARF reports is not here")
    for path in files:
        document = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        raw = HEAD + b"Report\r\nContent-Type: application/json\r\n\r\n" + document
        assert await _class_of(raw, clock) == "abuse_report xarf", path.name


async def test_what_only_speaks_of_reports_for_machines_is_none(clock: Clock) -> None:
    """And a wish to be left alone, which comes in the same form, is no report of abuse."""
    for text in (
        b"We use feedback-report and xarf_version.",
        b'{"ReporterInfo": 1}',
        b'{"xarf_version": "4"}',
    ):
        assert "arf" not in await _class_of(HEAD + b"Formats\r\n\r\n" + text + b"\r\n", clock)
    opt_out = (
        HEAD + b"Hello\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n"
        b"--b\r\n\r\nGoodbye\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n"
        b"Feedback-Type: %s\r\nVersion: 1\r\n\r\n--b--\r\n"
    )
    assert await _class_of(opt_out % b"opt-out", clock) == ""
    assert await _class_of(opt_out % b"abuse", clock) == "abuse_report arf"


async def test_a_listed_registrar_is_known_where_he_is_authenticated(clock: Clock) -> None:
    """His subject is none by which he would be protected."""
    raw = (
        HEAD.replace(b"buyer@b.example", b"x@news.porkbun.com")
        + b"News\r\n\r\nYour registrar: the renewal of your domain is due.\r\n"
    )
    known = await _class_of(raw, clock, author="x@news.porkbun.com")
    assert known == "registrar known-sender registrar renewal"
    chain = build_chains(CheckLimits(), clock).message
    nobody = replace(
        _proven("x@news.porkbun.com"),
        spf=SpfResult(Result.FAIL, ""),
        dmarc=DmarcResult(Result.NONE, DmarcPolicy.NONE, ""),
    )
    decision = await chain.run(MessageContext(SENDER, (RELAY,), RawMessage.parse(raw), nobody))
    assert not [one for one in decision.verdicts if one.check == "mail-class"]
