"""What is held, as its owner meets it: a letter, a list, a look, his word; and nobody else meets it."""

import asyncio
import email
import email.policy
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest

from mailrelay.queue.entry import Direction, NewMessage, NoteOfVerdict, State
from tests.journeys.browser import Browser, Strict
from tests.journeys.journey import SPAM, STRANGER, Journey, eventually
from whoisproxy.demo.backend import Backend
from whoisproxy.demo.mail_actors import Letter, send
from whoisproxy.demo.mail_sink import SunkMessage
from whoisproxy.domain.names import DomainName
from whoisproxy.runtime.housekeeping import Housekeeping
from whoisproxy.runtime.mail.keys import links
from whoisproxy.services.quarantine_digests import DigestSchedule

pytestmark = pytest.mark.asyncio(loop_scope="module")
Start = Callable[[str], Journey]

_PRESS = "ed@press.example"
_HOUR, _DAY = timedelta(hours=1, minutes=1), timedelta(days=1, minutes=1)


async def _owner(journey: Start, *others: Journey) -> Journey:
    """Return a domain with privacy; its owner is that of `others`, where they are given."""
    owner = journey("org")
    if others:
        owner.owner = others[0].owner
        owner.registrant = {**owner.registrant, "email": owner.owner}
    await owner.registered()
    await owner.switched(on=True)
    return owner


async def _held(
    owner: Journey, subject: str, text: str = "Please call me back.", sender: str = _PRESS
) -> str:
    """A letter comes whose domain asks to hold what nothing proves; return its id."""
    owner.world.dns.set(f"_dmarc.{sender.rpartition('@')[2]}", "TXT", "v=DMARC1; p=quarantine")
    raw = Letter(f"Ed <{sender}>", owner.address, subject, text).raw()
    assert (await send(owner.world.smtp_port, sender, owner.address, raw)).code == 250
    return str((await owner.messages())[0]["id"])


async def _put(owner: Journey, subject: str, *notes: NoteOfVerdict) -> str:
    """A message is held for reasons that a test chooses."""
    core = owner.world.service.core
    async with core.storage.reading() as uow:
        relay = await uow.relays.by_local_part(*owner.address.split("@"))
        assert relay is not None
        registration = await uow.registrations.by_id(relay.domain_id)
    assert registration is not None
    raw = Letter(f"Somebody <{STRANGER}>", owner.address, subject, f"About {subject}.").raw()
    message = NewMessage(
        Direction.FORWARD, registration.registrant_id, relay.id, owner.address, STRANGER, raw, len(raw),
        verdicts=notes,
    )  # fmt: skip
    [message_id] = await core.queue.enqueue([message], State.QUARANTINED)
    return message_id


def _class(name: str) -> NoteOfVerdict:
    return NoteOfVerdict("mail-class", "accept", name)


def _score(points: float) -> NoteOfVerdict:
    return NoteOfVerdict("content-score", "quarantine", "like-known-spam", points)


async def _told(owner: Journey, after: timedelta) -> None:
    """Look for owners who have something new, and let the time pass that their letters wait."""
    core = owner.world.service.core
    await DigestSchedule(core.storage, core.queue, core.clock, timedelta(days=30)).look()
    owner.clock.ahead += after


def _digests(owner: Journey) -> Callable[[SunkMessage], bool]:
    return lambda one: owner.owner in one.recipients and b"/q/" in one.raw


async def _digest(owner: Journey, count: int = 1) -> EmailMessage:
    """Return the newest of `count` letters about held mail."""
    arrived = await owner.world.sink.wait_for(count, matching=_digests(owner))
    assert len(arrived) == count
    # A letter may arrive before it is written down that it was sent; until then no other is planned.
    await eventually(lambda: _due_at(owner), lambda due_at: due_at is None)
    return email.message_from_bytes(arrived[-1].raw, EmailMessage, policy=email.policy.default)


async def _due_at(owner: Journey) -> datetime | None:
    core = owner.world.service.core
    async with core.storage.reading() as uow:
        registration = await uow.registrations.by_name(DomainName(owner.domain))
    assert registration is not None
    return (await core.quarantine.of_registration(registration)).due_at


def _links(letter: EmailMessage, purpose: str) -> list[str]:
    return re.findall(rf"<(http://[^>]+/{purpose}/\w+)>", letter.get_content())


async def _events(owner: Journey, kind: str) -> list[Any]:
    reply = await owner.world.backend.call("GET", "/v1/events?limit=500")
    return [one for one in reply.body["events"] if one["type"] == kind and one["domain"] == owner.domain]


async def _state(owner: Journey, message_id: str) -> str:
    return next(str(one["state"]) for one in await owner.messages() if one["id"] == message_id)


def _at_owner(owner: Journey, marker: str) -> Callable[[SunkMessage], bool]:
    return lambda one: owner.owner in one.recipients and marker.encode() in one.raw


async def test_an_owner_is_told_of_held_mail_looks_at_it_and_gets_it(journey: Start) -> None:
    owner = await _owner(journey)
    raw = Letter("Dr. WINNER <claims@lottery-desk.example>", owner.address, "YOU HAVE WON!!!", SPAM).raw()
    await send(owner.world.smtp_port, "claims@lottery-desk.example", owner.address, raw)
    await _told(owner, _HOUR)

    letter = await _digest(owner)
    [look], browser = _links(letter, "m"), Browser(owner)
    assert letter["Auto-Submitted"] == "auto-generated"
    assert await owner.world.dmarc_of(owner.world.sink.messages[-1]) == "pass"
    assert "claims@lottery-desk[.]example" in letter.get_content()
    assert "lottery-desk.example" not in letter.get_content()

    page = await browser.open(look)
    assert "LUCKY WINNER" in "".join(page.read().shown)
    assert not [one for one in owner.world.sink.messages if b"LUCKY WINNER" in one.raw]
    done = await asyncio.gather(*(browser.post(look, do="release") for _ in range(3)))

    assert {one.status for one in done} == {200}
    assert len({one.html for one in done}) == 1
    [_] = await owner.world.sink.wait_for(1, matching=_at_owner(owner, "LUCKY WINNER"))
    [event] = await _events(owner, "quarantine.released")
    assert (event["data"]["decision"], event["data"]["by"]) == ("release", "owner")
    assert owner.traces_in(str(event)) == []


async def test_what_may_matter_comes_first_and_what_looks_least_like_spam_next(journey: Start) -> None:
    owner = await _owner(journey)
    worst = await _put(owner, "worst", _score(9.0))
    lawyer = await _put(owner, "lawyer", _score(8.0), _class("legal court-words"))
    mild = await _put(owner, "mild", _score(5.1), _class("purchase_inquiry"))
    abuse = await _put(owner, "abuse", _score(6.0), _class("abuse_report arf"))
    await _told(owner, _HOUR)

    letter = await _digest(owner)
    order = re.findall(r"Objet: (\w+)", letter.get_content())
    assert order == ["abuse", "lawyer", "mild", "worst"]
    [every] = _links(letter, "q")
    page = (await Browser(owner).open(every)).read()
    shown = [one.strip() for one in page.shown if one.strip() in set(order)]
    assert shown == order
    assert [one for one in page.links if "/m/" in one][::2] == [
        urlsplit(_look(owner, each)).path for each in (abuse, lawyer, mild, worst)
    ]


async def test_one_letter_tells_of_all_domains_of_an_owner_and_none_of_anybody_elses(journey: Start) -> None:
    first = await _owner(journey)
    second, stranger = await _owner(journey, first), await _owner(journey)
    core = first.world.service.core
    other = await core.accounts.add_registrar(f"Other of {first.domain}", "https://other.example")
    _, key = await core.accounts.add_key(other)
    port = first.world.service.ports["api"]
    elsewhere = journey("org")
    elsewhere.world = replace(first.world, backend=Backend(first.world.http, f"http://127.0.0.1:{port}", key))
    elsewhere.owner, elsewhere.registrant = first.owner, first.registrant
    await elsewhere.registered()
    await elsewhere.switched(on=True)
    for one in (first, second, stranger, elsewhere):
        await _put(one, f"to-{one.domain}")
    await _told(first, _HOUR)

    arrived = await first.world.sink.wait_for(2, matching=_digests(first))
    texts = [
        email.message_from_bytes(one.raw, EmailMessage, policy=email.policy.default).get_content()
        for one in arrived
    ]
    domains = {one.domain for one in (first, second, stranger, elsewhere)}
    told = {frozenset(one for one in domains if one in text) for text in texts}
    assert told == {frozenset({first.domain, second.domain}), frozenset({elsewhere.domain})}
    letter = await _digest(stranger)
    assert [one for one in domains if one in letter.get_content()] == [stranger.domain]
    shown = (await Browser(first).open(_links(letter, "q")[0])).html
    assert not any(one in shown for one in domains - {stranger.domain})

    listed = await elsewhere.world.backend.call("GET", f"/v1/domains/{elsewhere.domain}/quarantine?of=owner")
    [held] = listed.body["messages"]
    for method, path in (
        ("GET", f"/v1/domains/{elsewhere.domain}/quarantine"),
        ("POST", f"/v1/messages/{held['id']}/release"),
        ("POST", f"/v1/messages/{held['id']}/report"),
        ("POST", f"/v1/messages/{held['id']}/block"),
    ):
        assert (await first.world.backend.call(method, path)).status == 404


async def test_no_letter_comes_twice_in_a_day_and_none_without_something_new(journey: Start) -> None:
    owner = await _owner(journey)
    await _put(owner, "one")
    await _told(owner, _HOUR)
    await _digest(owner)
    await _put(owner, "two")
    await _told(owner, _HOUR)
    await _told(owner, timedelta())
    assert len([one for one in owner.world.sink.messages if _digests(owner)(one)]) == 1

    await _told(owner, _DAY)
    letter = await _digest(owner, 2)
    assert re.findall(r"Objet: (\w+)", letter.get_content()) == ["two"]
    await _told(owner, 2 * _DAY)
    await _put(owner, "three")
    await _told(owner, _HOUR)
    letter = await _digest(owner, 3)
    assert re.findall(r"Objet: (\w+)", letter.get_content()) == ["three"]


async def test_one_click_ends_the_letters_and_a_page_begins_them_again(journey: Start) -> None:
    """RFC 8058 section 3.2: a POST without cookies or a session."""
    owner = await _owner(journey)
    await _put(owner, "one")
    await _told(owner, _HOUR)
    letter, browser = await _digest(owner), Browser(owner)
    link = str(letter["List-Unsubscribe"]).strip("<>")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for _ in range(2):
        assert (await browser.open(link)).status == 200
    settings = f"/v1/domains/{owner.domain}/mail-settings"
    assert (await owner.world.backend.call("GET", settings)).body["digest"] == "daily"

    done = await browser.open(link, "POST", **{"List-Unsubscribe": "One-Click"})
    assert (done.status, done.read().strange) == (200, [])
    assert (await owner.world.backend.call("GET", settings)).body["digest"] == "off"
    await _put(owner, "two")
    await _told(owner, 2 * _DAY)

    assert (await browser.post(link, do="weekly")).status == 200
    assert (await owner.world.backend.call("GET", settings)).body["digest"] == "weekly"
    await _told(owner, 7 * _DAY)
    letter = await _digest(owner, 2)
    assert re.findall(r"Objet: (\w+)", letter.get_content()) == ["two"]


async def test_a_sender_who_is_always_let_through_is_so_where_he_is_proven(journey: Start) -> None:
    owner = await _owner(journey)
    browser = Browser(owner)
    held = await _held(owner, "Interview")
    page = await browser.post(_look(owner, held), do="allow-sender")
    assert "Rien n&#39;a prouvé" in page.html
    again = await _held(owner, "Interview again", "Once more, please.")
    assert await _state(owner, again) == State.QUARANTINED

    spam = SPAM.replace("DEAR LUCKY WINNER", "DEAR FRIEND OF OFFERS")
    assert (await owner.letter(spam, "FREE CASH!!!")).code == 250
    first = (await owner.messages())[0]
    assert first["state"] == State.QUARANTINED
    done = await browser.post(_look(owner, first["id"]), do="allow-sender")
    assert "n&#39;est plus retenu" in done.html
    assert (await owner.letter(spam, "MORE FREE CASH!!!")).code == 250
    await owner.world.sink.wait_for(1, matching=_at_owner(owner, "MORE FREE CASH"))


async def test_what_a_blocked_sender_writes_is_held_and_no_letter_tells_of_it(journey: Start) -> None:
    owner = await _owner(journey)
    browser = Browser(owner)
    held = await _put(owner, "pest")
    assert (await browser.post(_look(owner, held), do="block-sender")).status == 200
    assert await _state(owner, held) == State.DISCARDED
    assert (await owner.letter("It is me again.", "Me again")).code == 250
    [newest, _] = await owner.messages()
    assert newest["state"] == State.QUARANTINED
    await _told(owner, _HOUR)
    await _told(owner, _DAY)
    assert not [one for one in owner.world.sink.messages if _digests(owner)(one)]

    other = await _put(owner, "his colleague")
    reply = await owner.world.backend.call("POST", f"/v1/messages/{other}/block", {"whom": "domain"})
    assert (reply.status, reply.body["outcome"]) == (200, "done")
    rules = await owner.world.backend.call("GET", f"/v1/domains/{owner.domain}/sender-rules")
    assert {one["sender"] for one in rules.body["sender_rules"]} == {STRANGER, "offers.example"}


async def test_what_is_reported_is_thrown_away_and_told_to_the_backend_once(journey: Start) -> None:
    owner = await _owner(journey)
    held = await _put(owner, "spam", _score(6.0))
    browser = Browser(owner)
    pages = [await browser.post(_look(owner, held), do="report") for _ in range(2)]
    assert len({page.html for page in pages}) == 1
    assert await _state(owner, held) == State.DISCARDED
    [event] = await _events(owner, "quarantine.discarded")
    assert event["data"]["decision"] == "report"
    late = await browser.post(_look(owner, held), do="release")
    assert "Il a déjà été libéré ou jeté" in late.html
    again = await owner.world.backend.call("POST", f"/v1/messages/{held}/report")
    assert again.body["outcome"] == "already"


async def test_malware_is_released_on_a_second_word_only(journey: Start) -> None:
    owner = await _owner(journey)
    held = await _put(owner, "invoice", NoteOfVerdict("clamav", "quarantine", "malware"))
    await _told(owner, _HOUR)
    letter = await _digest(owner)
    assert _links(letter, "m") == []
    browser, link = Browser(owner), _look(owner, held)
    assert "allow-sender" not in (await browser.open(link)).html

    asked = await browser.post(link, do="release")
    assert 'name="sure"' in asked.html
    assert asked.read().strange == []
    refused = await owner.world.backend.call("POST", f"/v1/messages/{held}/release")
    assert (refused.status, refused.body["code"]) == (409, "MALWARE_UNCONFIRMED")
    assert await _state(owner, held) == State.QUARANTINED

    await browser.post(link, do="release", sure="yes")
    [_] = await owner.world.sink.wait_for(1, matching=_at_owner(owner, "About invoice"))


async def test_held_mail_is_thrown_away_when_its_time_is_over_and_not_before(journey: Start) -> None:
    owner = await _owner(journey)
    held = await _put(owner, "old")
    core = owner.world.service.core
    owner.clock.ahead += timedelta(days=30) - timedelta(minutes=2)
    await Housekeeping(core)._purge_mail()
    assert await _state(owner, held) == State.QUARANTINED

    owner.clock.ahead += timedelta(minutes=3)
    await Housekeeping(core)._purge_mail()
    [listed] = await owner.messages()
    assert (listed["state"], listed["sender"], listed["recipient"]) == (State.DISCARDED, "", "")
    assert await core.queue.kept(held) is None
    shown = await Browser(owner).open(_look(owner, held))
    assert "Il a déjà été libéré ou jeté" in shown.html
    owner.clock.ahead += timedelta(days=88)
    await Housekeeping(core)._purge_mail()
    assert len(await owner.messages()) == 1
    owner.clock.ahead += timedelta(days=3)
    await Housekeeping(core)._purge_mail()
    assert await owner.messages() == []


def _look(owner: Journey, message_id: str) -> str:
    return links(owner.world.service.core.settings).held(message_id, owner.clock())


_PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "</pre></dd><svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "javascript:alert(1)//",
    "{{7*7}}{% print(1) %}",
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "</title><style>@import'//x.example'</style>",
    "\u202e<math><mi xlink:href=javascript:alert(1)>",
    "<form action=//x.example><button formaction=//y.example name=do value=release>",
    "<base href=//x.example><meta http-equiv=refresh content=0>",
)


@pytest.mark.parametrize("payload", _PAYLOADS)
async def test_what_strangers_write_never_runs_on_the_pages(journey: Start, payload: str) -> None:
    owner = await _owner(journey)
    message = EmailMessage()
    message["From"], message["To"] = f'"x" <{_PRESS}>', owner.address
    message.replace_header("From", email.policy.default.header_factory("From", f"x <{_PRESS}>"))
    message["Subject"] = payload.replace("\u202e", "")
    message["Date"], message["Message-ID"] = "Thu, 26 Nov 2026 06:00:00 +0000", f"<x@{owner.domain}>"
    message.set_content(payload)
    message.add_alternative(f"<html><body>{payload}<p>kept</p></body></html>", "html")
    message.add_attachment(b"x", "application", "octet-stream", filename=payload.replace("\u202e", ""))
    raw = message.as_bytes(policy=email.policy.SMTP)
    name = email.header.Header(payload, "utf-8").encode().encode()
    raw = raw.replace(b"From: x ", b"From: " + name.replace(b"\n", b"\r\n") + b" ")
    owner.world.dns.set("_dmarc.press.example", "TXT", "v=DMARC1; p=quarantine")
    assert (await send(owner.world.smtp_port, _PRESS, owner.address, raw)).code == 250
    await _told(owner, _HOUR)
    letter, browser = await _digest(owner), Browser(owner)
    base = owner.world.service.core.settings.portal.base_url

    for link in (*_links(letter, "q"), *_links(letter, "m")):
        page = (await browser.open(link)).read()
        assert page.strange == []
        ours = all(one.startswith((f"{base}/", "/", "?page=", "#content")) for one in page.links)
        assert ours, page.links
        for frame in page.frames:
            inner = Strict()
            inner.feed(frame)
            assert (inner.strange, inner.links, inner.frames) == ([], [], [])


async def test_bad_links_of_every_kind_lead_to_the_very_same_page(journey: Start) -> None:
    owner, other = await _owner(journey), await _owner(journey)
    await _put(owner, "mine")
    await _put(other, "theirs")
    await _told(owner, _HOUR)
    letter, browser = await _digest(owner), Browser(owner)
    [every], [one] = _links(letter, "q"), _links(letter, "m")
    base, _, token = one.rpartition("/m/")
    list_token = every.rpartition("/")[2]
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")
    bad = [
        f"{base}/m/{forged}", f"{base}/q/{token}", f"{base}/m/{list_token}", f"{base}/d/{list_token}",
        f"{base}/c/{token}", f"{base}/m/x", f"{base}/q/", f"{base}/d/{token}",
    ]  # fmt: skip
    pages = [await browser.open(link, method) for link in bad for method in ("GET", "POST")]
    pages.append(await browser.post(every, do="release"))
    # Good links, yet the domain has another holder.
    moved = {**owner.registrant, "name": "New Holder", "email": f"new-{owner.owner}"}
    body = {"registrant": moved, "registrant_verified": True}
    reply = await owner.world.backend.call("PUT", f"/v1/domains/{owner.domain}", body)
    assert reply.status == 200, reply.body
    pages += [await browser.open(every), await browser.open(one)]
    [their], [theirs] = _links(await _digest(other), "q"), _links(await _digest(other), "m")
    assert [(await browser.open(link)).status for link in (their, theirs)] == [200, 200]
    owner.clock.ahead += timedelta(days=61)
    pages += [await browser.open(link) for link in (every, one, their, theirs)]

    assert {page.status for page in pages} == {404}
    assert len({page.html for page in pages}) == 1


async def test_mail_scanners_that_open_every_link_change_nothing(journey: Start) -> None:
    owner = await _owner(journey)
    await _put(owner, "scanned")
    await _told(owner, _HOUR)
    letter, browser = await _digest(owner), Browser(owner)
    before = await owner.messages()
    settings = await owner.world.backend.call("GET", f"/v1/domains/{owner.domain}/mail-settings")
    for link in (*_links(letter, "q"), *_links(letter, "m"), *_links(letter, "d")):
        for method in ("HEAD", "GET", "GET"):
            assert (await browser.open(link, method)).status == 200
        assert (await browser.open(f"{link}?do=release&sure=yes&page=99")).status == 200
    assert await owner.messages() == before
    after = await owner.world.backend.call("GET", f"/v1/domains/{owner.domain}/mail-settings")
    assert after.body == settings.body


async def test_blocking_may_report_what_is_held_and_says_when_nothing_can_be_learned(journey: Start) -> None:
    owner = await _owner(journey)
    assert (await owner.letter("Would you sell it?")).code == 250
    [received] = await owner.at_owner()
    read = email.message_from_bytes(received.raw, policy=email.policy.default)
    link, browser = str(read["List-Unsubscribe"]).strip("<>"), Browser(owner)

    said = await browser.post(link, do="report")
    assert "Le filtre n&#39;a rien pu apprendre" in said.html

    held = await _put(owner, "more of his")
    said = await browser.post(link, do="report")
    assert "le filtre en est averti" in said.html
    await eventually(owner.messages, lambda found: found[0]["state"] == State.DISCARDED)
    assert await _state(owner, held) == State.DISCARDED


async def test_the_backend_lists_releases_and_allows(journey: Start) -> None:
    owner = await _owner(journey)
    held = await _put(owner, "offer", _score(5.4), _class("purchase_inquiry price"))
    await _put(owner, "another", _score(9.0))
    path = f"/v1/domains/{owner.domain}/quarantine?language=de&limit=1"
    listed = await owner.world.backend.call("GET", path)
    [one] = listed.body["messages"]
    more = await owner.world.backend.call("GET", f"{path}&cursor={listed.body['next_cursor']}")
    assert [each["score"] for each in more.body["messages"]] == [9.0]
    assert (more.body["next_cursor"], more.body["total"]) == (None, 2)
    assert (one["id"], one["class"], one["score"], one["malware"]) == (held, "purchase_inquiry", 5.4, False)
    assert one["why"] == ["Sie liest sich wie bekannter Spam."]
    assert "offer" not in str(listed.body).replace("offers.example", "")

    released = await owner.world.backend.call("POST", f"/v1/messages/{held}/release", {"allow": "sender"})
    assert (released.status, released.body) == (200, {"outcome": "done", "sender_proven": False})
    [_] = await owner.world.sink.wait_for(1, matching=_at_owner(owner, "About offer"))
    [event] = await _events(owner, "quarantine.released")
    assert (event["data"]["decision"], event["data"]["by"]) == ("allow-sender", "registrar")
