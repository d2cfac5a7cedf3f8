"""Senders whom the owner's side allows or blocks: by proof the one, by claim the other."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailrelay.authentication import AuthenticationResults, DmarcPolicy, DmarcResult, Result, SpfResult
from mailrelay.checks.chains import Chains, CheckLimits, build_chains
from mailrelay.checks.listed_sender import ListedSender, claimed_names
from mailrelay.checks.stages import ConnectionContext, MessageContext, Route, SenderContext
from mailrelay.checks.verdict import Action
from mailrelay.directory import MailPolicy, Opening, RelayRoute, ReplyRoute
from mailrelay.message import RawMessage
from mailrelay.queue.entry import Direction, MessageRecord, State
from mailrelay.sender_rules import Level, SenderRule
from tests.mailrelay.conftest import Clock
from tests.mailrelay.world import OWNER_MAILBOX, RELAY_ADDRESS, STRANGER, World, open_world
from whoisproxy.demo.mail_actors import Letter, send

RELAY = RelayRoute("relay_1", "owner_1", "shop.example", RELAY_ADDRESS, MailPolicy.FILTER)
REPLY = ReplyRoute("reply_1", "relay_1", "owner_1", "shop.example", RELAY_ADDRESS, Opening(STRANGER))
SPAM = (
    "You are a beneficiary!!! You have WON $1,500,000.00. Verify your bank account to get paid.\n"
    "Viagra, no prescription, no risk. ACT NOW!!! CLICK HERE http://203.0.113.77/claim\n"
)
ALLOWED, BLOCKED = ("listed-sender", "allowed-by-owner"), ("listed-sender", "blocked-by-owner")


@pytest.fixture
def chains(clock: Clock) -> Chains:
    return build_chains(CheckLimits(), clock)


def _rule(sender: str, *, allows: bool, level: Level = Level.DOMAIN) -> SenderRule:
    return SenderRule(level, sender, allows=allows)


def _authenticated(author: str, result: Result = Result.PASS) -> AuthenticationResults:
    domain = author.rpartition("@")[2]
    return AuthenticationResults(
        SpfResult(result, domain), (), DmarcResult(result, DmarcPolicy.NONE, domain, "spf"), (author,)
    )


def _context(
    *rules: SenderRule,
    found: AuthenticationResults,
    reverse_path: str = "",
    route: Route = RELAY,
    text: str = SPAM,
) -> MessageContext:
    raw = f"From: <{found.authors[0]}>\r\nDate: Mon, 1 Jun 2026 00:00:00 +0000\r\n\r\n{text}".encode()
    return MessageContext(
        SenderContext(ConnectionContext("192.0.2.25"), "mx.example", reverse_path),
        (route,),
        RawMessage.parse(raw),
        found,
        rules=rules,
        claimed=claimed_names(found.authors, reverse_path),
    )


def _said(context: MessageContext) -> tuple[Action, str] | None:
    verdict = ListedSender()(context)
    return None if verdict is None else (verdict.action, verdict.reason)


@pytest.mark.parametrize("sender", [STRANGER, "offers.example", "example"])
def test_an_authenticated_author_is_allowed_by_mailbox_and_by_domain(sender: str) -> None:
    proven = _authenticated(STRANGER)
    assert _said(_context(_rule(sender, allows=True), found=proven)) == (Action.ACCEPT, "allowed-by-owner")


@pytest.mark.parametrize("result", [Result.FAIL, Result.NONE, Result.TEMPERROR])
def test_a_name_in_from_alone_allows_nobody(result: Result) -> None:
    claimed = _authenticated(STRANGER, result)
    assert _said(_context(_rule(STRANGER, allows=True), found=claimed, reverse_path=STRANGER)) is None
    assert _said(_context(_rule("offers.example", allows=True), found=claimed)) is None


def test_neither_the_reverse_path_nor_one_of_several_authors_is_allowed() -> None:
    """Only whom the reader sees as the one author counts."""
    other = _authenticated("eve@evil.example")
    assert _said(_context(_rule(STRANGER, allows=True), found=other, reverse_path=STRANGER)) is None
    both = replace(_authenticated(STRANGER), authors=(STRANGER, "eve@evil.example"))
    assert _said(_context(_rule(STRANGER, allows=True), found=both)) is None


@pytest.mark.parametrize("reverse_path", ["", "bounce@other.example"])
def test_whoever_claims_to_be_a_blocked_sender_is_blocked(reverse_path: str) -> None:
    held = (Action.QUARANTINE, "blocked-by-owner")
    for result in (Result.PASS, Result.NONE):
        found = _authenticated(STRANGER, result)
        for sender in (STRANGER, "offers.example"):
            rule = _rule(sender, allows=False)
            assert _said(_context(rule, found=found, reverse_path=reverse_path)) == held


def test_a_blocked_reverse_path_blocks_whoever_the_author_is() -> None:
    context = _context(
        _rule("bounces.example", allows=False),
        found=_authenticated(STRANGER),
        reverse_path="x@Mail.Bounces.Example",
    )
    assert _said(context) == (Action.QUARANTINE, "blocked-by-owner")


@pytest.mark.parametrize(
    ("level", "who"),
    [
        (Level.DOMAIN, "owner"),
        (Level.OWNER, "owner"),
        (Level.REGISTRAR, "registrar"),
        (Level.OPERATOR, "operator"),
    ],
)
def test_the_reason_says_whose_rule_it_is_and_names_nobody(level: Level, who: str) -> None:
    found = _authenticated(STRANGER)
    for allows, word in ((True, "allowed"), (False, "blocked")):
        rule = _rule(STRANGER, allows=allows, level=level)
        said = _said(_context(rule, found=found))
        assert said is not None
        assert said[1] == f"{word}-by-{who}"


def test_the_owners_own_answers_are_not_judged_by_rules() -> None:
    for allows in (True, False):
        rule = _rule(STRANGER, allows=allows)
        assert _said(_context(rule, found=_authenticated(STRANGER), route=REPLY)) is None


async def test_an_allowed_sender_is_still_bound_by_dmarc(chains: Chains) -> None:
    failed = replace(
        _authenticated(STRANGER), dmarc=DmarcResult(Result.FAIL, DmarcPolicy.REJECT, "offers.example")
    )
    decision = await chains.message.run(_context(_rule(STRANGER, allows=True), found=failed))
    assert decision.action is Action.REJECT


@pytest.mark.parametrize("policy", [MailPolicy.FILTER, MailPolicy.FORWARD])
async def test_what_is_refused_is_refused_to_a_blocked_sender_too(chains: Chains, policy: MailPolicy) -> None:
    """A 250 in place of a 550 would tell him."""
    text = SPAM * 3
    decisions = []
    for number in range(6):
        rules = (_rule(STRANGER, allows=False),) if number == 5 else ()
        route = replace(RELAY, relay_id=f"relay_{number}", policy=policy)
        context = _context(*rules, found=_authenticated(STRANGER), route=route, text=text)
        decisions.append(await chains.message.run(context))
    stranger, blocked = decisions[-2:]
    assert (blocked.action, blocked.reply) == (Action.REJECT, stranger.reply)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path) as opened:
        for address, route in opened.directory.relays.items():
            opened.directory.relays[address] = replace(route, policy=MailPolicy.FILTER)
        yield opened


async def _taken(world: World) -> MessageRecord:
    await world.settle()
    [record] = [
        one for one in await world.store.of_relay(["relay_1"], 10) if one.direction is Direction.FORWARD
    ]
    return record


def _checks(record: MessageRecord) -> list[tuple[str, str]]:
    return [(one.check, one.reason) for one in record.verdicts]


async def test_spam_of_an_allowed_sender_arrives_where_his_domain_has_signed_it(world: World) -> None:
    world.directory.rules.add(_rule("offers.example", allows=True))
    assert (await world.stranger_writes(subject="YOU HAVE WON", text=SPAM)).code == 250
    record = await _taken(world)
    assert (record.state, ALLOWED in _checks(record)) == (State.DELIVERED, True)
    [letter] = await world.arrived_at(OWNER_MAILBOX)
    assert b"beneficiary" in letter.raw


async def test_the_same_without_proof_is_held(world: World) -> None:
    """A domain that publishes nothing: anybody may claim it, and nothing is allowed by that."""
    author = "ada@plain.example"
    world.directory.rules.add(_rule(author, allows=True))
    raw = Letter(f"Ada <{author}>", RELAY_ADDRESS, "YOU HAVE WON", SPAM).raw()
    assert (await send(world.port, author, RELAY_ADDRESS, raw)).code == 250
    record = await _taken(world)
    assert (record.state, ALLOWED in _checks(record)) == (State.QUARANTINED, False)
    assert world.sink.messages == []


async def test_the_same_of_a_sender_without_a_rule_is_held(world: World) -> None:
    assert (await world.stranger_writes(subject="YOU HAVE WON", text=SPAM)).code == 250
    assert (await _taken(world)).state is State.QUARANTINED


@pytest.mark.parametrize("policy", [MailPolicy.FILTER, MailPolicy.FORWARD])
async def test_a_blocked_senders_letter_is_held_and_he_is_not_told(world: World, policy: MailPolicy) -> None:
    route = world.directory.relays[RELAY_ADDRESS]
    world.directory.relays[RELAY_ADDRESS] = replace(route, policy=policy)
    welcome = await world.stranger_writes()
    assert (await _taken(world)).state is State.DELIVERED
    world.directory.rules.add(_rule("offers.example", allows=False))
    unwelcome = await world.stranger_writes()
    assert (unwelcome.code, unwelcome.text.split()[0]) == (welcome.code, welcome.text.split()[0])
    await world.settle()
    [held] = await world.store.of_relay(["relay_1"], 10, states=[State.QUARANTINED])
    assert BLOCKED in _checks(held)
    assert len(world.sink.messages) == 1


async def test_whoever_is_to_be_answered_is_blocked_as_well(world: World) -> None:
    """The link to block him names whom an answer would go to."""
    world.directory.rules.add(_rule("sales@elsewhere.example", allows=False))
    raw = Letter(f"Ada <{STRANGER}>", RELAY_ADDRESS, "Your domain", "For sale?\n").raw()
    signed = world.offers.sign(b"Reply-To: Sales@Elsewhere.example\r\n" + raw)
    assert (await send(world.port, STRANGER, RELAY_ADDRESS, signed)).code == 250
    assert BLOCKED in _checks(await _taken(world))
