"""Whom registrars allow and block for their owners, from the API to the owner's mailbox."""

from collections.abc import Callable
from typing import Any

import pytest

from mailrelay.queue.entry import State
from tests.journeys.journey import SPAM, STRANGER, Journey, eventually
from whoisproxy.demo.mail_actors import Letter, send

pytestmark = pytest.mark.asyncio(loop_scope="module")
Start = Callable[[str], Journey]
LOTTERY = "DEAR LUCKY WINNER"


async def _ready(owner: Journey) -> Journey:
    await owner.registered()
    await owner.switched(on=True)
    return owner


async def _rule(owner: Journey, path: str, sender: str, action: str) -> str:
    reply = await owner.world.backend.call("POST", path, {"sender": sender, "action": action})
    assert reply.status == 201, reply.body
    return str(reply.headers["Location"])


async def _newest(owner: Journey, count: int) -> Any:
    def settled(found: list[Any]) -> bool:
        return len(found) == count and found[0]["state"] in {State.DELIVERED, State.QUARANTINED}

    message = (await eventually(owner.messages, settled))[0]
    said = {each["check"]: each["reason"] for each in message["verdicts"]}
    return message["state"], said.get("listed-sender")


async def test_an_allowed_senders_mail_arrives_whatever_it_says_if_it_is_his(journey: Start) -> None:
    owner = await _ready(journey("org"))
    await owner.letter(SPAM, LOTTERY)
    assert await _newest(owner, 1) == (State.QUARANTINED, None)

    await _rule(owner, f"/v1/domains/{owner.domain}/sender-rules", STRANGER, "allow")
    await owner.letter(SPAM, LOTTERY)
    assert await _newest(owner, 2) == (State.DELIVERED, "allowed-by-owner")
    [letter] = await owner.at_owner()
    assert LOTTERY.encode() in letter.raw


async def test_a_name_that_nobody_proves_opens_nothing(journey: Start) -> None:
    owner = await _ready(journey("org"))
    claimed = "ada@publishes-nothing.example"
    await _rule(owner, f"/v1/domains/{owner.domain}/sender-rules", claimed, "allow")
    raw = Letter(f"Ada <{claimed}>", owner.address, LOTTERY, SPAM).raw()
    assert (await send(owner.world.smtp_port, claimed, owner.address, raw)).code == 250
    assert await _newest(owner, 1) == (State.QUARANTINED, None)


async def test_what_an_owner_allows_goes_before_what_his_registrar_blocks(journey: Start) -> None:
    owner, other = await _ready(journey("org")), await _ready(journey("com"))
    blocked = await _rule(owner, "/v1/sender-rules", "offers.example", "block")
    try:
        for who in (owner, other):
            assert (await who.letter("Is it for sale?")).code == 250
            assert await _newest(who, 1) == (State.QUARANTINED, "blocked-by-registrar")

        await _rule(owner, f"/v1/domains/{owner.domain}/registrant/sender-rules", "offers.example", "allow")
        for who, expected in (
            (owner, (State.DELIVERED, "allowed-by-owner")),
            (other, (State.QUARANTINED, "blocked-by-registrar")),
        ):
            assert (await who.letter("Is it for sale?")).code == 250
            assert await _newest(who, 2) == expected
    finally:
        assert (await owner.world.backend.call("DELETE", blocked)).status == 204

    assert (await other.letter("Is it for sale?")).code == 250
    assert await _newest(other, 3) == (State.DELIVERED, None)
