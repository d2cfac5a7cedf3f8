"""A stranger reaches an owner by the public form: page, letter, link, the owner's mailbox, and his answer."""

from collections.abc import AsyncIterator, Callable
from email import message_from_bytes
from email.policy import default

import pytest
import pytest_asyncio
from aiohttp import ClientSession, DummyCookieJar

from mailrelay.addresses import parse_mailboxes
from tests.journeys.journey import Journey, eventually
from tests.support.contact import TEXT, Stranger, confirm_path
from whoisproxy.demo.mail_actors import Letter, send
from whoisproxy.demo.mail_sink import SunkMessage
from whoisproxy.demo.world import World
from whoisproxy.i18n import translations

pytestmark = pytest.mark.asyncio(loop_scope="module")
Start = Callable[[str], Journey]
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stranger(world: World) -> AsyncIterator[Stranger]:
    """A browser of somebody whom nobody knows."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as http:
        yield Stranger(http, f"http://127.0.0.1:{world.service.ports['portal']}")


async def _letters_to(world: World, mailbox: str, count: int = 1) -> list[SunkMessage]:
    return await world.sink.wait_for(count, matching=lambda one: mailbox in one.recipients)


async def test_a_stranger_writes_and_the_owner_answers_and_stays_hidden(
    journey: Start, stranger: Stranger
) -> None:
    owner, mailbox = journey("org"), "ada.contact@offers.example"
    await owner.registered()
    await owner.switched(on=True)
    sent = await stranger.writes(owner.domain, ("offer.pdf", "application/pdf", PDF), mailbox=mailbox)
    assert sent.status == 200

    [letter] = await _letters_to(owner.world, mailbox)
    assert letter.reverse_path == ""
    assert await owner.world.dmarc_of(letter) == "pass"
    assert owner.domain.encode() not in letter.raw
    path = confirm_path(letter.raw)
    assert owner.domain in (await stranger.get(path)).text
    # Whoever opens the link has said nothing yet.
    assert await owner.messages() == []
    confirmed = await stranger.post(path)
    assert confirmed.status == 303

    [arrived] = await owner.at_owner()
    read = message_from_bytes(arrived.raw, policy=default)
    assert read["Subject"] == f"Enquiry about buying {owner.domain}"
    assert read["X-Whoisproxy-Authentication"] == "confirmed"
    body = read.get_body(("plain",))
    assert body is not None
    assert TEXT in body.get_content().replace("\r\n", "\n")
    [attached] = read.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("offer.pdf", PDF)
    await eventually(lambda: stranger.get(confirmed.location), lambda page: _reached(page.text) == 1)
    assert not owner.traces_in((await stranger.get(confirmed.location)).text)

    reply_to = parse_mailboxes(str(read["Reply-To"] or read["From"]))[0].address
    answer = Letter(owner.owner, reply_to, f"Re: {read['Subject']}", "No.", str(read["Message-ID"])).raw()
    signed = owner.world.senders["home.example"].sign(answer)
    assert (await send(owner.world.smtp_port, owner.owner, reply_to, signed)).code == 250
    _, answered = await _letters_to(owner.world, mailbox, 2)
    assert not owner.traces_in(answered.raw)
    await eventually(lambda: stranger.get(confirmed.location), lambda page: _reached(page.text) == 2)
    # A second click on the same link leads to the same place, and nothing is sent again.
    assert (await stranger.get(path)).location.startswith("/contact/status/")
    assert len(await owner.messages()) == 2


async def test_a_domain_that_nobody_has_here_gets_the_same_answers(world: World, stranger: Stranger) -> None:
    domain, mailbox = "nobody-has-this.org", "bob.contact@offers.example"
    assert (await stranger.writes(domain, mailbox=mailbox)).status == 200
    [letter] = await _letters_to(world, mailbox)
    confirmed = await stranger.post(confirm_path(letter.raw))
    assert confirmed.status == 303
    assert _reached((await stranger.get(confirmed.location)).text) == 0


async def test_directories_lead_to_the_page_of_a_hidden_owner(journey: Start) -> None:
    owner = journey("org")
    await owner.registered()
    page = f"{_pages(owner.world)}/contact/{owner.domain}"
    before = await owner.public_answers()
    assert page not in before["rdap"] + before["whois"]
    await owner.switched(on=True)
    after = await owner.public_answers()
    assert page in after["rdap"]
    assert page in after["whois"]


async def test_mail_that_is_refused_is_shown_another_way(journey: Start) -> None:
    owner = journey("org")
    await owner.registered()
    await owner.switched(on=True)
    refused = await send(
        owner.world.smtp_port,
        "x@offers.example",
        owner.address,
        b"From: <x@offers.example>\r\n" * 2 + b"\r\nx\r\n",
    )
    assert refused.code == 554
    assert refused.text.endswith(f"another way to the domain's holder: {_pages(owner.world)}/contact")


def _pages(world: World) -> str:
    return world.service.core.settings.portal.base_url


def _reached(page: str) -> int:
    """Return how many steps the page says are done beyond the first."""
    done = translations("en").gettext("done")
    return page.count(f">{done}<") - 1
