"""The pages of a domain's mail and of an owner's mailboxes, by browser."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from html import escape
from pathlib import Path

import pysequoia
import pytest
from aiohttp import FormData

from mailrelay.directory import MailPolicy, Opening
from mailrelay.queue.entry import Direction, QueuedMessage
from tests.whoisproxy.portal.site import Browser, Site, open_site
from tests.whoisproxy.services.entry import text_of
from tests.whoisproxy.services.world import RDDS_ONLY, REGISTRANT, World, make_world, renamed
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.relay import RelayState
from whoisproxy.portal.formats import moment
from whoisproxy.services.relay_lifecycle import RelayLifecycle
from whoisproxy.storage.unit_of_work import Storage

MAIL = f"/domains/{RDDS_ONLY.a_label}/mail"
OTHER = DomainName("else-studio.com")
NEW = "second@home.example"


@pytest.fixture
async def world(sqlite_storage: Storage) -> World:
    """The services over an empty database."""
    return await make_world(sqlite_storage)


@pytest.fixture
async def site(world: World, tmp_path: Path) -> AsyncIterator[Site]:
    """The pages over plain HTTP; the owner's domain is hidden."""
    async with open_site(world, tmp_path) as opened:
        await world.enable(RDDS_ONLY)
        await world.work()
        yield opened


async def _letters(site: Site) -> list[QueuedMessage]:
    """Let the letters be written, and take them, to whomever they go, but for those about devices."""
    while await site.entry.worker.run_due():
        pass
    found = await site.entry.queue.claim("mail", timedelta(minutes=5), 100)
    for one in found:
        await site.entry.queue.delivered("mail", one.id)
    about_mail = [one for one in found if "127.0.0.0/24" not in text_of(one)]
    return sorted(about_mail, key=lambda one: one.direction is not Direction.NOTICE)


async def _confirm_link(site: Site) -> str:
    [letter] = await _letters(site)
    assert (letter.direction, letter.recipient) == (Direction.DSN, NEW)
    [link] = re.findall(r"/mailboxes/confirm/\S+", text_of(letter))
    return str(link)


async def _led_to(site: Site) -> tuple[str, ...]:
    """Return the mailboxes that the relay would use now."""
    world = site.entry.world
    view = await world.status(RDDS_ONLY)
    relay = view.identity
    assert relay is not None
    route = await world.directory.find(relay.relay_address)
    assert route is not None
    owner = await world.directory.owner(route.relay_id)
    assert owner is not None
    return owner.mailboxes


def _addresses(text: str) -> set[str]:
    return {one.replace("<wbr>", "") for one in re.findall(r"<code>([^ ]+)</code>", text)}


async def _mailbox_id(browser: Browser) -> str:
    page = await browser.get("/mailboxes")
    [found] = re.findall(r"/mailboxes/(mbx_\w+)", page.text)
    return str(found)


async def test_no_mail_goes_to_a_mailbox_before_its_link_was_clicked(site: Site) -> None:
    browser = await site.owner()
    assert (await browser.post("/mailboxes", mailbox=NEW)).location == "/mailboxes?saved"
    mailbox = await _mailbox_id(browser)
    assert NEW not in (await browser.get(MAIL)).text
    assert (await browser.post(MAIL, do="mailbox", mailbox=mailbox)).status == 404
    assert await _led_to(site) == (REGISTRANT.email,)

    link, stranger = await _confirm_link(site), site.browser()
    # Opening it changes nothing.
    pages = [await stranger.get(link) for _ in range(2)]
    assert [page.status for page in pages] == [200, 200]
    assert RDDS_ONLY.a_label not in pages[0].text
    assert REGISTRANT.email not in pages[0].text
    assert (await browser.post(MAIL, do="mailbox", mailbox=mailbox)).status == 404
    assert (await stranger.post(link)).status == 200
    assert (await stranger.post(link)).status == 404
    assert (await stranger.get(link)).status == 404

    assert await _led_to(site) == (REGISTRANT.email,)
    assert (await browser.post(MAIL, do="mailbox", mailbox=mailbox)).status == 303
    assert await _led_to(site) == (NEW, REGISTRANT.email)
    [told] = await _letters(site)
    assert told.direction is Direction.NOTICE
    assert RDDS_ONLY.a_label in text_of(told)

    # To go elsewhere again is told to the mailbox before, too.
    assert (await browser.post(MAIL, do="mailbox", mailbox="")).status == 303
    told, copy = await _letters(site)
    assert (told.direction, copy.direction, copy.recipient) == (Direction.NOTICE, Direction.DSN, NEW)
    assert message_from_bytes(copy.raw, policy=default)["To"] == NEW


async def test_a_mailbox_that_is_removed_leaves_its_mail_to_the_registrants_own(site: Site) -> None:
    browser = await site.owner()
    await browser.post("/mailboxes", mailbox=NEW)
    mailbox = await _mailbox_id(browser)
    await site.browser().post(await _confirm_link(site))
    await browser.post(MAIL, do="mailbox", mailbox=mailbox)
    assert "1 domain sends its mail here" in (await browser.get("/mailboxes")).text
    assert (await browser.post(f"/mailboxes/{mailbox}", do="remove")).status == 303
    assert await _led_to(site) == (REGISTRANT.email,)
    assert NEW not in (await browser.get("/mailboxes")).text
    assert (await browser.post(f"/mailboxes/{mailbox}", do="remove")).status == 404


async def test_a_link_to_a_mailbox_that_was_removed_is_like_none(site: Site) -> None:
    browser = await site.owner()
    await browser.post("/mailboxes", mailbox=NEW)
    mailbox, link = await _mailbox_id(browser), await _confirm_link(site)
    await browser.post(f"/mailboxes/{mailbox}", do="remove")
    gone = await site.browser().post(link)
    assert gone.status == 404
    assert gone.text == (await site.browser().post("/mailboxes/confirm/m.nonsense")).text


@pytest.mark.parametrize(
    "typed",
    [
        "x@y.example\r\nBcc: z@evil.example",
        "x@y.example\nTo: z@evil.example",
        "x@y.example, z@evil.example",
        "<script>alert(1)</script>@y.example",
        "nobody",
        "",
        "abc@relay.example",
        "abc@RELAY.example",
        "abc@sub.relay.example",
        REGISTRANT.email,
        f"x@{'y' * 300}.example",
    ],
)
async def test_what_is_no_mailbox_of_his_gets_no_letter(site: Site, typed: str) -> None:
    browser = await site.owner()
    page = await browser.post("/mailboxes", mailbox=typed)
    assert page.status == 422
    assert "<script>alert" not in page.text
    assert await _letters(site) == []


async def test_letters_to_new_mailboxes_are_few(site: Site) -> None:
    """Nobody's mailbox is filled by way of these pages."""
    browser = await site.owner()
    answers = [(await browser.post("/mailboxes", mailbox=NEW)).status for _ in range(12)]
    assert answers == [303] * 10 + [429] * 2
    site.entry.world.clock.pass_by(hours=1, minutes=50)
    many = await site.owner()
    full = [(await many.post("/mailboxes", mailbox=f"m{n}@home.example")).status for n in range(10)]
    assert full == [303] * 9 + [422]


async def test_what_leads_mail_elsewhere_wants_a_fresh_proof(site: Site) -> None:
    browser = await site.owner()
    await browser.post("/mailboxes", mailbox=NEW)
    mailbox = await _mailbox_id(browser)
    await site.browser().post(await _confirm_link(site))
    site.entry.world.clock.pass_by(minutes=16)
    await browser.get(MAIL)
    of_domain = f"&domain={RDDS_ONLY.a_label}"
    for path, fields, proof in (
        (MAIL, {"do": "mailbox", "mailbox": mailbox}, f"/prove?for=mail{of_domain}"),
        (f"{MAIL}/key", {"do": "remove"}, f"/prove?for=key{of_domain}"),
        ("/mailboxes", {"mailbox": "third@home.example"}, "/prove?for=mailboxes"),
        (f"/mailboxes/{mailbox}", {"do": "remove"}, "/prove?for=mailboxes"),
    ):
        assert (await browser.post(path, None, **fields)).location == proof
        page = path.replace(f"/{mailbox}", "")
        assert f'href="{escape(proof)}"' in (await browser.get(page)).text
    assert await _led_to(site) == (REGISTRANT.email,)


async def test_policy_and_wishes_are_stored_and_shown(site: Site) -> None:
    browser, world = await site.owner(), site.entry.world
    for policy in MailPolicy:
        assert (await browser.post(MAIL, do="policy", policy=policy)).location == f"{MAIL}?saved"
        assert (await world.status(RDDS_ONLY)).privacy.mail_policy is policy
        assert f'value="{policy}" checked' in (await browser.get(MAIL)).text
    assert (await browser.post(MAIL, do="policy", policy="none")).status == 404

    wishes = {"banner": "yes", "plain_text_only": "yes", "identifiers": "The Gardener\r\n\r\nZ. Quill"}
    assert (await browser.post(MAIL, None, do="wishes", **wishes)).status == 303
    async with world.storage.reading() as uow:
        held = await uow.registrations.by_name(RDDS_ONLY)
        assert held is not None
        stored = await uow.correspondence.settings(held.id, held.registrant_id)
    assert (stored.banner, stored.attach_original, stored.plain_text_only) == (True, False, True)
    assert stored.identifiers == ("The Gardener", "Z. Quill")
    assert "The Gardener\nZ. Quill</textarea>" in (await browser.get(MAIL)).text

    wrong = await browser.post(MAIL, do="wishes", identifiers="ab", released="<b>")
    assert wrong.status == 422
    assert "&lt;b&gt;</textarea>" in wrong.text


async def _gives(browser: Browser, octets: bytes, **fields: str) -> tuple[int, str]:
    form = FormData({"csrf": browser.csrf, "do": "set", **fields})
    if octets:
        form.add_field("file", octets, filename="key.asc")
    url = f"{browser.base_url}{MAIL}/key"
    async with browser.http.post(url, data=form, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def test_a_key_is_taken_as_file_or_text_and_shown_with_whose_it_is(site: Site) -> None:
    browser = await site.owner()
    cert = pysequoia.Tsk.generate("Zoë Quill <zoe@home.example>").extract_certificate()
    assert (await _gives(browser, bytes(cert)))[0] == 303
    page = (await browser.get(f"{MAIL}/key")).text
    assert "Zoë Quill &lt;zoe@home.example&gt;" in page
    assert cert.fingerprint.upper() in page.replace(" ", "")
    assert "ECDH" in page
    [told] = await _letters(site)
    assert RDDS_ONLY.a_label in text_of(told)

    assert (await browser.post(f"{MAIL}/key", do="remove")).status == 303
    assert "Zoë" not in (await browser.get(f"{MAIL}/key")).text
    assert (await _gives(browser, b"", text=str(cert)))[0] == 303
    assert "Zoë" in (await browser.get(f"{MAIL}/key")).text


async def test_a_key_that_cannot_encrypt_is_refused_and_nothing_is_changed(site: Site) -> None:
    browser = await site.owner()
    secret = pysequoia.Tsk.generate("Zoe <zoe@home.example>")
    for octets, said in (
        (bytes(secret), "secret key"),
        (b"nonsense", "neither an OpenPGP key"),
        (b"", "neither an OpenPGP key"),
        (b"x" * (64 * 1024 + 1), "neither an OpenPGP key"),
    ):
        status, text = await _gives(browser, octets)
        assert (status, said in text) == (422, True)
        assert "PRIVATE" not in text
    assert "Messages to you are not encrypted" in (await browser.get(MAIL)).text
    assert await _letters(site) == []


async def test_an_address_that_was_rotated_works_through_its_grace_and_not_longer(site: Site) -> None:
    browser, world = await site.owner(), site.entry.world
    before = (await world.status(RDDS_ONLY)).identity
    assert before is not None
    page = await browser.get(f"{MAIL}/address")
    assert before.relay_address in _addresses(page.text)
    # Until when the old one works is said before.
    assert moment(world.clock() + timedelta(days=30), "en") in page.text
    assert (await browser.post(f"{MAIL}/address")).location == f"{MAIL}/address?saved"
    await world.work()
    after = (await world.status(RDDS_ONLY)).identity
    assert after is not None
    assert after.relay_address != before.relay_address
    page = await browser.get(f"{MAIL}/address")
    assert {before.relay_address, after.relay_address} <= _addresses(page.text)
    assert await world.directory.find(before.relay_address) is not None

    world.clock.pass_by(days=30, seconds=1)
    assert await world.directory.find(before.relay_address) is None
    await RelayLifecycle(world.storage, world.clock).retire_expired()
    async with world.storage.reading() as uow:
        [retired] = [
            one
            for one in await uow.relays.of_domain((await world.status(RDDS_ONLY)).registration.id)
            if one.address == before.relay_address
        ]
    assert retired.state is RelayState.RETIRED
    again = await site.owner()
    assert before.relay_address not in _addresses((await again.get(f"{MAIL}/address")).text)


async def test_where_privacy_is_off_there_is_no_address_to_take(site: Site) -> None:
    browser, world = await site.owner(), site.entry.world
    await world.disable(RDDS_ONLY)
    await world.work()
    assert "<button>Take new addresses" not in (await browser.get(f"{MAIL}/address")).text
    assert (await browser.post(f"{MAIL}/address")).status == 409


async def test_reply_addresses_are_listed_and_ended(site: Site) -> None:
    browser, world = await site.owner(), site.entry.world
    identity = (await world.status(RDDS_ONLY)).identity
    assert identity is not None
    route = await world.directory.find(identity.relay_address)
    assert route is not None
    opening = Opening("ada@offers.example", "Ada <b>", "Your <domain>", "<1@offers.example>")
    made = await world.directory.reply_address(route.relay_id, opening)
    page = await browser.get(f"{MAIL}/replies")
    assert made in _addresses(page.text)
    assert "Ada &lt;b&gt;" in page.text
    [reply] = re.findall(r"/mail/replies/(\w+)", page.text)
    assert (await browser.post(f"{MAIL}/replies/{reply}")).status == 303
    assert await world.directory.find(made) is None
    assert (await browser.post(f"{MAIL}/replies/{reply}")).status == 404


async def test_another_owners_domain_and_mailboxes_are_not_there(site: Site) -> None:
    world = site.entry.world
    other = await site.entry.found_of_another_owner()
    theirs = await site.deps.mailboxes.add(other, "their@else.example")
    browser = await site.owner()
    path = f"/domains/{OTHER.a_label}/mail"
    before = (await world.status(OTHER)).privacy
    for page in (path, f"{path}/key", f"{path}/address", f"{path}/replies"):
        assert (await browser.get(page)).status == 404
    for page, fields in (
        (path, {"do": "policy", "policy": "drop"}),
        (path, {"do": "mailbox", "mailbox": ""}),
        (path, {"do": "wishes"}),
        (f"{path}/key", {"do": "remove"}),
        (f"{path}/address", {}),
        (f"{path}/replies/rpl_1", {}),
        (MAIL, {"do": "mailbox", "mailbox": theirs.id}),
        (f"/mailboxes/{theirs.id}", {"do": "remove"}),
        (f"/mailboxes/{theirs.id}", {"do": "again"}),
    ):
        assert (await browser.post(page, None, **fields)).status == 404, page
    assert (await world.status(OTHER)).privacy == before
    assert "their@else.example" not in (await browser.get("/mailboxes")).text


async def test_a_domain_that_goes_to_another_mailbox_leaves_the_chosen_one(site: Site) -> None:
    browser, world = await site.owner(), site.entry.world
    await browser.post("/mailboxes", mailbox=NEW)
    mailbox = await _mailbox_id(browser)
    await site.browser().post(await _confirm_link(site))
    await browser.post(MAIL, do="mailbox", mailbox=mailbox)
    await world.register(RDDS_ONLY, renamed(email="next@owner.example"))
    assert NEW not in await _led_to(site)
    assert (await browser.get(MAIL)).status != 200


@pytest.mark.parametrize("language", ["en", "de", "fr", "it", "es"])
async def test_every_page_speaks_every_language(site: Site, language: str) -> None:
    browser = await site.owner()
    await browser.post("/mailboxes", mailbox=NEW)
    for path in (MAIL, f"{MAIL}/key", f"{MAIL}/address", f"{MAIL}/replies", "/mailboxes"):
        page = await browser.get(path, **{"Accept-Language": language})
        assert (page.status, f'<html lang="{language}"' in page.text) == (200, True), path
