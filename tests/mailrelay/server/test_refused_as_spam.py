"""What a stranger is told whose message is refused: the same everywhere, and where else to go."""

from dataclasses import replace
from pathlib import Path

import pytest

from mailrelay.checks.chains import CheckLimits
from mailrelay.checks.spam_decision import DecisionLimits
from mailrelay.directory import MailPolicy, Opening
from mailrelay.queue.entry import State
from tests.mailrelay.world import RELAY_ADDRESS, RELAY_DOMAIN, STRANGER, World, open_world
from whoisproxy.demo.mail_actors import Letter, send

CONTACT = "https://relay.example/contact"
NO_COPIES_NEEDED = CheckLimits(decision=DecisionLimits(several=0, many=1_000))
SCAM = (
    "You are a beneficiary!!! I am the barrister of a late client, next of kin of 12 million US dollars. "
    "Verify your account, no risk, utmost confidence, Western Union, ACT NOW!!! You have won the lottery."
)
LEGAL = f"Our client demands that you cease and desist, under penalty of perjury and UDRP. You wrote: {SCAM}"


async def _send(world: World, to: str, text: str, subject: str = "YOU HAVE WON THE LOTTERY") -> str:
    letter = Letter(f"Ada <{STRANGER}>", to, subject, text)
    return str(await send(world.port, STRANGER, to, world.offers.sign(letter.raw())))


@pytest.mark.parametrize("contact_url", [CONTACT, ""])
async def test_every_address_refuses_spam_in_the_same_words_and_names_another_way(
    tmp_path: Path, contact_url: str
) -> None:
    wanted = "550 5.7.1 Message not accepted; another way to the domain's holder: " + (
        contact_url or "ask its registrar"
    )
    async with open_world(tmp_path, checks=NO_COPIES_NEEDED, contact_url=contact_url) as world:
        reply_address = await world.directory.reply_address("relay_1", Opening(STRANGER))
        assert await _send(world, RELAY_ADDRESS, SCAM) == wanted
        assert await _send(world, reply_address, SCAM) == wanted
        route = world.directory.relays[RELAY_ADDRESS]
        for policy in (MailPolicy.FILTER, MailPolicy.FORWARD):
            world.directory.relays[RELAY_ADDRESS] = replace(route, policy=policy)
            assert await _send(world, RELAY_ADDRESS, SCAM) == wanted
        records = await world.store.of_relay(["relay_1"], 10)
        assert {one.state for one in records} == {State.REJECTED}
        [decided] = [one for one in records[0].verdicts if one.check == "spam-decision"]
        assert (decided.action, decided.reason) == ("reject", "spam-to-several")


async def test_a_legal_letter_is_taken_with_the_same_evidence(tmp_path: Path) -> None:
    async with open_world(tmp_path, checks=NO_COPIES_NEEDED) as world:
        assert (await _send(world, RELAY_ADDRESS, LEGAL)).startswith("250 ")
        [record] = await world.store.of_relay(["relay_1"], 10)
        reasons = {one.check: one.reason for one in record.verdicts}
        assert reasons["mail-class"].startswith("legal ")
        assert reasons["spam-decision"] == "spam-to-several"


async def test_an_address_that_does_not_exist_names_nobody(tmp_path: Path) -> None:
    async with open_world(tmp_path, contact_url=CONTACT) as world:
        answer = await _send(world, f"nobody@{RELAY_DOMAIN}", "Hello", "Hello")
        assert answer == "550 5.1.1 No such address here"


async def test_the_answer_of_an_owner_keeps_no_opinion_on_its_text(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world:
        reply_address = await world.directory.reply_address("relay_1", Opening(STRANGER))
        assert (await _send(world, reply_address, LEGAL, "Cease and desist")).startswith("250 ")
        [record] = await world.store.of_relay(["relay_1"], 10)
        assert [one.check for one in record.verdicts] == ["owner-authenticated"]
