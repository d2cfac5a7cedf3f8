"""A message from a file is judged as it would be at the end of DATA."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from mailrelay.checks.chains import CheckLimits, build_chains
from mailrelay.checks.verdict import Action
from mailrelay.delivery.signing import Signer
from mailrelay.directory import MailPolicy
from mailrelay.dns import Resolver
from mailrelay.judging import Facts, Judge
from mailrelay.message import RawMessage
from tests.mailrelay.conftest import Clock
from whoisproxy.demo.dns_server import DnsServer

HEAD = (
    b"From: Ann <ann@home.example>\r\nTo: q7x@relay.example\r\nSubject: Hello\r\n"
    b"Date: Mon, 1 Jun 2026 00:00:00 +0000\r\nMessage-ID: <1@b.example>\r\n"
)
LETTER = HEAD + b"\r\nIs this domain for sale?\r\n"
SPAM = HEAD.replace(b"Hello", b"YOU HAVE WON THE LOTTERY") + (
    b"\r\nYou are a beneficiary!!! Verify your account to get paid. Viagra, no risk. ACT NOW!!!\r\n"
)


def _judge(clock: Clock, facts: Facts | None = None, resolver: Resolver | None = None) -> Judge:
    return Judge(build_chains(CheckLimits(), clock).message, facts or Facts(), clock, resolver)


async def test_an_honest_letter_is_ham_and_a_scam_is_not(clock: Clock) -> None:
    judge = _judge(clock)
    honest, scam = await judge.judge(LETTER), await judge.judge(SPAM)
    assert (honest.action, honest.kind, honest.mail_class) == (Action.ACCEPT, "ham", "purchase_inquiry")
    assert scam.kind == "spam"
    assert scam.score > honest.score
    assert [one.check for one in scam.verdicts][-1] == "spam-decision"


async def test_the_owners_policy_decides_how_far_it_goes(clock: Clock) -> None:
    judgement = await _judge(clock, Facts(policy=MailPolicy.FORWARD)).judge(SPAM)
    assert (judgement.action, judgement.kind) == (Action.TAG, "unsure")


async def test_a_refused_message_has_its_score_too(clock: Clock) -> None:
    judgement = await _judge(clock).judge(SPAM.replace(b"Date:", b"Subject: again\r\nDate:"))
    assert [one.reason for one in judgement.verdicts] == ["repeated-header"]
    assert (judgement.action, judgement.kind) == (Action.REJECT, "spam")
    assert judgement.score == (await _judge(clock).judge(SPAM)).score


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"no header at all", b"\0\xff" * 50, b"From: \r\n\r\n"])
async def test_anything_can_be_judged(raw: bytes, clock: Clock) -> None:
    assert (await _judge(clock).judge(raw)).action is Action.REJECT


async def test_a_file_may_have_any_line_ends_and_the_line_of_a_mailbox(clock: Clock) -> None:
    judge = _judge(clock)
    wanted = await judge.judge(SPAM)
    unix = SPAM.replace(b"\r\n", b"\n")
    assert await judge.judge(unix) == wanted
    assert await judge.judge(b"From ann@home.example Mon Jun  1 00:00:00 2026\n" + unix) == wanted


@pytest.mark.parametrize(
    ("facts", "action"),
    [
        (Facts(peer_ip="192.0.2.7"), Action.ACCEPT),
        (Facts(peer_ip="192.0.2.8"), Action.REJECT),
        (Facts(peer_ip="192.0.2.7", reverse_path="x@evil.example"), Action.REJECT),
        (Facts(peer_ip="192.0.2.7", reverse_path="", helo="home.example"), Action.ACCEPT),
    ],
)
async def test_with_a_name_server_senders_are_authenticated(
    facts: Facts, action: Action, clock: Clock, dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("home.example", "TXT", "v=spf1 ip4:192.0.2.7 -all")
    dns_server.set("_dmarc.home.example", "TXT", "v=DMARC1; p=reject")
    assert (await _judge(clock, facts, resolver).judge(LETTER)).action is action


async def test_the_return_path_is_the_sender_where_none_is_given(
    clock: Clock, dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("bounce.home.example", "TXT", "v=spf1 ip4:192.0.2.1 -all")
    dns_server.set("_dmarc.home.example", "TXT", "v=DMARC1; p=reject")
    judge = _judge(clock, Facts(), resolver)
    assert (await judge.judge(b"Return-Path: <x@bounce.home.example>\n" + LETTER)).action is Action.ACCEPT
    assert (await judge.judge(LETTER)).action is Action.REJECT


async def test_a_signature_survives_being_kept_with_bare_line_feeds(
    clock: Clock, dns_server: DnsServer, resolver: Resolver
) -> None:
    signer = Signer("home.example", "s", ed25519.Ed25519PrivateKey.generate(), clock)
    name, text = signer.dns_record()
    dns_server.set(name, "TXT", text)
    dns_server.set("_dmarc.home.example", "TXT", "v=DMARC1; p=reject")
    signed = signer.sign(RawMessage.parse(LETTER)).raw.replace(b"\r\n", b"\n")
    judge = _judge(clock, replace(Facts(), reverse_path="x@evil.example"), resolver)
    assert (await judge.judge(signed)).action is Action.ACCEPT
