"""`Protected` mail: who sends it, that nothing stops it, and that nobody learns who wants no mail."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from mailrelay.addresses import parse_mailboxes
from mailrelay.authentication import AuthenticationResults, DmarcPolicy, DmarcResult, Result, SpfResult
from mailrelay.checks.chains import CheckLimits, build_chains
from mailrelay.checks.protected_senders import ProtectedSenders, ProtectedSendersError
from mailrelay.checks.stages import ConnectionContext, MessageContext, SenderContext
from mailrelay.checks.verdict import Action
from mailrelay.directory import MailPolicy, Opening, RelayRoute, ReplyRoute
from mailrelay.message import RawMessage
from mailrelay.queue.entry import PROTECTED, State
from mailrelay.transaction import Transaction
from tests.mailrelay.conftest import Clock
from tests.mailrelay.world import OWNER_MAILBOX, RELAY_ADDRESS, STRANGER, World, open_world
from whoisproxy.demo.mail_actors import Letter, publish_receiver

RELAY = RelayRoute("relay_1", "owner_1", "shop.example", RELAY_ADDRESS, MailPolicy.DROP)
REPLY = ReplyRoute("reply_1", "relay_1", "owner_1", "shop.example", RELAY_ADDRESS, Opening("buyer@b.example"))
PEER = ConnectionContext("127.0.0.1")
LISTED = "case.manager@wipo.int"


def _message(
    author: str, subject: str, result: Result = Result.PASS, *routes: RelayRoute | ReplyRoute
) -> MessageContext:
    raw = (
        f"From: <{author}>\r\nTo: {RELAY_ADDRESS}\r\nSubject: {subject}\r\nPrecedence: bulk\r\n"
        "Date: Mon, 1 Jun 2026 00:00:00 +0000\r\nMessage-ID: <1@x.example>\r\n\r\n"
        "VERIFY your account!!! You have won. Viagra, no risk. ACT NOW!!!\r\n"
    )
    domain = author.rpartition("@")[2]
    authentication = AuthenticationResults(
        SpfResult(Result.NONE, "bounces.example"),
        (),
        DmarcResult(result, DmarcPolicy.REJECT, domain, "dkim"),
        (author,),
    )
    sender = SenderContext(PEER, "mx.example", "x@bounces.example")
    return MessageContext(sender, routes or (RELAY,), RawMessage.parse(raw.encode()), authentication)


@pytest.mark.parametrize(
    ("author", "subject", "kind"),
    [
        (LISTED, "Notice of complaint D2026-0001", "dispute"),
        ("x@mail.icann.org", "Anything", "icann"),
        ("info@denic.de", "Anything", "registry"),
        ("support@godaddy.com", "Domain transfer authorization", "registrar"),
        ("support@godaddy.com", "=?utf-8?q?WHOIS_data_reminder?=", "registrar"),
        ("news@godaddy.com", "Everything must go", ""),
        ("no-reply@digitalcertvalidation.com", "Order 1", "certificate"),
        ("x@wipo.int.example.com", "Notice", ""),
        ("x@notwipo.int", "Notice", ""),
        ("x@int", "Notice", ""),
    ],
)
async def test_the_list_says_who_is_protected(author: str, subject: str, kind: str, clock: Clock) -> None:
    decision = await build_chains(CheckLimits(), clock).message.run(_message(author, subject))
    assert decision.protected is bool(kind)
    if kind:
        assert (decision.action, decision.reasons) == (Action.ACCEPT, (f"protected-mail: {kind}",))
    else:
        assert decision.action is Action.QUARANTINE
        assert "owner-takes-no-mail: no-mail-wanted" in decision.reasons


@pytest.mark.parametrize("result", [Result.FAIL, Result.NONE, Result.TEMPERROR])
async def test_who_only_claims_to_be_listed_is_nobody(result: Result, clock: Clock) -> None:
    decision = await build_chains(CheckLimits(), clock).message.run(_message(LISTED, "Notice", result))
    assert decision.action >= Action.QUARANTINE
    assert not decision.protected


async def test_nobody_writes_as_the_owner_by_being_listed(clock: Clock) -> None:
    context = _message(LISTED, "Notice", Result.PASS, REPLY)
    decision = await build_chains(CheckLimits(), clock).message.run(context)
    assert decision.action is Action.QUARANTINE


async def test_form_loops_and_hard_limits_hold_for_protected_mail_too(clock: Clock) -> None:
    broken = replace(_message(LISTED, "Notice"), message=RawMessage.parse(b"Subject: no author\r\n\r\n"))
    decision = await build_chains(CheckLimits(), clock).message.run(broken)
    assert decision.reasons == ("malformed-message: no-author",)


def test_every_shipped_entry_has_a_source_a_date_and_a_domain() -> None:
    senders = list(ProtectedSenders.load())
    assert len(senders) > 50
    for sender in senders:
        assert sender.source.startswith("https://")
        assert date(2026, 1, 1) <= sender.as_of
        assert sender.domain.isascii()
        assert parse_mailboxes(f"x@{sender.domain}")
        # Who sends other mail too needs a subject.
        assert sender.subject is not None or sender.kind != "registrar"


OWN = '[[senders]]\nkind = "court"\ndomains = ["court.example"]\nsource = "letter"\ndate = 2026-01-01\n'


def test_an_operator_adds_senders_of_his_own(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(OWN + 'local_parts = ["Clerk"]\nsubject = "(?i)case"\n')
    senders = ProtectedSenders.load(file)
    assert senders.kind_of("clerk@court.example", "Case 7") == "court"
    assert senders.kind_of("clerk@court.example", "Lunch") == ""
    assert senders.kind_of("cook@court.example", "Case 7") == ""
    assert senders.kind_of(LISTED, "x") == "dispute"


@pytest.mark.parametrize(
    "text",
    [
        "[[senders",
        "x = 1",
        OWN + "wrong = 1",
        OWN.replace("court.example", "Court.example"),
        OWN.replace("court.example", "com"),
        OWN.replace('"court"', '"No Kind"'),
        OWN.replace("2026-01-01", '"today"'),
        OWN + 'subject = "("',
        OWN.replace('source = "letter"\n', ""),
    ],
)
def test_a_bad_file_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(ProtectedSendersError, match=re.escape(str(file))):
        ProtectedSenders.load(file)
    with pytest.raises(ProtectedSendersError):
        ProtectedSenders.load(tmp_path / "missing.toml")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A relay of which the owner of one address wants no mail; WIPO sends from this machine."""
    async with open_world(tmp_path) as opened:
        opened.directory.relays[RELAY_ADDRESS] = replace(
            opened.directory.relays[RELAY_ADDRESS], policy=MailPolicy.DROP
        )
        publish_receiver(opened.dns, "wipo.int")
        opened.dns.set("wipo.int", "TXT", "v=spf1 ip4:127.0.0.1 -all")
        opened.dns.set("_dmarc.wipo.int", "TXT", "v=DMARC1; p=reject")
        yield opened


async def test_protected_mail_reaches_an_owner_who_wants_none_and_is_marked(world: World) -> None:
    letter = Letter(f"WIPO <{LISTED}>", RELAY_ADDRESS, "Notice", "A complaint was filed.\n")
    transaction = Transaction(SenderContext(PEER, "mx.wipo.int", LISTED))
    assert (await world.inbound.recipient(transaction, RELAY_ADDRESS)).code == 250
    assert (await world.inbound.message(transaction, letter.raw())).code == 250
    [claimed] = await world.store.claim("test", timedelta(minutes=1), 10)
    assert claimed.priority == PROTECTED
    await world.deliverer.deliver(claimed)
    [arrived] = await world.arrived_at(OWNER_MAILBOX)
    assert b"protected-mail=accept (dispute)" in arrived.raw


def _letter(subject: str, text: str, author: str = STRANGER) -> bytes:
    return Letter(f"Ada <{author}>", RELAY_ADDRESS, subject, text).raw()


_LETTERS = {
    "a legal notice": (
        _letter(
            "Cease and desist",
            "We represent the owner of the trademark. Your domain infringes our client's trademark. "
            "Cease and desist, or we will file a complaint under the UDRP.\n",
        ),
        True,
    ),
    "a report of abuse": (
        _letter("Abuse report", "We report phishing on your domain. Please remove the phishing page.\n"),
        True,
    ),
    "an offer": (_letter("Your domain", "Would you sell your domain? I would like to buy it.\n"), False),
    "a greeting": (_letter("Hello", "How are you?\n"), False),
}


async def _answered(world: World, raw: bytes) -> tuple[str, str]:
    transaction = Transaction(SenderContext(PEER, "mx.offers.example", STRANGER))
    rcpt = await world.inbound.recipient(transaction, RELAY_ADDRESS)
    done = await world.inbound.message(transaction, raw)
    return str(rcpt), str(done).rpartition(" ")[0]


@pytest.mark.parametrize("kind", _LETTERS)
async def test_who_wants_no_mail_gets_what_is_served_and_nobody_is_told(world: World, kind: str) -> None:
    """Of the rest nothing is lost either: it is held, for its owner alone to see."""
    raw, reaches_him = _LETTERS[kind]
    route = world.directory.relays[RELAY_ADDRESS]
    answers = set()
    for policy in MailPolicy:
        world.directory.relays[RELAY_ADDRESS] = replace(route, policy=policy)
        answers.add(await _answered(world, raw))
    assert answers == {("250 2.1.5 OK", "250 2.0.0 OK")}

    # The last of the policies is that under which he wants none.
    last, *_ = await world.store.of_relay(["relay_1"], 10)
    assert (last.state is State.QUARANTINED) is not reaches_him
    assert any(one.check == "owner-takes-no-mail" for one in last.verdicts) is not reaches_him


async def test_other_mail_queued_before_the_owner_wanted_none_is_kept_from_him(world: World) -> None:
    """Its sender was told that we have it, and hears nothing else."""
    route = world.directory.relays[RELAY_ADDRESS]
    world.directory.relays[RELAY_ADDRESS] = replace(route, policy=MailPolicy.FORWARD)
    assert (await world.stranger_writes()).code == 250
    world.directory.relays[RELAY_ADDRESS] = route
    await world.settle()
    [record] = await world.store.of_relay(["relay_1"], 10)
    assert (record.state, record.last_error) == (State.HELD, "owner-takes-no-mail")
    assert world.sink.messages == []

    assert await world.store.release(record.id)
    await world.settle()
    assert len(world.sink.messages) == 1


async def test_no_check_of_the_client_stops_protected_mail(world: World) -> None:
    """A dispute provider whose host greets oddly and has no name in the DNS is served all the same."""
    world.dns.set("wipo.int", "TXT", "v=spf1 ip4:203.0.114.25 -all")
    for reverse_path, doubted in ((LISTED, False), (STRANGER, True)):
        sender = SenderContext(ConnectionContext("203.0.114.25"), "localhost", reverse_path)
        decision = await world.inbound._chains.clients.judge(sender)
        assert bool(decision.evidence) is doubted
