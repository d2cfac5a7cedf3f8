"""The same text to several domains is evidence, whoever sends it; what may be sent to many is none."""

import re
from dataclasses import replace
from datetime import date

import pytest

from mailrelay.authentication import AuthenticationResults, DmarcPolicy, DmarcResult, Result, SpfResult
from mailrelay.checks.bulk_similarity import BulkSimilarity
from mailrelay.checks.chains import CheckLimits, build_chains
from mailrelay.checks.protected_senders import ProtectedSender, ProtectedSenders
from mailrelay.checks.similar_texts import SimilarTexts
from mailrelay.checks.stages import ConnectionContext, MessageContext, Route, SenderContext
from mailrelay.checks.verdict import Action, Verdict
from mailrelay.directory import MailPolicy, Opening, RelayRoute, ReplyRoute
from mailrelay.message import RawMessage
from tests.mailrelay.conftest import Clock

OWNER = "ann@home.example"
NAMES = ("Ann", "Bo", "Cem", "Dora", "Emil", "Fee")
PITCH = (
    "Dear {name}, we build web sites for small firms in your region and would be glad to show you what our "
    "team did for other shops last year. Our prices are fair, our designers are kind, and the first draft "
    "costs nothing at all. Call me any morning, {name}, reference {number}."
)
NOTICE = (
    "Dear customer, the policy of ICANN asks us to remind you once a year of the data of your domain {name}. "
    "Please look whether they are still right. If nothing has changed you need not do anything at all."
)


LISTED = ProtectedSender(
    "registrar.example", "registrar", frozenset(), re.compile("reminder"), "a contract", date(2026, 1, 1)
)


def _proven(author: str, result: Result = Result.PASS) -> AuthenticationResults:
    domain = author.rpartition("@")[2]
    return AuthenticationResults(
        SpfResult(result, domain), (), DmarcResult(result, DmarcPolicy.NONE, domain, "spf"), (author,)
    )


def _route(number: int, role: str = "registrant") -> RelayRoute:
    address = f"{role}{number}@relay.example"
    return RelayRoute(
        f"{role}_{number}", f"owner_{number}", f"shop{number}.example", address, MailPolicy.FILTER
    )


def _letter(
    text: str, route: Route, author: str = "sales@b.example", result: Result = Result.PASS
) -> MessageContext:
    raw = f"From: <{author}>\r\nTo: x@relay.example\r\nDate: Mon, 1 Jun 2026 00:00:00 +0000\r\n\r\n{text}\r\n"
    sender = SenderContext(ConnectionContext("192.0.2.1"), "mx.b.example", author)
    return MessageContext(sender, (route,), RawMessage.parse(raw.encode()), _proven(author, result), (OWNER,))


def _pitch(number: int, name: str = "Ann", role: str = "registrant") -> MessageContext:
    return _letter(PITCH.format(name=name, number=number * 7919), _route(number, role))


@pytest.fixture
def check(clock: Clock) -> BulkSimilarity:
    return BulkSimilarity(SimilarTexts.of_this_process(clock), ProtectedSenders([LISTED]))


def _others(verdict: Verdict | None) -> float:
    return verdict.score if verdict else 0.0


def test_the_other_domains_that_had_the_same_text_are_counted(check: BulkSimilarity) -> None:
    verdicts = [check(_pitch(number, name)) for number, name in enumerate(NAMES)]
    assert verdicts[0] is None
    assert verdicts[1:] == [
        Verdict("bulk-similarity", Action.ACCEPT, "same-text", score=float(others)) for others in range(1, 6)
    ]


async def test_what_many_had_is_tagged_then_held(clock: Clock) -> None:
    chain = build_chains(CheckLimits(), clock).message
    actions = [(await chain.run(_pitch(number, name))).action for number, name in enumerate(NAMES)]
    assert actions == [Action.ACCEPT] * 3 + [Action.TAG] * 2 + [Action.QUARANTINE]


def test_the_same_text_to_one_domain_or_after_two_days_is_no_bulk(
    check: BulkSimilarity, clock: Clock
) -> None:
    assert [check(_pitch(1)) for _ in range(8)] == [None] * 8
    assert _others(check(_pitch(2))) == 1
    clock.advance(48 * 3600 + 60)
    assert check(_pitch(3)) is None


def test_the_addresses_of_one_domain_are_one_recipient(check: BulkSimilarity) -> None:
    """Whoever is in earnest writes to the registrant and to the technical contact."""
    assert [check(_pitch(1, role=role)) for role in ("registrant", "admin", "tech", "billing")] == [None] * 4


def test_different_letters_and_a_short_question_may_come_from_many(check: BulkSimilarity) -> None:
    for number in range(10):
        assert check(_letter("Is this domain for sale?", _route(number))) is None
    texts = [
        "I am the neighbour of your shop and would like to know whether you still sell the blue lamps.",
        "On behalf of our client we ask you to take down the picture of his painting within ten days.",
        "Your web site has a hole through which anybody reads the orders of others; see what I attached.",
        "We would like to buy the domain for a museum, and can pay what it has cost you until now.",
    ]
    assert [check(_letter(text, _route(number))) for number, text in enumerate(texts)] == [None] * 4


def test_an_answer_is_looked_up_and_never_remembered(check: BulkSimilarity) -> None:
    text = PITCH.format(name="Ann", number=1)

    def answer(number: int) -> Verdict | None:
        domain, address = f"shop{number}.example", "x@relay.example"
        reply = ReplyRoute("reply_1", "relay_1", f"owner_{number}", domain, address, Opening("y@z.example"))
        return check(_letter(text, reply))

    assert [answer(number) for number in range(6)] == [None] * 6
    assert check(_pitch(9)) is None
    assert _others(answer(1)) == 1


@pytest.mark.parametrize(
    ("reason", "counts"), [("allowed-by-owner", False), ("blocked-by-owner", True), ("", True)]
)
def test_what_a_list_allows_is_not_counted(check: BulkSimilarity, reason: str, *, counts: bool) -> None:
    for number in range(6):
        letter = _pitch(number)
        if reason:
            letter.found.append(Verdict("listed-sender", Action.ACCEPT, reason))
        assert _others(check(letter)) == (number if counts else 0)
    assert _others(check(_pitch(7))) == (6 if counts else 0)


@pytest.mark.parametrize(("result", "counts"), [(Result.PASS, False), (Result.FAIL, True)])
def test_what_the_owner_writes_to_himself_is_not_counted(
    check: BulkSimilarity, result: Result, *, counts: bool
) -> None:
    text = PITCH.format(name="me", number=1)
    verdicts = [check(_letter(text, _route(number), OWNER, result)) for number in range(4)]
    assert [_others(verdict) for verdict in verdicts] == ([0, 1, 2, 3] if counts else [0] * 4)


@pytest.mark.parametrize(("result", "counts"), [(Result.PASS, False), (Result.FAIL, True)])
def test_a_registrars_authenticated_notice_to_all_its_owners_is_no_campaign(
    check: BulkSimilarity, result: Result, *, counts: bool
) -> None:
    """Even where it is none of those that go straight to the owner."""
    texts = [NOTICE.format(name=f"shop{number}.example") for number in range(5)]
    author = "news@mail.registrar.example"
    verdicts = [check(_letter(text, _route(at), author, result)) for at, text in enumerate(texts)]
    assert [_others(verdict) for verdict in verdicts] == ([0, 1, 2, 3, 4] if counts else [0] * 5)


async def test_protected_mail_does_not_come_here(clock: Clock) -> None:
    chain = build_chains(
        CheckLimits(), clock, protected=ProtectedSenders([replace(LISTED, subject=None)])
    ).message
    for number in range(5):
        letter = _letter(NOTICE.format(name=number), _route(number), "notices@registrar.example")
        assert [verdict.check for verdict in (await chain.run(letter)).verdicts] == ["protected-mail"]


def test_what_is_kept_names_nobody(clock: Clock) -> None:
    memory = bytearray(2**16)
    check = BulkSimilarity(SimilarTexts(b"k" * 32, memoryview(memory), clock), ProtectedSenders([]))
    check(_pitch(1, "Ann"))
    assert any(memory)
    assert not any(word in memory for word in (b"owner_1", b"shop1", b"designers"))
