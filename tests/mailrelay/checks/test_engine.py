"""What an engine says is evidence, malware is held, and what it did not see never passes as if it had."""

from dataclasses import dataclass, field, replace

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from mailrelay.authentication.authenticate import without_dns
from mailrelay.checks.chains import CheckLimits, build_chains
from mailrelay.checks.engine import EngineCheck, WhenDown
from mailrelay.checks.stages import ConnectionContext, MessageContext, Route, SenderContext
from mailrelay.checks.verdict import Action, Verdict
from mailrelay.directory import NOT_OPENED, MailPolicy, RelayRoute, ReplyRoute
from mailrelay.engines.engine import EngineFault, Finding, Letter, LetterTooLarge
from mailrelay.engines.guard import Guard, GuardLimits
from mailrelay.message import RawMessage
from tests.mailrelay.conftest import Clock

RELAY = RelayRoute("relay_1", "reg_1", "x.example", "q7x@relay.example", MailPolicy.FORWARD)
REPLY = ReplyRoute("reply_1", "relay_1", "reg_1", "x.example", "q7x@relay.example", NOT_OPENED)
RAW = (
    b"From: Ann <ann@home.example>\r\nTo: q7x@relay.example\r\nSubject: Hello\r\n"
    b"Date: Mon, 1 Jun 2026 00:00:00 +0000\r\nMessage-ID: <1@b.example>\r\n\r\nIs this domain for sale?\r\n"
)


@dataclass
class Says:
    """An engine that says one thing of every letter."""

    what: Finding | Exception
    name: str = "said"
    letters: list[Letter] = field(default_factory=list)

    async def examine(self, letter: Letter) -> Finding:
        self.letters.append(letter)
        if isinstance(self.what, Exception):
            raise self.what
        return self.what


def _context(route: Route = RELAY, helo: str = "client.example") -> MessageContext:
    sender = SenderContext(ConnectionContext("192.0.2.7"), helo, "ann@home.example")
    message = RawMessage.parse(RAW)
    return MessageContext(sender, (route,), message, without_dns(message), ("owner@home.example",))


async def _verdict(
    what: Finding | Exception, route: Route = RELAY, when_down: WhenDown = WhenDown.DEFER
) -> Verdict | None:
    return await EngineCheck(Guard(Says(what), GuardLimits()), when_down)(_context(route))


async def test_what_an_engine_of_spam_says_is_evidence_and_decides_nothing() -> None:
    said = await _verdict(Finding(7.5, ("one-rule", "another-rule")))
    assert said == Verdict("said", Action.ACCEPT, "one-rule another-rule", score=7.5)
    assert await _verdict(Finding()) is None


async def test_malware_is_held_whatever_the_owner_wishes() -> None:
    with capture_logs() as logs:
        said = await _verdict(Finding(5.0, ("malware",), malware="Own.Test-1"))
    assert said == Verdict("said", Action.QUARANTINE, "malware", score=5.0)
    assert [(one["event"], one["signature"]) for one in logs] == [("malware-found", "Own.Test-1")]


async def test_of_an_owners_answer_only_malware_counts() -> None:
    assert await _verdict(Finding(7.5, ("one-rule",)), REPLY) is None
    found = await _verdict(Finding(5.0, ("malware",), malware="Own.Test-1"), REPLY)
    assert found is not None
    assert found.action is Action.QUARANTINE


@pytest.mark.parametrize("route", [RELAY, REPLY])
async def test_while_an_engine_is_down_mail_is_put_off_or_noted_as_unseen(route: Route) -> None:
    fault = EngineFault("not-reached")
    put_off = await _verdict(fault, route)
    assert put_off is not None
    assert (put_off.action, put_off.reason, put_off.code) == (Action.DEFER, "engine-not-reached", 451)
    before = _unseen("not-reached")
    noted = await _verdict(fault, route, WhenDown.SKIP)
    assert noted == Verdict("said", Action.ACCEPT, "engine-skipped")
    assert _unseen("not-reached") == before + 1


@pytest.mark.parametrize("when_down", WhenDown)
async def test_what_is_too_large_goes_on_with_a_note_of_it(when_down: WhenDown) -> None:
    noted = await _verdict(LetterTooLarge(), when_down=when_down)
    assert noted == Verdict("said", Action.ACCEPT, "engine-skipped too-large")


def _unseen(reason: str) -> float:
    labels = {"engine": "said", "reason": reason}
    return REGISTRY.get_sample_value("mailrelay_engine_unseen_total", labels) or 0.0


@pytest.mark.parametrize("route", [RELAY, REPLY])
async def test_an_engine_gets_the_message_and_what_the_client_said_never_the_owners_mailbox(
    route: Route,
) -> None:
    engine = Says(Finding())
    context = _context(route, "client\r\nInjected: field\ud800.example")
    await EngineCheck(Guard(engine, GuardLimits()), WhenDown.DEFER)(context)
    assert engine.letters == [
        Letter(RAW, "192.0.2.7", "clientInjected: field.example", "ann@home.example", "q7x@relay.example")
    ]


async def test_a_fault_of_ours_puts_mail_off_though_an_engine_may_be_skipped(clock: Clock) -> None:
    check = EngineCheck(Guard(Says(ZeroDivisionError()), GuardLimits()), WhenDown.SKIP)
    chain = build_chains(CheckLimits(), clock, engines=[check]).message
    decision = await chain.run(_context())
    assert decision.action is Action.DEFER
    assert decision.reasons == ("said: check-failed",)


async def test_engines_are_asked_in_their_order_and_before_the_content_is_weighed(clock: Clock) -> None:
    checks = [
        EngineCheck(Guard(Says(Finding(4.0, ("x",)), name), GuardLimits()), WhenDown.DEFER)
        for name in ("first", "second")
    ]
    chain = build_chains(CheckLimits(), clock, engines=checks).message
    names = chain.names
    assert names.index("first") < names.index("second") < names.index("content-score")
    decision = await chain.run(_context())
    assert [one.score for one in decision.verdicts if one.check in {"first", "second"}] == [4.0, 4.0]


@pytest.mark.parametrize("name", ["rspamd", "spamassassin", "clamav"])
@pytest.mark.parametrize(
    ("policy", "points", "action"),
    [
        (MailPolicy.FILTER, 3.4, Action.ACCEPT),
        (MailPolicy.FILTER, 3.5, Action.TAG),
        (MailPolicy.FILTER, 5.0, Action.QUARANTINE),
        (MailPolicy.FORWARD, 5.0, Action.TAG),
    ],
)
async def test_the_last_check_decides_by_what_an_engine_said(
    clock: Clock, name: str, policy: MailPolicy, points: float, action: Action
) -> None:
    check = EngineCheck(Guard(Says(Finding(points, ("a-rule",)), name), GuardLimits()), WhenDown.DEFER)
    chain = build_chains(CheckLimits(), clock, engines=[check]).message
    decision = await chain.run(_context(replace(RELAY, policy=policy)))
    assert decision.action is action
