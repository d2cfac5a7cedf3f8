"""What owners do behind the links in their mail, and what others cannot."""

import asyncio
import base64
import email
import email.policy
import io
import re
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from zipfile import ZipFile

import pytest
from aiohttp import web

from mailrelay.queue.entry import State
from tests.journeys.browser import Browser, Strict
from tests.journeys.journey import STRANGER, Journey, eventually
from whoisproxy.demo.cast import traces_in
from whoisproxy.demo.mail_actors import Letter, send
from whoisproxy.demo.mail_sink import SunkMessage
from whoisproxy.portal.app import make_portal_app
from whoisproxy.runtime.pages import portal_dependencies

pytestmark = pytest.mark.asyncio(loop_scope="module")
Start = Callable[[str], Journey]

_HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}'


def _header(sunk: SunkMessage, name: str) -> str:
    return str(email.message_from_bytes(sunk.raw, policy=email.policy.default)[name] or "").strip("<>")


def _link_in(notice: SunkMessage) -> str:
    read = email.message_from_bytes(notice.raw, EmailMessage, policy=email.policy.default)
    [link] = re.findall(r"<(http://[^>]+/c/\w+)>", read.get_content())
    return str(link)


async def _written_to(owner: Journey, subject: str = "Is your domain for sale?") -> SunkMessage:
    await owner.registered()
    await owner.switched(on=True)
    assert (await owner.letter("Would you sell it?", subject)).code == 250
    [received] = await owner.at_owner()
    return received


async def _answers(owner: Journey, marker: str, count: int = 1) -> list[SunkMessage]:
    return await owner.world.sink.wait_for(
        count, matching=lambda one: STRANGER in one.recipients and marker.encode() in one.raw
    )


def _sent_to_stranger(owner: Journey) -> list[SunkMessage]:
    return [one for one in owner.world.sink.messages if STRANGER in one.recipients]


async def _answered_by_mail(owner: Journey, received: SunkMessage, raw: bytes, *, signed: bool) -> None:
    raw = owner.world.senders["home.example"].sign(raw) if signed else raw
    sender = owner.owner if signed else "somebody@lottery-desk.example"
    assert (await send(owner.world.smtp_port, sender, _header(received, "Reply-To"), raw)).code == 250


def _packed(owner: Journey, reply_to: str, text: str) -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("terms.txt", text)
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = owner.owner, reply_to, "Re: terms"
    message["Message-ID"] = f"<terms-{owner.domain}@home.example>"
    message.set_content("See the terms.\n")
    message.add_attachment(packed.getvalue(), "application", "zip", filename="terms.zip")
    return message.as_bytes(policy=email.policy.SMTP)


async def test_an_owner_answers_in_the_browser_and_nothing_names_him(journey: Start) -> None:
    owner = journey("org")
    received = await _written_to(owner)
    link, browser = _header(received, "X-Whoisproxy-Answer"), Browser(owner)

    form = (await browser.open(link)).read()
    assert any(owner.domain in one for one in form.shown)
    assert f"Ada Buyer <{STRANGER}>" in " ".join(form.shown)
    assert "Re: Is your domain for sale?" in form.shown

    text = f"Browser says no.\n\n-- \n{owner.registrant['name']}\n{owner.owner}\n+41 32 555 01 23\n"
    preview = await browser.post(link, subject="Re: Is your domain for sale?", text=text, do="preview")
    assert preview.status == 200
    sent = await browser.post(link, subject="Re: Is your domain for sale?", text=text, do="send")
    assert (sent.status, sent.read().strange) == (200, [])

    [answer] = await _answers(owner, "Browser says no")
    assert owner.traces_in(answer.raw, _text_of(answer), answer.reverse_path) == []
    assert _header(answer, "In-Reply-To") == _header(received, "Message-ID")
    assert owner.address in _header(answer, "From")
    assert (
        len(
            [
                one
                for one in owner.world.sink.messages
                if one.recipients == answer.recipients and one.raw == answer.raw
            ]
        )
        == 1
    )


async def test_a_form_that_is_sent_twice_sends_one_answer(journey: Start) -> None:
    owner = journey("org")
    link, browser = _header(await _written_to(owner), "X-Whoisproxy-Answer"), Browser(owner)
    [once] = re.findall(r'name="once" value="(\w+)"', (await browser.open(link)).html)

    fields = {"subject": "Twice", "text": "Said once.", "once": once, "do": "send"}
    pages = await asyncio.gather(*(browser.post(link, **fields) for _ in range(3)))
    await browser.post(link, subject="After it", text="Said afterwards.", do="send")

    assert {page.status for page in pages} == {200}
    await _answers(owner, "Said afterwards")
    assert len([one for one in _sent_to_stranger(owner) if b"Said once" in one.raw]) == 1


async def test_a_new_conversation_is_not_filed_under_the_one_before(journey: Start) -> None:
    owner = journey("org")
    link, browser = _header(await _written_to(owner), "X-Whoisproxy-Answer"), Browser(owner)
    await browser.post(link, subject="Something else", text="A fresh start.", new="yes", do="send")

    [answer] = await _answers(owner, "A fresh start")
    assert (_header(answer, "Subject"), _header(answer, "In-Reply-To")) == ("Something else", "")


async def test_an_answer_that_nothing_proves_waits_for_the_owners_click(journey: Start) -> None:
    owner = journey("org")
    received = await _written_to(owner)
    browser = Browser(owner)
    raw = Letter(owner.owner, _header(received, "Reply-To"), "Re: sale", "Confirmed in person.").raw()
    owner.world.dns.set("_dmarc.home.example", "TXT", "v=DMARC1; p=none")
    await _answered_by_mail(owner, received, raw, signed=False)
    notice = (await owner.at_owner(2))[1]
    link = _link_in(notice)

    shown = (await browser.open(link)).read()
    assert "Confirmed in person." in "".join(shown.shown)
    assert not [one for one in owner.world.sink.messages if b"Confirmed in person" in one.raw]
    assert (await browser.post(link, do="send")).status == 200

    [answer] = await _answers(owner, "Confirmed in person")
    assert owner.traces_in(answer.raw) == []
    # What is done with is like what never was.
    assert (await browser.post(link, do="send")).status == 404


async def test_whoever_pretends_to_be_the_owner_is_thrown_away(journey: Start) -> None:
    owner = journey("org")
    received = await _written_to(owner)
    browser = Browser(owner)
    raw = Letter(owner.owner, _header(received, "Reply-To"), "Re: sale", "Pay to this account.").raw()
    owner.world.dns.set("_dmarc.home.example", "TXT", "v=DMARC1; p=none")
    await _answered_by_mail(owner, received, raw, signed=False)
    link = _link_in((await owner.at_owner(2))[1])

    assert (await browser.post(link, do="discard")).status == 200
    [discarded, _] = [one for one in await owner.messages() if one["direction"] in {"reply", "forward"}]
    assert discarded["state"] == State.DISCARDED
    assert (await browser.open(link)).status == 404


async def test_what_would_show_the_owner_goes_only_with_what_he_lets_pass(journey: Start) -> None:
    owner = journey("org")
    received = await _written_to(owner)
    browser = Browser(owner)
    raw = _packed(owner, _header(received, "Reply-To"), "Signed: Zoë Müller-Lefèvre, +41 32 555 01 23\n")
    await _answered_by_mail(owner, received, raw, signed=True)
    notice = (await owner.at_owner(2))[1]
    link = _link_in(notice)
    assert traces_in(_text_of(notice)) == []

    page = await browser.open(link)
    assert "Zoë Müller-Lefèvre" in page.read().shown
    hits = re.findall(r'name="hit" value="(\d+)"', page.html)
    assert len(hits) >= 2
    for ticked in ([], hits[:1]):
        refused = await browser.post(link, do="send", hit=ticked)
        assert refused.status == 422
    assert (await browser.post(link, do="send", hit=hits)).status == 200

    [answer] = await _answers(owner, "terms.zip")
    [attached] = email.message_from_bytes(
        answer.raw, EmailMessage, policy=email.policy.default
    ).iter_attachments()
    kept = ZipFile(io.BytesIO(attached.get_content())).read("terms.txt").decode()
    assert "Zoë Müller-Lefèvre, +41 32 555 01 23" in kept


def _text_of(sunk: SunkMessage) -> str:
    read = email.message_from_bytes(sunk.raw, EmailMessage, policy=email.policy.default)
    return str(read.get_content())


async def test_one_click_of_a_mailbox_blocks_the_correspondent_who_is_not_told(journey: Start) -> None:
    """RFC 8058 section 3.2: a POST without cookies or a session."""
    owner = journey("org")
    received = await _written_to(owner)
    assert _header(received, "List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    link, browser = _header(received, "List-Unsubscribe"), Browser(owner)

    done = await browser.open(link, "POST", **{"List-Unsubscribe": "One-Click"})
    assert (done.status, done.read().strange) == (200, [])

    again = await owner.letter("And once more?", "Second")
    assert again.code == 250
    held = await eventually(owner.messages, lambda found: found[0]["state"] == State.QUARANTINED)
    said = {each["check"]: each["reason"] for each in held[0]["verdicts"]}
    assert said["listed-sender"] == "blocked-by-owner"
    assert len(await owner.at_owner()) == 1


async def test_mail_scanners_that_open_every_link_change_nothing(journey: Start) -> None:
    owner = journey("org")
    received = await _written_to(owner)
    browser = Browser(owner)
    raw = _packed(owner, _header(received, "Reply-To"), "Zoë Müller-Lefèvre\n")
    await _answered_by_mail(owner, received, raw, signed=True)
    confirm = _link_in((await owner.at_owner(2))[1])
    before = await owner.messages()
    for link in (_header(received, "X-Whoisproxy-Answer"), _header(received, "List-Unsubscribe"), confirm):
        for method in ("HEAD", "GET", "GET"):
            assert (await browser.open(link, method)).status == 200
        assert (await browser.open(f"{link}?sent")).status == 200

    assert await owner.messages() == before
    assert owner.address.encode() not in b"".join(one.raw for one in _sent_to_stranger(owner))
    rules = await owner.world.backend.call("GET", f"/v1/domains/{owner.domain}/sender-rules")
    assert rules.body["sender_rules"] == []


async def test_bad_links_of_every_kind_lead_to_the_very_same_page(journey: Start) -> None:
    owner = journey("org")
    received = await _written_to(owner)
    browser, answer = Browser(owner), _header(received, "X-Whoisproxy-Answer")
    stop = _header(received, "List-Unsubscribe")
    token = answer.rpartition("/")[2]
    links = owner.world.service.core.settings.portal.base_url
    forged = token[:-1] + ("0" if token[-1] != "0" else "1")
    bad = [
        f"{links}/a/{forged}", f"{links}/a/{token[1:]}", f"{links}/c/{token}", f"{links}/s/{token}",
        f"{links}/a/{stop.rpartition('/')[2]}", f"{links}/a/x", f"{links}/nothing/{token}", f"{links}/no",
        f"{links}/a/%3Cscript%3E", f"{links}/c/{'0' * 50}",
    ]  # fmt: skip

    pages = [await browser.open(link, method) for link in bad for method in ("GET", "POST")]
    pages.append(await browser.open(answer, "PUT"))
    # Good signature, yet the address that it is for was given up.
    addresses = await owner.world.backend.call("GET", f"/v1/domains/{owner.domain}/reply-addresses")
    [one] = addresses.body["reply_addresses"]
    await owner.world.backend.call("DELETE", f"/v1/domains/{owner.domain}/reply-addresses/{one['id']}")
    pages.append(await browser.open(answer))

    assert {page.status for page in pages} == {404}
    assert len({page.html for page in pages}) == 1
    assert len({tuple(sorted((k, v) for k, v in page.headers.items() if k != "Date")) for page in pages}) == 1


async def test_what_strangers_and_owners_write_never_runs(journey: Start) -> None:
    owner = journey("org")
    await owner.registered()
    await owner.switched(on=True)
    raw = Letter(f"Ada <{STRANGER}>", owner.address, "x", "Hello").raw()
    name = base64.b64encode(_HOSTILE.encode()).decode()
    raw = raw.replace(b"From: Ada", f"From: =?utf-8?b?{name}?=".encode())
    raw = raw.replace(b"Subject: x", f"Subject: =?utf-8?b?{name}?=".encode())
    signed = owner.world.senders["offers.example"].sign(raw)
    assert (await send(owner.world.smtp_port, STRANGER, owner.address, signed)).code == 250
    [received] = await owner.at_owner()
    browser = Browser(owner)
    answer, stop = _header(received, "X-Whoisproxy-Answer"), _header(received, "List-Unsubscribe")

    shown = (await browser.open(answer)).read().shown
    assert any(_HOSTILE in one for one in shown)
    (await browser.open(stop)).read()
    preview = await browser.post(answer, subject=_HOSTILE, text=f"</textarea>{_HOSTILE}", do="preview")
    assert any(_HOSTILE in one for one in preview.read().shown)

    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = owner.owner, _header(received, "Reply-To"), _HOSTILE
    message["Message-ID"] = f"<hostile-{owner.domain}@home.example>"
    message.set_content(_HOSTILE)
    body = (
        f"<p onclick=alert(3)>Hi</p><svg onload=alert(4)></svg><a href='javascript:alert(5)'>a</a>{_HOSTILE}"
    )
    message.add_alternative(f'<html><body>{body}<iframe src="//x.example"></iframe></body></html>', "html")
    owner.world.dns.set("_dmarc.home.example", "TXT", "v=DMARC1; p=none")
    await _answered_by_mail(owner, received, message.as_bytes(policy=email.policy.SMTP), signed=False)
    page = await browser.open(_link_in((await owner.at_owner(2))[1]))
    [frame] = page.read().frames
    inner = Strict()
    inner.feed(frame)
    assert inner.strange == []
    assert inner.frames == []
    assert 'sandbox=""' in page.html


async def test_pages_speak_the_owners_language(journey: Start) -> None:
    owner = journey("org")
    link = _header(await _written_to(owner), "X-Whoisproxy-Answer")
    page = await Browser(owner).open(link)
    assert '<html lang="fr">' in page.html
    assert "Votre réponse" in page.html


async def test_a_link_that_an_owner_quotes_does_not_reach_the_correspondent(journey: Start) -> None:
    """Whoever has it could answer in his name, and block himself."""
    owner = journey("org")
    received = await _written_to(owner)
    links = [_header(received, name) for name in ("X-Whoisproxy-Answer", "List-Unsubscribe")]
    text = f"Quoted as it came:\n> X-Whoisproxy-Answer: <{links[0]}>\n> odd text {links[1]} around\n"
    raw = Letter(owner.owner, _header(received, "Reply-To"), "Re: sale", text).raw()
    await _answered_by_mail(owner, received, raw, signed=True)

    [answer] = await _answers(owner, "Quoted as it came")
    body = email.message_from_bytes(answer.raw, EmailMessage, policy=email.policy.default).get_content()
    for link in links:
        assert link.rpartition("/")[2] not in body


async def test_whoever_asks_too_much_has_to_wait(journey: Start) -> None:
    owner = journey("org")
    deps = replace(portal_dependencies(owner.world.service.core), requests_per_minute=2)
    runner = web.AppRunner(make_portal_app(deps, lambda: 0.0))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/a/x"
    try:
        answers = [await owner.world.http.get(url) for _ in range(3)]
        assert [one.status for one in answers] == [404, 404, 429]
        assert answers[2].headers["Retry-After"] == "30"
    finally:
        await runner.cleanup()


async def test_a_text_beyond_all_use_is_refused(journey: Start) -> None:
    owner = journey("org")
    link = _header(await _written_to(owner), "X-Whoisproxy-Answer")
    page = await Browser(owner).post(link, subject="x", text="x" * 300_000, do="send")
    assert (page.status, page.read().strange) == (413, [])
