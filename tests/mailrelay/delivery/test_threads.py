"""Conversations hold together on both sides, and no correspondent learns of another's."""

from dataclasses import replace
from email import message_from_bytes
from email.utils import parseaddr

from mailrelay.message import RawMessage
from mailrelay.queue.entry import State
from tests.mailrelay.world import OWNER, OWNER_MAILBOX, RELAY_ADDRESS, STRANGER, World
from whoisproxy.demo.mail_actors import send

BO = "bo@offers.example"


def _letter(sender: str, to: str, message_id: str, *, answers: str = "") -> bytes:
    thread = f"In-Reply-To: {answers.rsplit(maxsplit=1)[-1]}\r\nReferences: {answers}\r\n" if answers else ""
    return (
        f"From: {sender}\r\nTo: {to}\r\nSubject: Your domain\r\nMessage-ID: {message_id}\r\n{thread}"
        "Date: Mon, 1 Jun 2026 10:00:00 +0200\r\n\r\nHello\r\n"
    ).encode()


async def _write(world: World, sender: str, message_id: str, *, answers: str = "") -> RawMessage:
    """Have a stranger write to the owner, and return what the owner gets."""
    raw = world.offers.sign(_letter(sender, RELAY_ADDRESS, message_id, answers=answers))
    before = len(world.sink.messages)
    assert (await send(world.port, sender, RELAY_ADDRESS, raw)).code == 250
    await world.settle()
    [got] = world.sink.messages[before:]
    assert got.recipients == (OWNER_MAILBOX,)
    return RawMessage.parse(got.raw)


async def _answer(world: World, letter: RawMessage, message_id: str, references: str) -> RawMessage:
    """Have the owner answer what he got, and return what its correspondent gets."""
    reply_address = parseaddr(message_from_bytes(letter.raw)["Reply-To"])[1]
    before = len(world.sink.messages)
    raw = _letter(OWNER_MAILBOX, reply_address, message_id, answers=references)
    assert (await world.owner_answers(raw, reply_address)).code == 250
    await world.settle()
    [sent] = world.sink.messages[before:]
    return RawMessage.parse(sent.raw)


async def test_no_correspondent_learns_which_messages_another_wrote_or_got(world: World) -> None:
    """An owner whose program mixes two conversations names the one's messages to the other."""
    from_ada = await _write(world, STRANGER, "<ada-1@secret-buyer.example>")
    to_ada = await _answer(world, from_ada, "<mine-1@home.example>", "<ada-1@secret-buyer.example>")
    from_bo = await _write(world, BO, "<bo-1@offers.example>")

    mixed = f"<ada-1@secret-buyer.example> <mine-1@home.example> {to_ada.first('Message-ID')}"
    to_bo = await _answer(world, from_bo, "<mine-2@home.example>", f"{mixed} <bo-1@offers.example>")

    assert to_bo.first("References") == to_bo.first("In-Reply-To") == "<bo-1@offers.example>"
    assert b"secret-buyer" not in to_bo.raw
    assert to_ada.first("Message-ID").encode() not in to_bo.raw


async def test_the_owners_program_finds_an_answer_below_what_he_sent(world: World) -> None:
    """The stranger knows it by our Message-ID; the owner by that of his own program."""
    first = await _write(world, STRANGER, "<ada-1@offers.example>")
    sent = await _answer(world, first, "<mine-1@home.example>", "<ada-1@offers.example>")
    ours = sent.first("Message-ID")
    assert "home.example" not in ours

    second = await _write(world, STRANGER, "<ada-2@offers.example>", answers=f"<ada-1@offers.example> {ours}")

    assert second.first("References") == "<ada-1@offers.example> <mine-1@home.example>"
    assert second.first("In-Reply-To") == "<mine-1@home.example>"
    # And back: what the owner's program names goes out as the stranger knows it.
    third = await _answer(
        world, second, "<mine-2@home.example>", f"{second.first('References')} <ada-2@offers.example>"
    )
    assert third.first("References").split() == ["<ada-1@offers.example>", ours, "<ada-2@offers.example>"]
    assert b"home.example" not in third.raw


async def test_nobody_else_who_names_our_id_is_shown_as_answering_the_owner(world: World) -> None:
    first = await _write(world, STRANGER, "<ada-1@offers.example>")
    sent = await _answer(world, first, "<mine-1@home.example>", "<ada-1@offers.example>")
    ours = sent.first("Message-ID")

    assert (await _write(world, BO, "<bo-1@offers.example>", answers=ours)).first("References") == ours


async def test_a_new_holder_of_the_address_is_not_shown_the_ids_of_the_one_before(world: World) -> None:
    first = await _write(world, STRANGER, "<ada-1@offers.example>")
    sent = await _answer(world, first, "<mine-1@home.example>", "<ada-1@offers.example>")
    ours = sent.first("Message-ID")
    owner = replace(OWNER, owner_id="reg_2")
    world.directory.publish(RELAY_ADDRESS, "relay_1", owner, "example-bakery.org")

    second = await _write(world, STRANGER, "<ada-2@offers.example>", answers=ours)

    assert second.first("In-Reply-To") == ours
    assert b"mine-1" not in second.raw


async def test_an_answer_to_all_does_not_come_back_to_its_owner(world: World) -> None:
    """His program answers to From and To; the second is his own relay address."""
    letter = await _write(world, STRANGER, "<ada-1@offers.example>")
    reply_address = parseaddr(message_from_bytes(letter.raw)["Reply-To"])[1]
    to_all = f"{reply_address}, {RELAY_ADDRESS}"
    raw = _letter(OWNER_MAILBOX, to_all, "<mine-1@home.example>", answers="<ada-1@offers.example>")
    before = len(world.sink.messages)

    answers = [await world.owner_answers(raw, address) for address in (reply_address, RELAY_ADDRESS)]
    await world.settle()

    assert [one.text.rpartition(" ")[0] for one in answers] == ["2.0.0 OK"] * 2
    assert [one.recipients for one in world.sink.messages[before:]] == [(STRANGER,)]
    copy, *_ = await world.store.of_relay(["relay_1"], 1)
    assert (copy.state, copy.recipient) == (State.DISCARDED, RELAY_ADDRESS)
    assert copy.trail.endswith("discarded copy-of-an-answer\n")


async def test_an_owner_who_tries_his_own_address_gets_what_he_sent(world: World) -> None:
    letter = await _write(world, STRANGER, "<ada-1@offers.example>")
    await _answer(world, letter, "<mine-1@home.example>", "<ada-1@offers.example>")

    await world.owner_answers(_letter(OWNER_MAILBOX, RELAY_ADDRESS, "<mine-2@home.example>"), RELAY_ADDRESS)
    await world.settle()

    assert RawMessage.parse(world.sink.messages[-1].raw).first("Message-ID") == "<mine-2@home.example>"
    assert world.sink.messages[-1].recipients == (OWNER_MAILBOX,)


async def test_a_copy_that_is_not_proven_to_be_the_owners_is_shown_to_him(world: World) -> None:
    world.dns.set("_dmarc.home.example", "TXT", "v=DMARC1; p=none")
    letter = await _write(world, STRANGER, "<ada-1@offers.example>")
    await _answer(world, letter, "<mine-1@home.example>", "<ada-1@offers.example>")
    copy = _letter(OWNER_MAILBOX, RELAY_ADDRESS, "<mine-1@home.example>")
    assert (await send(world.port, STRANGER, RELAY_ADDRESS, copy)).code == 250
    await world.settle()

    assert world.sink.messages[-1].recipients == (OWNER_MAILBOX,)
