"""What envelope and authentication have against an author: said where it is so, never enough by itself."""

from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from mailrelay.authentication import AuthenticationResults, DmarcPolicy, DmarcResult, Result, SpfResult
from mailrelay.authentication.authenticate import without_dns
from mailrelay.checks.chains import CheckLimits, build_chains
from mailrelay.checks.dmarc_policy import ARC_TRUSTED
from mailrelay.checks.fresh_domain import FreshDomain, FreshLimits
from mailrelay.checks.greylist_store import SqlGreylist, greylist
from mailrelay.checks.sender_facts import FACTS, SenderFacts
from mailrelay.checks.spam_decision import found_in
from mailrelay.checks.stages import ConnectionContext, MessageContext, SenderContext
from mailrelay.checks.verdict import Action, Verdict
from mailrelay.content.score import QUARANTINE_POINTS, TAG_POINTS
from mailrelay.directory import MailPolicy, RelayRoute
from mailrelay.message import RawMessage
from tests.mailrelay.conftest import Clock
from whoisproxy.storage.engine import open_engine

ANN = "ann@home.example"
SENDER = SenderContext(ConnectionContext("192.0.2.25"), "mx.home.example", ANN)
RELAY = RelayRoute("relay_1", "owner_1", "shop.example", "q7x@relay.example", MailPolicy.FILTER)
LETTER = RawMessage.parse(
    b"From: Ann <ann@home.example>\r\nTo: q7x@relay.example\r\nSubject: Hello\r\n"
    b"Date: Mon, 1 Jun 2026 00:00:00 +0000\r\nMessage-ID: <1@home.example>\r\n\r\nIs it for sale?\r\n"
)


def _found(
    spf: Result, domain: str = "home.example", dmarc: Result = Result.NONE, authors: tuple[str, ...] = (ANN,)
) -> AuthenticationResults:
    result = DmarcResult(dmarc, DmarcPolicy.NONE, "home.example")
    organizations = (("mail.home.example", "home.example"), ("home.example", "home.example"))
    return AuthenticationResults(SpfResult(spf, domain), (), result, authors, organizations)


def _context(found: AuthenticationResults, reverse_path: str = ANN) -> MessageContext:
    return MessageContext(replace(SENDER, reverse_path=reverse_path), (RELAY,), LETTER, found)


def _said(found: AuthenticationResults, reverse_path: str = ANN) -> str:
    verdict = SenderFacts()(_context(found, reverse_path))
    assert verdict is None or verdict.action is Action.ACCEPT
    return verdict.reason if verdict else ""


def test_nothing_is_said_of_who_is_proven_to_write() -> None:
    assert not _said(_found(Result.PASS, dmarc=Result.PASS))
    # A domain without DMARC record, whose host passes SPF.
    assert not _said(_found(Result.PASS))
    assert not _said(_found(Result.PASS, "mail.home.example"), "ann@mail.home.example")


@pytest.mark.parametrize(
    ("spf", "reverse_path", "reasons"),
    [
        (Result.NONE, ANN, "author-not-proven"),
        (Result.SOFTFAIL, "ann@mail.home.example", "author-not-proven"),
        (Result.FAIL, ANN, "author-not-proven spf-fail"),
        (Result.PASS, "bounce@sender.example", "author-not-proven return-path-elsewhere"),
        (Result.FAIL, "x@sender.example", "author-not-proven return-path-elsewhere spf-fail"),
        (Result.NONE, "", "author-not-proven"),
    ],
)
def test_what_is_not_proven_is_said(spf: Result, reverse_path: str, reasons: str) -> None:
    domain = reverse_path.rpartition("@")[2] or "mx.other.example"
    dmarc = Result.FAIL if domain == "sender.example" else Result.NONE
    assert _said(_found(spf, domain, dmarc), reverse_path) == reasons


def test_where_the_dns_was_not_asked_or_failed_nothing_is_known() -> None:
    assert not _said(without_dns(LETTER), "bounce@sender.example")
    assert not _said(_found(Result.TEMPERROR))


def test_a_trusted_list_vouches_for_its_writers() -> None:
    context = _context(_found(Result.PASS, "list.example", Result.FAIL), "bounce@list.example")
    assert SenderFacts()(context) is not None
    context.found.append(Verdict("dmarc-policy", Action.ACCEPT, ARC_TRUSTED))
    assert SenderFacts()(context) is None


def test_all_of_it_together_marks_nothing_and_holds_nothing_that_is_not_marked_already() -> None:
    most = sum(points for _, points, _ in FACTS) + 0.3  # the fresh domain
    assert most < TAG_POINTS
    assert most < QUARANTINE_POINTS - TAG_POINTS


async def test_it_counts_beside_the_client_and_is_no_ground_to_refuse(clock: Clock) -> None:
    chains = build_chains(CheckLimits(), clock)
    context = _context(_found(Result.FAIL, "sender.example", Result.FAIL), "x@sender.example")
    decision = await chains.message.run(context)
    assert decision.action is Action.ACCEPT
    found = found_in(context)
    assert found.client == pytest.approx(0.8)
    assert found.content == 0.0


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(database_url)
    yield engine
    await engine.dispose()


def _check(engine: AsyncEngine, clock: Clock, most: int = 2) -> FreshDomain:
    return FreshDomain(SqlGreylist(engine), b"k" * 32, clock, FreshLimits(most=most))


async def _is_fresh(check: FreshDomain, author: str = ANN) -> bool:
    found = replace(_found(Result.PASS), authors=(author,))
    answer = check(_context(found))
    verdict = await answer if isinstance(answer, Awaitable) else answer
    assert verdict is None or (verdict.action, verdict.reason) == (Action.ACCEPT, "domain-never-seen")
    return verdict is not None


async def test_a_domain_is_fresh_for_a_day_and_then_known_to_all_processes(
    engine: AsyncEngine, clock: Clock
) -> None:
    check, other = _check(engine, clock), _check(engine, clock)
    assert await _is_fresh(check)
    clock.advance(timedelta(hours=23).total_seconds())
    # The second letter of a campaign, to somebody else.
    assert await _is_fresh(other, "bob@home.example")
    clock.advance(timedelta(hours=1).total_seconds())
    assert not await _is_fresh(other, "bob@mail.home.example")
    assert not await _is_fresh(check)
    assert await _is_fresh(check, "ann@elsewhere.example")


async def test_who_writes_once_is_forgotten_and_who_writes_again_is_not(
    engine: AsyncEngine, clock: Clock
) -> None:
    assert await _is_fresh(_check(engine, clock))
    clock.advance(timedelta(days=31).total_seconds())
    assert await _is_fresh(_check(engine, clock))
    clock.advance(timedelta(days=2).total_seconds())
    assert not await _is_fresh(_check(engine, clock))
    clock.advance(timedelta(days=170).total_seconds())
    assert not await _is_fresh(_check(engine, clock))


async def test_a_known_domain_is_not_asked_for_again_and_the_memory_is_bounded(
    engine: AsyncEngine, clock: Clock
) -> None:
    check = _check(engine, clock, most=2)
    authors = [f"ann@home{number}.example" for number in range(3)]
    for author in authors:
        assert await _is_fresh(check, author)
    clock.advance(timedelta(days=2).total_seconds())
    for author in authors:
        assert not await _is_fresh(check, author)
    asked = [check(_context(replace(_found(Result.PASS), authors=(one,)))) for one in authors]
    # The first was pushed out by the third.
    assert [one is None for one in asked] == [False, True, True]
    assert isinstance(asked[0], Awaitable)
    assert await asked[0] is None


async def test_a_fresh_domain_is_asked_for_once_a_process(engine: AsyncEngine, clock: Clock) -> None:
    check = _check(engine, clock)
    assert await _is_fresh(check)
    clock.advance(timedelta(hours=23).total_seconds())
    assert isinstance(check(_context(_found(Result.PASS))), Verdict)


async def test_no_domain_stands_in_the_store(engine: AsyncEngine, clock: Clock) -> None:
    await _is_fresh(_check(engine, clock))
    async with engine.connect() as connection:
        [row] = (await connection.execute(select(greylist))).all()
    assert len(row.key) == 16
    assert b"home.example" not in row.key


async def test_several_authors_have_no_domain(engine: AsyncEngine, clock: Clock) -> None:
    found = replace(_found(Result.PASS), authors=(ANN, "bob@b.example"))
    assert _check(engine, clock)(_context(found)) is None
