"""The whole way of a letter and its answer, over real sockets."""

import base64
import email
import email.policy
import io
import re
from dataclasses import replace
from email.message import EmailMessage
from email.utils import parseaddr
from zipfile import ZipFile

import pytest

from mailrelay.authentication.authenticate import authenticate
from mailrelay.authentication.results import Result
from mailrelay.checks.stages import ConnectionContext, SenderContext
from mailrelay.delivery.schedule import Schedule
from mailrelay.directory import Wishes
from mailrelay.links import Links, Purpose
from mailrelay.message import RawMessage
from mailrelay.queue.entry import Direction, State
from mailrelay.rewriting.reply import AnswerHeld
from mailrelay.sender_rules import Level, SenderRule
from mailrelay.transaction import Transaction
from tests.mailrelay.world import (
    OWNER,
    OWNER_MAILBOX,
    PORTAL,
    RELAY_ADDRESS,
    RELAY_DOMAIN,
    RELAY_HOST,
    STRANGER,
    World,
    utc_now,
)
from whoisproxy.demo.cast import traces_in
from whoisproxy.demo.mail_actors import Letter, send


async def _reply_address(world: World) -> str:
    answer = await world.stranger_writes()
    assert answer.code == 250
    await world.settle()
    [letter] = await world.arrived_at(OWNER_MAILBOX)
    return parseaddr(email.message_from_bytes(letter.raw)["Reply-To"])[1]


async def test_a_letter_reaches_the_owner_aligned_with_the_relays_signature(world: World) -> None:
    assert (await world.stranger_writes()).code == 250
    await world.settle()

    [letter] = await world.arrived_at(OWNER_MAILBOX)
    message = RawMessage.parse(letter.raw)
    assert letter.reverse_path.endswith(f"@{RELAY_DOMAIN}")
    assert world.bounces.decode(letter.reverse_path, utc_now()) is not None
    assert "Ada Buyer, ada at offers.example (via example-bakery.org)" in message.first("From")
    assert message.first("To") == RELAY_ADDRESS
    assert message.first("X-Whoisproxy-Domain") == "example-bakery.org"
    assert message.body == b"Is it for sale?\r\n"


async def test_the_signature_on_a_forwarded_letter_verifies(world: World) -> None:
    await world.stranger_writes()
    await world.settle()

    [letter] = await world.arrived_at(OWNER_MAILBOX)
    results = await authenticate(
        RawMessage.parse(letter.raw), "127.0.0.1", RELAY_HOST, letter.reverse_path, world.resolver, utc_now()
    )
    assert [(one.result, one.domain) for one in results.dkim] == [(Result.PASS, RELAY_DOMAIN)]
    assert results.dmarc.result is Result.PASS


async def test_an_answer_shows_nothing_of_the_owner_in_sender_signature_and_quote(world: World) -> None:
    reply_address = await _reply_address(world)
    text = (
        "Yes, for 900.\n\nZoë\n-- \nZoë Müller-Lefèvre <zoe.lefevre@home.example>\n+41 32 555 01 23\n\n"
        f"On Monday, ada at offers.example <{reply_address}> wrote:\n"
        "> To: zoe.lefevre@home.example\n> Is it for sale?\n"
    )
    letter = Letter(f"Zoë Müller-Lefèvre <{OWNER_MAILBOX}>", reply_address, "Re: Your domain", text)

    assert (await world.owner_answers(letter.raw(), reply_address)).code == 250
    await world.settle()

    [sent] = await world.arrived_at(STRANGER)
    decoded = sent.raw + (email.message_from_bytes(sent.raw).get_payload(decode=True) or b"")  # type: ignore[operator]
    assert traces_in(decoded) == []
    assert b"Yes, for 900." in decoded
    assert b"> Is it for sale?" in decoded
    message = RawMessage.parse(sent.raw)
    assert message.first("From") == f'"example-bakery.org owner" <{RELAY_ADDRESS}>'
    assert message.first("To") == f"Ada Buyer <{STRANGER}>"
    assert reply_address.encode() not in decoded
    assert STRANGER.encode() in decoded


async def test_an_answer_that_still_shows_its_owner_is_held_and_he_is_told(world: World) -> None:
    reply_address = await _reply_address(world)

    part = _packed("I live at Rue de l'Etang 7.\n")
    await world.owner_answers(_with_part(reply_address, part), reply_address)
    await world.settle()

    letters = await world.arrived_at(OWNER_MAILBOX, 2)
    assert letters[-1].reverse_path == ""
    notice = email.message_from_bytes(letters[-1].raw, policy=email.policy.default)
    assert notice["Subject"] == "Votre réponse n'a pas été envoyée"
    assert "- votre rue, dans la pièce jointe 1\r\n" in notice.get_content()
    assert "Etang" not in notice.get_content()
    assert not [one for one in world.sink.messages if STRANGER in one.recipients]
    [record] = await world.store.of_relay(["relay_1"], 10, states=[State.HELD])
    assert (record.direction, record.last_error) == (Direction.REPLY, "owner-shows-in-body")
    [link] = re.findall(rf"<{PORTAL}/c/(\w+)>", notice.get_content())
    assert Links(PORTAL, b"k" * 32).message_id(link, utc_now()) == record.id

    # Nobody but he can say that his street may be seen.
    assert await world.store.release(record.id)
    await world.settle()
    assert not [one for one in world.sink.messages if STRANGER in one.recipients]
    [record] = await world.store.of_relay(["relay_1"], 10, states=[State.HELD])
    assert await world.store.discard(record.id) is True


async def test_an_answer_goes_with_the_words_that_its_owner_lets_pass_and_no_others(world: World) -> None:
    reply_address = await _reply_address(world)
    raw = _with_part(reply_address, _packed("I live at Rue de l'Etang 7, as Zoë Müller-Lefèvre.\n"))
    await world.owner_answers(raw, reply_address)
    await world.settle()
    [record] = await world.store.of_relay(["relay_1"], 10, states=[State.HELD])
    kept = await world.store.kept(record.id)
    assert kept is not None
    with pytest.raises(AnswerHeld) as held:
        await world.deliverer._preparation.prepare(kept)

    for words in ((), ("something else",), tuple(hit.found for hit in held.value.hits)):
        assert not [one for one in world.sink.messages if STRANGER in one.recipients]
        assert await world.store.release(record.id, words)
        await world.settle()

    [sent] = await world.arrived_at(STRANGER)
    read = email.message_from_bytes(sent.raw, EmailMessage, policy=email.policy.default)
    [attached] = read.iter_attachments()
    assert b"Etang 7" in ZipFile(io.BytesIO(attached.get_content())).read("a.txt")


async def test_mail_of_a_blocked_sender_is_held_until_the_owner_releases_it(world: World) -> None:
    world.directory.rules.add(SenderRule(Level.DOMAIN, STRANGER, allows=False))
    assert (await world.stranger_writes()).code == 250
    await world.settle()
    [record] = await world.store.of_relay(["relay_1"], 10, states=[State.QUARANTINED])
    assert ("listed-sender", "blocked-by-owner") in [(one.check, one.reason) for one in record.verdicts]
    assert world.sink.messages == []

    assert await world.store.release(record.id)
    await world.settle()

    [letter] = await world.arrived_at(OWNER_MAILBOX)
    assert b"Is it for sale?" in letter.raw


async def test_the_answer_refers_only_to_letters_that_the_correspondent_knows(world: World) -> None:
    reply_address = await _reply_address(world)
    [letter] = await world.arrived_at(OWNER_MAILBOX)
    known = RawMessage.parse(letter.raw).first("Message-ID")
    raw = Letter(OWNER_MAILBOX, reply_address, "Re: x", "Yes.\n", in_reply_to=known).raw()
    raw = raw.replace(b"References: ", b"References: <secret@home.example> ")

    await world.owner_answers(raw, reply_address)
    await world.settle()

    [sent] = await world.arrived_at(STRANGER)
    assert RawMessage.parse(sent.raw).first("References") == known
    assert b"secret@" not in sent.raw


async def test_the_letter_that_began_a_conversation_is_found_by_its_answer(world: World) -> None:
    reply_address = await _reply_address(world)
    [first] = await world.store.of_relay(["relay_1"], 10)
    await world.stranger_writes(subject="Something else")
    await world.settle()
    assert world.answered == []

    raw = Letter(OWNER_MAILBOX, reply_address, "Re: Your domain", "Yes.\n").raw()
    await world.owner_answers(raw, reply_address)
    await world.settle()

    [answer] = world.answered
    assert answer.recipient == reply_address
    opening = world.directory.replies[reply_address].opening
    began = await world.store.beginning("relay_1", opening.correspondent, opening.thread)
    assert began is not None
    assert began.id == first.id
    assert await world.store.beginning("relay_1", "somebody@else.example", opening.thread) is None


async def test_an_answer_that_is_held_is_not_counted_as_one(world: World) -> None:
    """Such as a notice of absence, which says nothing of what it answers."""
    reply_address = await _reply_address(world)
    raw = Letter(OWNER_MAILBOX, reply_address, "Away", "I am away.\n").raw()
    await world.owner_answers(b"Auto-Submitted: auto-replied\r\n" + raw, reply_address)
    await world.settle()
    assert world.answered == []


async def test_whoever_pretends_to_be_the_owner_reaches_nobody_and_learns_nothing(world: World) -> None:
    reply_address = await _reply_address(world)
    world.dns.set("_dmarc.home.example", "TXT", "v=DMARC1; p=none")

    answer = await world.stranger_writes(Letter(OWNER_MAILBOX, reply_address, "Re: x", "Pay here.\n"))
    await world.settle()

    assert answer.code == 250
    assert not [one for one in world.sink.messages if STRANGER in one.recipients]
    [record] = await world.store.of_relay(["relay_1"], 10, states=[State.HELD])
    assert record.direction is Direction.REPLY


async def test_an_owner_is_told_of_what_waits_in_his_name_but_not_often(world: World) -> None:
    """His provider may sign nothing; and whoever pretends to be him must not fill his mailbox."""
    reply_address = await _reply_address(world)
    world.dns.set("_dmarc.home.example", "TXT", "v=DMARC1; p=none")
    letter = Letter(OWNER_MAILBOX, reply_address, "Re: x", "Pay here.\n")
    raw = letter.raw().replace(b"Subject:", b"Auto-Submitted: auto-replied\r\nSubject:")
    assert (await send(world.port, "x@bank.example", reply_address, raw)).code == 250
    for _ in range(5):
        assert (await send(world.port, "x@bank.example", reply_address, letter.raw())).code == 250
    await world.settle()

    notices = [one for one in world.sink.messages if one.reverse_path == ""]
    waiting = await world.store.of_relay(["relay_1"], 10, states=[State.HELD])
    assert len(notices) == 3
    assert len(waiting) == 6
    shown = email.message_from_bytes(notices[0].raw, policy=email.policy.default).get_content()
    [link] = re.findall(rf"<{PORTAL}/c/(\w+)>", shown)
    assert Links(PORTAL, b"k" * 32).message_id(link, utc_now()) in {one.id for one in waiting}
    assert "Pay here" not in shown


async def test_an_owner_whose_key_has_become_unusable_is_told_a_few_times(world: World) -> None:
    world.directory.health.owners["relay_1"] = replace(OWNER, wishes=Wishes(encryption_key="none"))
    for _ in range(5):
        assert (await world.stranger_writes()).code == 250
    await world.settle()

    notices = await world.arrived_at(OWNER_MAILBOX, 3)
    assert len(notices) == len(world.sink.messages) == 3
    notice = email.message_from_bytes(notices[0].raw, EmailMessage, policy=email.policy.default)
    assert notice["Subject"] == "Un message pour example-bakery.org attend"
    assert "votre clé n'est plus utilisable" in " ".join(notice.get_content().split())
    held = await world.store.of_relay(["relay_1"], 10, states=[State.HELD])
    assert {one.last_error for one in held} == {"encryption-key-unusable"}


async def test_every_forwarded_letter_has_links_to_answer_and_to_block_with_one_click(world: World) -> None:
    reply_address = await _reply_address(world)
    [letter] = await world.arrived_at(OWNER_MAILBOX)
    message = RawMessage.parse(letter.raw)
    links, now = Links(PORTAL, b"k" * 32), utc_now()

    answer = message.first("X-Whoisproxy-Answer").strip("<>").removeprefix(f"{PORTAL}/a/")
    block = message.first("List-Unsubscribe").strip("<>").removeprefix(f"{PORTAL}/s/")
    name = reply_address.partition("@")[0]
    assert links.reply_local_part(Purpose.ANSWER, answer, now) == name
    assert links.reply_local_part(Purpose.STOP, block, now) == name
    assert message.first("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    # RFC 8058 section 4 wants them signed.
    assert "List-Unsubscribe:List-Unsubscribe-Post" in "".join(message.first("DKIM-Signature").split())


async def test_when_the_owners_server_refuses_the_sender_learns_the_relay_address_only(world: World) -> None:
    world.sink.answer(OWNER_MAILBOX, f"550 5.7.1 <{OWNER_MAILBOX}>: not from you to home.example")

    await world.stranger_writes()
    await world.settle()

    [report] = await world.arrived_at(STRANGER)
    assert report.reverse_path == ""
    assert b"multipart/report" in report.raw
    assert f"Final-Recipient: rfc822; {RELAY_ADDRESS}".encode() in report.raw
    assert b"Status: 5.0.0" in report.raw
    assert traces_in(report.raw) == []


async def test_a_temporary_refusal_is_tried_again_and_nothing_is_reported(world: World) -> None:
    world.deliverer._schedule = Schedule()
    world.sink.answer(OWNER_MAILBOX, "451 4.2.1 greylisted")

    await world.stranger_writes()
    await world.settle()

    [record] = await world.store.of_relay(["relay_1"], 10)
    assert (record.state, record.attempts, record.last_error) == (State.DEFERRED, 1, "greylisted-451")
    assert world.sink.messages == []


async def test_a_relay_switched_off_after_acceptance_bounces_what_is_queued(world: World) -> None:
    await world.stranger_writes()
    world.directory.relays.clear()

    await world.settle()

    [report] = await world.arrived_at(STRANGER)
    assert b"Status: 5.0.0" in report.raw
    assert not [one for one in world.sink.messages if OWNER_MAILBOX in one.recipients]


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
async def test_a_reverse_path_that_spf_disowns_gets_a_report_only_where_its_domain_signed(
    world: World, *, signed: bool
) -> None:
    """No backscatter: a report to anybody else would hit a bystander."""
    world.dns.set("offers.example", "TXT", "v=spf1 -all")
    world.dns.set("_dmarc.offers.example", "TXT", "v=DMARC1; p=none")
    world.sink.answer(OWNER_MAILBOX, "550 5.7.1 no")
    raw = Letter(f"Ada <{STRANGER}>", RELAY_ADDRESS, "Domain", "For sale?\n").raw()

    answer = await send(world.port, STRANGER, RELAY_ADDRESS, world.offers.sign(raw) if signed else raw)
    assert answer.code == 250
    await world.settle()

    assert [one.recipients for one in world.sink.messages] == [(STRANGER,)] * signed


async def test_a_report_to_a_return_address_becomes_one_of_our_own_once(world: World) -> None:
    await world.stranger_writes()
    await world.settle()
    [letter] = await world.arrived_at(OWNER_MAILBOX)
    report = (
        b"From: mailer@home.example\r\nContent-Type: multipart/report; report-type=delivery-status;"
        b" boundary=x\r\n\r\n--x\r\n\r\nzoe.lefevre@home.example is gone\r\n--x\r\n"
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; home.example\r\n\r\n"
        b"Final-Recipient: rfc822; zoe.lefevre@home.example\r\nAction: failed\r\nStatus: 5.2.2\r\n--x--\r\n"
    )
    for _ in range(2):
        assert (await send(world.port, "", letter.reverse_path, report)).code == 250
        await world.settle()

    reports = [one for one in world.sink.messages if STRANGER in one.recipients]
    assert len(reports) == 1
    assert b"Status: 5.0.0" in reports[0].raw
    assert traces_in(reports[0].raw) == []
    assert (await send(world.port, STRANGER, letter.reverse_path, report)).code == 550


@pytest.mark.parametrize("mailbox", [f"postmaster@{RELAY_DOMAIN}", "Postmaster"])
async def test_mail_to_postmaster_reaches_the_operator(world: World, mailbox: str) -> None:
    letter = Letter(STRANGER, mailbox, "Abuse", "Please look.\n")

    assert (await world.stranger_writes(letter)).code == 250
    await world.settle()

    [got] = await world.arrived_at("ops@home.example")
    assert b"Please look." in got.raw


def _with_part(reply_address: str, part: bytes, header: str = "") -> bytes:
    return (
        f"From: {OWNER_MAILBOX}\r\nTo: {reply_address}\r\nSubject: Re\r\n{header}"
        "Date: Mon, 1 Jun 2026 10:00:00 +0200\r\nMessage-ID: <x@home.example>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n"
        "--z\r\n\r\nHello\r\n--z\r\n"
    ).encode() + part + b"--z--\r\n"  # fmt: skip


def _packed(text: str) -> bytes:
    """Return a part whose text cannot be replaced, only found."""
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", text)
    header = b"Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return header + base64.encodebytes(packed.getvalue())


@pytest.mark.parametrize(
    "part",
    [
        b"Content-Type: text/plain; name=a.txt\r\n\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nEND:VCARD\r\n",
        b"Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\neJ8+IgEAAAA=\r\n",
    ],
)
async def test_what_says_who_somebody_is_is_left_out_whatever_it_is_called(world: World, part: bytes) -> None:
    reply_address = await _reply_address(world)

    await world.owner_answers(_with_part(reply_address, part), reply_address)
    await world.settle()

    [sent] = await world.arrived_at(STRANGER)
    message = email.message_from_bytes(sent.raw)
    assert message.get_content_type() == "text/plain"
    assert message.get_payload() == "Hello\r\n"


async def test_what_cannot_be_looked_into_holds_the_answer(world: World) -> None:
    reply_address = await _reply_address(world)
    part = b"Content-Type: application/pkcs7-mime\r\n\r\nx\r\n"

    await world.owner_answers(_with_part(reply_address, part), reply_address)
    await world.settle()

    assert not [one for one in world.sink.messages if STRANGER in one.recipients]
    [record] = await world.store.of_relay(["relay_1"], 10, states=[State.HELD])
    assert record.last_error == "encrypted"


async def test_a_correspondent_finds_the_owners_second_answer_below_the_first(world: World) -> None:
    """The owner's program names its own first message; the correspondent knows that by our name of it."""
    reply_address = await _reply_address(world)
    first = _with_part(reply_address, b"", "")
    await world.owner_answers(first, reply_address)
    await world.settle()
    second = _with_part(reply_address, b"", "References: <x@home.example> <other@home.example>\r\n").replace(
        b"Message-ID: <x@", b"Message-ID: <y@"
    )

    await world.owner_answers(second, reply_address)
    await world.settle()

    one, two = [RawMessage.parse(sent.raw) for sent in await world.arrived_at(STRANGER)]
    assert two.first("References") == two.first("In-Reply-To") == one.first("Message-ID")
    assert two.first("Message-ID") != one.first("Message-ID")


async def test_the_owners_answering_machine_gets_nothing_relayed_to_either_address(world: World) -> None:
    reply_address = await _reply_address(world)
    before = len(world.sink.messages)
    for address in (reply_address, RELAY_ADDRESS):
        letter = _with_part(address, b"", "Auto-Submitted: auto-replied\r\n")
        assert (await world.owner_answers(letter, address)).code == 250
    await world.settle()

    assert len(world.sink.messages) == before
    held = await world.store.of_relay(["relay_1"], 10, states=[State.HELD])
    assert [one.last_error for one in held] == ["auto-submitted", "auto-submitted"]


async def test_what_was_written_to_the_holder_before_is_not_shown_to_the_next_one(world: World) -> None:
    assert (await world.stranger_writes()).code == 250
    route = world.directory.relays[RELAY_ADDRESS]
    world.directory.relays[RELAY_ADDRESS] = replace(route, owner_id="reg_2")
    await world.settle()
    [record] = await world.store.of_relay(["relay_1"], 10)
    assert (record.state, record.last_error) == (State.BOUNCED, "not-served")
    # Its sender is told, as of an address that never existed; the next holder sees nothing.
    assert {one for sunk in world.sink.messages for one in sunk.recipients} <= {STRANGER}


@pytest.mark.parametrize("protocol", ["SMTP", "ESMTP", "ESMTPS", "UTF8SMTP", "UTF8SMTPS"])
async def test_received_says_how_mail_came_though_it_waited_in_the_queue(world: World, protocol: str) -> None:
    """RFC 3848, RFC 6531 section 4.3."""
    connection = ConnectionContext("127.0.0.1")
    transaction = Transaction(SenderContext(connection, "mx.offers.example", STRANGER, protocol=protocol))
    assert (await world.inbound.recipient(transaction, RELAY_ADDRESS)).code == 250
    raw = world.offers.sign(Letter(STRANGER, RELAY_ADDRESS, "Your domain", "Is it for sale?\n").raw())
    assert (await world.inbound.message(transaction, raw)).code == 250
    await world.settle()

    [letter] = await world.arrived_at(OWNER_MAILBOX)
    [received] = RawMessage.parse(letter.raw).all("Received")
    assert received.startswith(f"by {RELAY_HOST} with {protocol} id msg_")
