"""The main job as those see it who take part: registrar, owner, stranger, spammer, and the public."""

import asyncio
import email
import email.policy
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from aiohttp import web

from mailrelay.queue.entry import State
from tests.journeys.journey import SPAM, STRANGER, Journey, eventually
from whoisproxy.demo.mail_actors import Letter, send
from whoisproxy.demo.mail_sink import SunkMessage
from whoisproxy.demo.world import GRACE_S, RELAY_DOMAIN
from whoisproxy.domain.relay import random_local_part
from whoisproxy.services.webhooks import SIGNATURE

pytestmark = pytest.mark.asyncio(loop_scope="module")
Start = Callable[[str], Journey]

# A TLD of each mechanism that hides: substitute, rdds_only, relay_email, registry_flag.
HIDING = ("org", "com", "eu", "ca")


@pytest.mark.parametrize("tld", HIDING)
async def test_with_privacy_on_nothing_of_the_owner_is_public(journey: Start, tld: str) -> None:
    owner = journey(tld)
    await owner.registered()
    shown = await owner.public_answers()
    assert owner.owner in shown["whois"]
    assert owner.owner in shown["rdap"]

    await owner.switched(on=True)

    hidden = await owner.public_answers()
    assert owner.traces_in(*hidden.values()) == []
    assert owner.address in hidden["whois"]


async def test_the_registry_holds_only_proxy_contacts_where_they_are_substituted(journey: Start) -> None:
    owner = journey("org")
    await owner.registered()
    await owner.switched(on=True)
    frames = await owner.world.registry_client.contact_frames(owner.domain)
    assert owner.traces_in(*frames.values()) == []
    assert all(RELAY_DOMAIN.encode() in frame for frame in frames.values())


@pytest.mark.parametrize("tld", HIDING)
async def test_with_privacy_off_the_owners_own_data_are_back(journey: Start, tld: str) -> None:
    owner = journey(tld)
    await owner.registered()
    await owner.switched(on=True)
    await owner.switched(on=False)
    shown = await owner.public_answers()
    # .eu shows the mailbox of a person and nothing else, so neither do we.
    his = str(owner.registrant["email" if tld == "eu" else "name"])
    assert his in shown["whois"]
    assert his in shown["rdap"]
    held = await owner.world.registry.contacts_of(owner.domain) if "registry" in shown else {}
    assert owner.address not in str(held)


async def test_a_tld_that_prohibits_privacy_is_refused_with_reason_and_source(journey: Start) -> None:
    owner = journey("nl")
    await owner.registered()
    wish = {"enabled": True, "consent": {"by": "x", "at": "2026-11-24T09:00:00Z", "text_version": "1"}}
    reply = await owner.world.backend.call("PUT", f"/v1/domains/{owner.domain}/privacy", wish)
    assert (reply.status, reply.body["code"]) == (422, "TLD_PROHIBITED")
    assert "sidn.nl" in reply.body["source"]
    assert reply.body["retry"] is False


async def test_a_stranger_reaches_the_owner_who_answers_unseen(journey: Start) -> None:
    owner = journey("org")
    await owner.registered()
    await owner.switched(on=True)
    said = await owner.letter("Would you sell the domain? I offer 2400 francs.")
    assert said.code == 250, said
    [received] = await owner.at_owner()
    assert await owner.world.dmarc_of(received) == "pass"
    message = email.message_from_bytes(received.raw, policy=email.policy.default)
    assert "Ada Buyer" in message["From"]

    text = f"Not this year.\n\n-- \n{owner.registrant['name']}\n{owner.owner}\n+41 32 555 01 23\n"
    raw = Letter(f"Zoe <{owner.owner}>", message["Reply-To"], "Re: sale", text, message["Message-ID"]).raw()
    signed = owner.world.senders["home.example"].sign(raw)
    said = await send(owner.world.smtp_port, owner.owner, message["Reply-To"], signed)
    assert said.code == 250, said

    def is_answer(sunk: SunkMessage) -> bool:
        return STRANGER in sunk.recipients and b"Not this year" in sunk.raw

    [answer] = await owner.world.sink.wait_for(1, matching=is_answer)
    body = email.message_from_bytes(answer.raw, policy=email.policy.default).get_content()
    assert owner.traces_in(answer.raw, body, answer.reverse_path) == []
    assert owner.address.encode() in answer.raw


async def test_a_withdrawn_address_answers_as_one_that_never_existed(journey: Start) -> None:
    owner = journey("org")
    await owner.registered()
    await owner.switched(on=True)
    await owner.switched(on=False)
    within = await owner.letter("Still there in the days of grace?", "A late question")
    owner.clock.ahead += timedelta(seconds=GRACE_S + 1)

    retired = await owner.letter("And now, after them?", "A later question")
    unknown = await owner.letter("Anybody?", "A guess", to=f"{random_local_part()}@{RELAY_DOMAIN}")

    assert within.code == 250
    assert (retired.code, retired.text[:5]) == (550, "5.1.1")
    assert retired == unknown


async def test_many_domains_are_switched_in_one_request(journey: Start) -> None:
    owners = [journey(tld) for tld in ("org", "com", "nl")]
    for owner in owners:
        await owner.registered()
    lines = await owners[0].bulk(*(owner.domain for owner in owners))
    assert [line["status"] for line in lines] == [202, 202, 422]
    for line in lines[:2]:
        done = await owners[0].world.backend.finished(line["privacy"]["operation"]["id"])
        assert done["state"] == "done"
    for owner in owners[:2]:
        assert owner.traces_in(*(await owner.public_answers()).values()) == []


async def test_webhooks_arrive_signed_and_name_no_person(journey: Start) -> None:
    came: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        await came.put((request.headers[SIGNATURE], await request.read()))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    owner = journey("com")
    backend = owner.world.backend
    hook = await backend.call(
        "POST", "/v1/webhooks", {"url": f"http://127.0.0.1:{runner.addresses[0][1]}/hook"}
    )
    assert hook.status == 201, hook.body
    try:
        await owner.registered()
        await owner.switched(on=True)
        bodies: list[bytes] = []
        async with asyncio.timeout(15):
            while not any(json.loads(body)["type"] == "privacy.enabled" for body in bodies):
                stamped, body = await came.get()
                stamp, _, shown = stamped.removeprefix("t=").partition(",v1=")
                signed = stamp.encode() + b"." + body
                assert hmac.new(hook.body["secret"].encode(), signed, hashlib.sha256).hexdigest() == shown
                bodies.append(body)
        assert owner.traces_in(*bodies) == []
    finally:
        await backend.call("DELETE", f"/v1/webhooks/{hook.body['id']}")
        await runner.cleanup()


async def test_quarantined_mail_is_listed_with_reasons_and_arrives_once_released(journey: Start) -> None:
    owner = journey("org")
    await owner.registered()
    await owner.switched(on=True)
    raw = Letter("Dr. WINNER <claims@lottery-desk.example>", owner.address, "YOU HAVE WON!!!", SPAM).raw()
    await send(owner.world.smtp_port, "claims@lottery-desk.example", owner.address, raw)

    [listed] = await owner.messages()
    assert listed["state"] == State.QUARANTINED
    assert any(verdict["reason"] for verdict in listed["verdicts"])

    released = await owner.world.backend.call("POST", f"/v1/messages/{listed['id']}/release")
    assert released.status == 204, released.body
    [arrived] = await owner.at_owner()
    assert b"LUCKY WINNER" in arrived.raw


async def test_a_forged_sender_is_refused_and_the_log_says_why(journey: Start) -> None:
    owner = journey("org")
    await owner.registered()
    await owner.switched(on=True)
    raw = Letter("Your Bank <service@bank.example>", owner.address, "Locked", "Confirm your password.").raw()
    said = await send(owner.world.smtp_port, "service@lottery-desk.example", owner.address, raw)
    assert said.code == 550
    assert "dmarc" not in said.text.lower()
    [listed] = await owner.messages()
    assert listed["state"] == State.REJECTED
    assert "dmarc-policy" in {verdict["check"] for verdict in listed["verdicts"]}


async def test_when_delivery_fails_the_stranger_is_told_about_the_relay_address_only(journey: Start) -> None:
    owner = journey("org")
    await owner.registered()
    await owner.switched(on=True)
    owner.world.sink.answer(owner.owner, f"550 5.7.1 <{owner.owner}> does not want it")
    said = await owner.letter("This cannot arrive, it is not wanted.", "Into the void")
    assert said.code == 250

    def is_report(sunk: SunkMessage) -> bool:
        return STRANGER in sunk.recipients and owner.address.encode() in sunk.raw

    [report] = await owner.world.sink.wait_for(1, matching=is_report)
    assert report.reverse_path == ""
    message = email.message_from_bytes(report.raw, policy=email.policy.default)
    assert message.get_content_type() == "multipart/report"
    parts = [str(part.get_payload()) for part in message.walk() if not part.is_multipart()]
    assert f"Final-Recipient: rfc822; {owner.address}".encode() in report.raw
    assert owner.traces_in(report.raw, *parts) == []


async def test_mail_that_the_owners_server_defers_is_delivered_later(journey: Start) -> None:
    owner = journey("org")
    await owner.registered()
    await owner.switched(on=True)
    owner.world.sink.answer(owner.owner, "451 4.2.1 mailbox busy")
    await owner.letter("Please be patient with this one.", "Patience")
    [deferred] = await eventually(owner.messages, lambda found: found[0]["state"] == State.DEFERRED)
    assert deferred["attempts"] == 1

    owner.world.sink.answer(owner.owner, None)
    owner.clock.ahead += timedelta(minutes=2)

    [arrived] = await owner.at_owner()
    assert b"Please be patient" in arrived.raw
    [delivered] = await eventually(owner.messages, lambda found: found[0]["state"] == State.DELIVERED)
    assert delivered["id"] == deferred["id"]
