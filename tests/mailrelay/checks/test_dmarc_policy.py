"""What follows from a failed DMARC check, and when a trusted sealer overrides it."""

import pytest

from mailrelay.authentication import (
    ArcResult,
    AuthenticationResults,
    DmarcPolicy,
    DmarcResult,
    Result,
    SpfResult,
)
from mailrelay.authentication.arc import KEY_LOOKUP_FAILED
from mailrelay.authentication.results import ArcSet
from mailrelay.checks.chains import CheckLimits, build_chains
from mailrelay.checks.stages import ConnectionContext, MessageContext, SenderContext
from mailrelay.checks.verdict import Action
from mailrelay.directory import MailPolicy, RelayRoute
from mailrelay.message import RawMessage
from tests.mailrelay.conftest import Clock

SENDER = SenderContext(ConnectionContext("192.0.2.25"), "mx.list.example", "bounce@list.example")
RELAY = RelayRoute("relay_1", "owner_1", "shop.example", "q7x@relay.example", MailPolicy.FILTER)
LETTER = RawMessage.parse(
    b"From: Ann <ann@home.example>\r\nTo: q7x@relay.example\r\nSubject: Hello\r\n"
    b"Date: Mon, 1 Jun 2026 00:00:00 +0000\r\nMessage-ID: <1@b.example>\r\n\r\nIs it for sale?\r\n"
)
SEAL = ArcSet(
    "list.example",
    "mx.list.example",
    "mx.list.example; dmarc=pass header.from=home.example",
    covers_author=True,
)


async def _decided(
    arc: ArcResult | None, policy: DmarcPolicy, clock: Clock, *sealers: str
) -> tuple[Action, tuple[str, ...]]:
    found = AuthenticationResults(
        SpfResult(Result.PASS, "list.example"),
        (),
        DmarcResult(Result.FAIL, policy, "home.example"),
        ("ann@home.example",),
        arc=arc,
    )
    chains = build_chains(CheckLimits(trusted_arc_sealers=frozenset(sealers)), clock)
    decision = await chains.message.run(MessageContext(SENDER, (RELAY,), LETTER, found))
    return decision.action, decision.reasons


@pytest.mark.parametrize("policy", list(DmarcPolicy))
async def test_mail_through_a_trusted_list_is_taken_and_the_reason_is_told(
    policy: DmarcPolicy, clock: Clock
) -> None:
    decided = await _decided(ArcResult(Result.PASS, (SEAL,)), policy, clock, "list.example")
    assert decided == (Action.ACCEPT, ("dmarc-policy: dmarc-fail-arc-trusted",))


@pytest.mark.parametrize(
    "arc",
    [None, ArcResult(Result.NONE), ArcResult(Result.FAIL, (SEAL,), reason="body-hash")],
)
async def test_without_a_chain_that_holds_the_domain_is_obeyed(arc: ArcResult | None, clock: Clock) -> None:
    assert await _decided(arc, DmarcPolicy.REJECT, clock, "list.example") == (
        Action.REJECT,
        ("dmarc-policy: dmarc-reject",),
    )


async def test_nobody_is_trusted_unless_configured(clock: Clock) -> None:
    action, _ = await _decided(ArcResult(Result.PASS, (SEAL,)), DmarcPolicy.REJECT, clock)
    assert action is Action.REJECT


async def test_a_trusted_chain_whose_key_cannot_be_had_is_waited_for(clock: Clock) -> None:
    unsure = ArcResult(Result.FAIL, (SEAL,), reason=KEY_LOOKUP_FAILED)
    assert await _decided(unsure, DmarcPolicy.REJECT, clock, "list.example") == (
        Action.DEFER,
        ("dmarc-policy: dmarc-temperror",),
    )
    assert (await _decided(unsure, DmarcPolicy.REJECT, clock, "other.example"))[0] is Action.REJECT
