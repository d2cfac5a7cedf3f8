"""Each check through the chains as built, so that the table is tested too."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailrelay.authentication import AuthenticationResults, DmarcPolicy, DmarcResult, Result, SpfResult
from mailrelay.checks import verdict as replies
from mailrelay.checks.chains import Chains, CheckLimits, build_chains
from mailrelay.checks.rates import LeakyBucket, network_of
from mailrelay.checks.stages import (
    ConnectionContext,
    MessageContext,
    RecipientContext,
    Route,
    SenderContext,
)
from mailrelay.checks.verdict import Action, Decision
from mailrelay.directory import MailPolicy, Opening, Owner, RelayRoute, ReplyRoute
from mailrelay.identity import Identity
from mailrelay.message import LOOP_HEADER, RawMessage
from tests.mailrelay.conftest import Clock

PEER = ConnectionContext("192.0.2.25")
SENDER = SenderContext(PEER, "mx.b.example", "buyer@b.example")
RELAY = RelayRoute("relay_1", "owner_1", "shop.example", "q7x@relay.example", MailPolicy.FILTER)
REPLY = ReplyRoute(
    "reply_1", "relay_1", "owner_1", "shop.example", "q7x@relay.example", Opening("buyer@b.example")
)
OWNER = Owner("owner_1", ("ann@home.example", "ann@work.example"), Identity(), "en")
GOOD = AuthenticationResults(
    SpfResult(Result.PASS, "b.example"),
    (),
    DmarcResult(Result.PASS, DmarcPolicy.REJECT, "b.example", "spf"),
    ("buyer@b.example",),
)
AS_OWNER = AuthenticationResults(
    SpfResult(Result.PASS, "work.example"),
    (),
    DmarcResult(Result.PASS, DmarcPolicy.NONE, "work.example", "spf"),
    ("ann@work.example",),
)
HEAD = b"From: Buyer <buyer@b.example>\r\nTo: q7x@relay.example\r\nSubject: Hello\r\n"
HEAD += b"Date: Mon, 1 Jun 2026 00:00:00 +0000\r\nMessage-ID: <1@b.example>\r\n"
LETTER = HEAD + b"\r\nIs this domain for sale?\r\n"
SPAM = HEAD.replace(b"Hello", b"YOU HAVE WON THE LOTTERY") + (
    b"\r\nYou are a beneficiary!!! Verify your account to get paid. Viagra, no risk. ACT NOW!!!\r\n"
)


@pytest.fixture
def chains(clock: Clock) -> Chains:
    return build_chains(CheckLimits(), clock)


def _message(raw: bytes = LETTER, *routes: Route, auth: AuthenticationResults = GOOD) -> MessageContext:
    return MessageContext(SENDER, routes or (RELAY,), RawMessage.parse(raw), auth, OWNER.mailboxes)


async def _said(chains: Chains, context: MessageContext) -> tuple[Action, tuple[str, ...]]:
    """Return what was decided and the objections; what only says something is left out."""
    decision = await chains.message.run(context)
    objections = [one for one in decision.verdicts if one.action is not Action.ACCEPT]
    return decision.action, tuple(f"{one.check}: {one.reason}" for one in objections)


def _found(decision: Decision) -> tuple[str, Action, int]:
    return decision.verdicts[-1].check, decision.action, decision.verdicts[-1].code


def test_the_order_of_the_checks_is_fixed(chains: Chains) -> None:
    assert chains.connection.names == ("connection-rate", "error-rate")
    assert chains.sender.names == ("malformed-sender", "message-rate", "octet-rate")
    assert chains.recipient.names == (
        "probing",
        "recipient-rate",
        "known-recipient",
        "one-relay",
        "recipient-limit",
    )
    assert chains.client.names == chains.doubtful.names == ()
    assert chains.message.names == (
        "octet-rate",
        "malformed-message",
        "mail-loop",
        "protected-mail",
        "dmarc-policy",
        "owner-authenticated",
        "automatic-reply",
        "listed-sender",
        "sender-facts",
        "bulk-similarity",
        "content-score",
        "mail-class",
        "owner-takes-no-mail",
        "spam-decision",
    )


def test_a_check_to_observe_must_exist(clock: Clock) -> None:
    with pytest.raises(ValueError, match="no-such-check"):
        build_chains(CheckLimits(observe_only=frozenset({"no-such-check"})), clock)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("::ffff:192.0.2.1", "192.0.2.9", True),
        ("2001:db8:0:0:1::1", "2001:db8:0:ff:2::1", True),
        ("2001:db8:0:100::1", "2001:db8:0:ff::1", False),
    ],
)
def test_addresses_of_one_network_count_together(one: str, other: str, *, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


async def test_connections_of_a_network_are_limited(clock: Clock) -> None:
    chains = build_chains(CheckLimits(connections_per_minute=2), clock)
    actions = [
        (await chains.connection.run(ConnectionContext(f"192.0.2.{last}"))).action for last in (1, 2, 3)
    ]
    assert actions == [Action.ACCEPT, Action.ACCEPT, Action.DEFER]
    assert (await chains.connection.run(ConnectionContext("198.51.100.1"))).action is Action.ACCEPT
    clock.advance(61)
    assert (await chains.connection.run(PEER)).action is Action.ACCEPT


def test_a_bucket_forgets_the_key_seen_longest_ago(clock: Clock) -> None:
    bucket = LeakyBucket(1, 60, clock, max_keys=3)
    for key in "abcd":
        bucket.add(key)
    assert not bucket.full("a")
    assert bucket.full("d")


@given(st.lists(st.tuples(st.floats(0, 30), st.floats(0.1, 5)), max_size=60))
def test_a_bucket_never_takes_more_than_it_holds_and_loses(events: list[tuple[float, float]]) -> None:
    """In any stretch of time: what fits at once, and what runs out meanwhile (half a unit of grace)."""
    clock, limit, window_s = Clock(), 10.0, 60.0
    bucket = LeakyBucket(limit, window_s, clock)
    start, taken = clock(), 0.0
    for pause_s, amount in events:
        clock.advance(pause_s)
        full = bucket.full("k", amount)
        assert bucket.add("k", amount) is full
        taken += 0 if full else amount
        elapsed_s = (clock() - start).total_seconds()
        assert taken <= limit + 0.5 + limit * elapsed_s / window_s + 1e-3


async def test_recipients_octets_and_errors_of_a_network_are_limited(clock: Clock) -> None:
    chains = build_chains(
        CheckLimits(recipients_per_minute=1, octets_per_minute=len(LETTER), errors_per_hour=1), clock
    )
    known = RecipientContext(SENDER, RELAY.address, RELAY)
    assert (await chains.recipient.run(known)).action is Action.ACCEPT
    assert _found(await chains.recipient.run(known)) == ("recipient-rate", Action.DEFER, 450)

    declared = replace(SENDER, declared_size_octets=len(LETTER))
    assert (await chains.sender.run(declared)).action is Action.ACCEPT
    assert (await chains.message.run(_message())).action is Action.ACCEPT
    assert _found(await chains.sender.run(declared)) == ("octet-rate", Action.DEFER, 450)
    assert _found(await chains.message.run(_message())) == ("octet-rate", Action.DEFER, 450)

    assert (await chains.connection.run(PEER)).action is Action.ACCEPT
    chains.errors.add(network_of(PEER.peer_ip))
    assert _found(await chains.connection.run(PEER)) == ("error-rate", Action.DEFER, 421)


async def test_messages_of_a_network_are_limited(clock: Clock) -> None:
    chains = build_chains(CheckLimits(messages_per_minute=1), clock)
    await chains.sender.run(SENDER)
    assert _found(await chains.sender.run(SENDER)) == ("message-rate", Action.DEFER, 450)


@pytest.mark.parametrize("path", ["", "a@b.example", '"a b"@b.example', "a@[192.0.2.1]", "ö@bücher.example"])
async def test_a_sender_that_can_be_answered_is_taken(path: str, chains: Chains) -> None:
    assert (await chains.sender.run(replace(SENDER, reverse_path=path))).action is Action.ACCEPT


@pytest.mark.parametrize(
    "path",
    ["a", "@b.example", "a@", "a b@c.example", "a@b", "a@-b.example", "a@b..c", "x" * 65 + "@b.example"],
)
async def test_a_sender_that_is_no_mailbox_is_refused(path: str, chains: Chains) -> None:
    decision = await chains.sender.run(replace(SENDER, reverse_path=path))
    assert _found(decision) == ("malformed-sender", Action.REJECT, 553)


async def test_an_address_is_taken_whatever_its_owner_wishes_and_an_unknown_one_is_not(
    chains: Chains,
) -> None:
    unknown = await chains.recipient.run(RecipientContext(SENDER, "x@relay.example", None))
    assert _found(unknown) == ("known-recipient", Action.REJECT, 550)
    assert str(unknown.reply) == "550 5.1.1 No such address here"
    routes: list[RelayRoute | ReplyRoute] = [replace(RELAY, policy=one) for one in MailPolicy]
    for route in (*routes, REPLY):
        assert (await chains.recipient.run(RecipientContext(SENDER, "q7x", route))).action is Action.ACCEPT


@pytest.mark.parametrize("owner_id", ["owner_1", "owner_2"])
async def test_a_second_address_waits_for_a_second_transaction_whosever_it_is(
    chains: Chains, owner_id: str
) -> None:
    """An answer that differs would say which domains and reply addresses belong together."""
    other = replace(RELAY, relay_id="relay_2", owner_id=owner_id)
    for second in (other, REPLY):
        decision = await chains.recipient.run(RecipientContext(SENDER, "y", second, (RELAY,)))
        assert _found(decision) == ("one-relay", Action.DEFER, 452)
    again = await chains.recipient.run(RecipientContext(SENDER, "y", RELAY, (RELAY,)))
    assert again.action is Action.ACCEPT


async def test_recipients_beyond_the_limit_wait(clock: Clock) -> None:
    chains = build_chains(CheckLimits(recipients_per_message=1), clock)
    decision = await chains.recipient.run(RecipientContext(SENDER, "y", RELAY, (RELAY,)))
    assert _found(decision) == ("recipient-limit", Action.DEFER, 452)


async def test_who_guesses_addresses_is_stopped_for_known_ones_too(clock: Clock) -> None:
    chains = build_chains(CheckLimits(unknown_recipients_per_hour=2), clock)
    for _ in range(2):
        await chains.recipient.run(RecipientContext(SENDER, "x", None))
    for route in (None, RELAY):
        decision = await chains.recipient.run(RecipientContext(SENDER, "x", route))
        assert _found(decision) == ("probing", Action.DEFER, 450)
    clock.advance(3601)
    assert (await chains.recipient.run(RecipientContext(SENDER, "x", RELAY))).action is Action.ACCEPT


async def test_an_honest_letter_is_accepted(chains: Chains) -> None:
    assert await _said(chains, _message()) == (Action.ACCEPT, ())


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (LETTER.replace(b"From:", b"X-From:"), "no-author"),
        (b"From: a@b.example\r\n" + LETTER, "several-authors"),
        (b"Subject: again\r\n" + LETTER, "repeated-header"),
        (b"X-A: a\r\n" * 600 + LETTER, "too-many-headers"),
        (b"X-A: " + b"a" * 40_000 + b"\r\n" + LETTER, "header-syntax"),
        ((b"X-A: " + b"a" * 30_000 + b"\r\n") * 6 + LETTER, "header-too-large"),
        (LETTER.replace(b"Hello", b"He\0llo"), "header-syntax"),
        (LETTER + b"\0", "nul-octet"),
        (LETTER + b"x" * 20_000, "line-too-long"),
        (
            b'Content-Type: multipart/mixed; boundary="b"\r\n' + LETTER + b"--b\r\n\r\nx\r\n" * 200,
            "too-many-parts",
        ),
        (b"", "no-author"),
    ],
)
async def test_a_message_that_misleads_its_reader_is_refused(raw: bytes, reason: str, chains: Chains) -> None:
    decision = await chains.message.run(_message(raw))
    assert decision.reasons == (f"malformed-message: {reason}",)
    assert decision.reply == replies.MALFORMED


@pytest.mark.parametrize("trace", [LOOP_HEADER.encode() + b": 1\r\n", b"Received: from a by b\r\n" * 31])
async def test_a_loop_is_broken(trace: bytes, chains: Chains) -> None:
    assert _found(await chains.message.run(_message(trace + LETTER))) == ("mail-loop", Action.REJECT, 554)


@pytest.mark.parametrize(
    ("result", "policy", "action", "code"),
    [
        (Result.FAIL, DmarcPolicy.REJECT, Action.REJECT, 550),
        (Result.FAIL, DmarcPolicy.QUARANTINE, Action.QUARANTINE, 250),
        (Result.FAIL, DmarcPolicy.NONE, Action.ACCEPT, 250),
        (Result.PERMERROR, DmarcPolicy.NONE, Action.QUARANTINE, 250),
        (Result.TEMPERROR, DmarcPolicy.NONE, Action.DEFER, 451),
        (Result.TEMPERROR, DmarcPolicy.REJECT, Action.DEFER, 451),
    ],
)
async def test_dmarc_is_obeyed(
    result: Result, policy: DmarcPolicy, action: Action, code: int, chains: Chains
) -> None:
    auth = replace(GOOD, dmarc=DmarcResult(result, policy, "b.example"))
    decision = await chains.message.run(_message(auth=auth))
    [said] = [one for one in decision.verdicts if one.check == "dmarc-policy"]
    assert (decision.action, said.action, said.code) == (action, action, code)


async def test_only_the_owner_writes_through_a_reply_address(chains: Chains) -> None:
    assert await _said(chains, _message(LETTER, REPLY, auth=AS_OWNER)) == (Action.ACCEPT, ())
    held = (Action.QUARANTINE, ("owner-authenticated: owner-not-authenticated",))
    assert await _said(chains, _message(LETTER, REPLY, auth=GOOD)) == held
    nobody = replace(_message(LETTER, REPLY, auth=AS_OWNER), mailboxes=())
    assert await _said(chains, nobody) == held


async def test_whoever_makes_his_own_records_fail_gets_the_answer_of_others(chains: Chains) -> None:
    unsure = replace(GOOD, spf=SpfResult(Result.TEMPERROR, "b.example"))
    held = (Action.QUARANTINE, ("owner-authenticated: owner-lookup-failed",))
    assert await _said(chains, _message(LETTER, REPLY, auth=unsure)) == held
    assert (await _said(chains, _message(LETTER, RELAY, auth=unsure)))[0] is Action.ACCEPT


@pytest.mark.parametrize(
    "header",
    [
        b"Auto-Submitted: auto-replied\r\n",
        b"Precedence: bulk\r\n",
        b"X-Auto-Response-Suppress: All\r\n",
        b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n",
    ],
)
async def test_what_the_owners_software_answers_is_never_relayed(header: bytes, chains: Chains) -> None:
    action, [reason] = await _said(chains, _message(header + LETTER, REPLY, auth=AS_OWNER))
    assert action is Action.QUARANTINE
    assert reason.startswith("automatic-reply: ")
    to_the_owner = await _said(chains, _message(header + LETTER, RELAY))
    assert to_the_owner[0] is Action.ACCEPT


async def test_a_null_sender_is_automatic_and_auto_submitted_no_is_not(chains: Chains) -> None:
    null = replace(_message(LETTER, REPLY, auth=AS_OWNER), sender=replace(SENDER, reverse_path=""))
    assert await _said(chains, null) == (Action.QUARANTINE, ("automatic-reply: null-reverse-path",))
    manual = _message(b"Auto-Submitted: no\r\n" + LETTER, REPLY, auth=AS_OWNER)
    assert (await _said(chains, manual))[0] is Action.ACCEPT


async def test_content_holds_only_where_the_owner_wants_a_filter_and_never_refuses(chains: Chains) -> None:
    assert await _said(chains, _message(SPAM)) == (Action.QUARANTINE, ("spam-decision: looks-like-spam",))
    forward = replace(RELAY, policy=MailPolicy.FORWARD)
    assert (await _said(chains, _message(SPAM, forward)))[0] is Action.TAG


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=500), st.sampled_from([RELAY, REPLY]))
async def test_no_message_breaks_a_check(chains: Chains, raw: bytes, route: Route) -> None:
    for text in (raw, HEAD + raw):
        decision = await chains.message.run(_message(text, route))
        assert not any("check-failed" in reason for reason in decision.reasons)


@given(st.text(max_size=300))
async def test_no_sender_breaks_a_check(path: str) -> None:
    chains = build_chains(CheckLimits(), Clock())
    decision = await chains.sender.run(replace(SENDER, reverse_path=path))
    assert not any("check-failed" in reason for reason in decision.reasons)


async def test_the_mime_collections_break_no_check(chains: Chains) -> None:
    folder = Path(__file__).parents[4] / "shared/data/mail/mime"
    if not folder.is_dir():
        pytest.skip("the collections of MIME messages are not here")
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".tsv":
            decision = await chains.message.run(_message(path.read_bytes()))
            assert not any("check-failed" in reason for reason in decision.reasons), path.name


def test_public_texts_name_no_check_and_no_number_of_ours() -> None:
    for name, reply in vars(replies).items():
        if isinstance(reply, replies.Reply):
            assert not any(
                word in reply.public.lower() for word in ("spam", "dmarc", "spf", "score", "owner")
            ), name
