"""The public pages: one page for every domain, and a form that tells nobody anything."""

import re
from collections.abc import AsyncIterator
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import FormData
from sqlalchemy import func, select

from tests.support.contact import Seen, Stranger
from tests.whoisproxy.portal.plain_site import Site, running_site
from tests.whoisproxy.services.world import SPEC
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import Consent
from whoisproxy.i18n import LANGUAGES, translations
from whoisproxy.portal.contact.domain_page import SENT, TOO_MANY
from whoisproxy.portal.entry.gate import STALE
from whoisproxy.portal.messages import GONE, TOO_LARGE
from whoisproxy.services.switching import SwitchRequest
from whoisproxy.storage.tables import contact_submissions

# Of one length, so that nothing but the name can differ.
HIDDEN, SHOWN, NOBODYS = "zoe-hidden.com", "zoe-public.com", "zoe-nobody.com"
MIB = 1024 * 1024


@pytest.fixture
async def site(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Site]:
    """Pages over a database with a hidden domain and one that is not."""
    async with running_site(tmp_path, sqlite_url, "http://127.0.0.1") as running:
        core = running.core
        registrar = await core.accounts.add_registrar("Example", "https://registrar.example")
        for name in (HIDDEN, SHOWN):
            await core.registrations.put(registrar, DomainName(name), SPEC)
        consent = Consent("the owner", core.clock(), "2026-01")
        await core.privacy.switch(registrar, DomainName(HIDDEN), SwitchRequest(enabled=True, consent=consent))
        yield running


@pytest.fixture
def stranger(site: Site) -> Stranger:
    """A browser of somebody whom nobody knows."""
    return Stranger(site.http, site.base)


async def _kept(site: Site) -> int:
    """Return how many submissions there are."""
    async with site.core.storage.reading() as uow:
        query = select(func.count()).select_from(contact_submissions)
        return (await uow.connection.execute(query)).scalar_one()


def _bare(seen: Seen, domain: str) -> tuple[object, ...]:
    """Return what was got, without the name and the challenge, which is another each time."""
    text = re.sub(r'data-challenge="[^"]+"', "", seen.text).replace(domain, "DOMAIN")
    headers = {name: value for name, value in seen.headers.items() if name not in {"Date", "Content-Length"}}
    return seen.status, text, headers


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_domain_has_the_same_page(stranger: Stranger, language: str) -> None:
    pages = {
        _bare(await stranger.get(f"/contact/{one}", Accept_Language=language), one)[:2]
        for one in (HIDDEN, SHOWN, NOBODYS)
    }
    [(status, text)] = pages
    assert status == 200
    assert "DOMAIN" in str(text)


async def test_every_domain_gets_the_same_answers(stranger: Stranger) -> None:
    for fields in ({}, {"message": ""}, {"mailbox": "x"}, {"homepage": "https://spam.example"}):
        answers = [
            _bare(await stranger.writes(one, works=False, **fields), one) for one in (HIDDEN, SHOWN, NOBODYS)
        ]
        assert answers[0] == answers[1] == answers[2], fields


async def test_the_page_says_what_is_configured(site: Site, stranger: Stranger) -> None:
    page = unescape((await stranger.get(f"/contact/{NOBODYS}")).text)
    settings = site.core.settings
    brand = settings.brand
    for value in (
        brand.organization, *brand.street, brand.city, brand.postal_code, brand.phone, brand.abuse_email,
        brand.abuse_phone, brand.terms_url, f"@{settings.relay.domain}",
        f"{settings.rdap.base_url}/domain/{NOBODYS}",
        f"Up to {settings.contact.attachments} files of at most 5 MiB together",
    ):  # fmt: skip
        assert value in page


@pytest.mark.parametrize("name", ["ZOE-Nobody.COM", "zoe-nobody.com."])
async def test_a_name_is_read_as_people_write_it(stranger: Stranger, name: str) -> None:
    page = await stranger.get(f"/contact/{name}")
    assert (page.status, NOBODYS in page.text) == (200, True)


@pytest.mark.parametrize("name", ["x", "com", "a..com", "www.example.com", "-.com", "%3Cb%3E.com", "x" * 300])
async def test_what_is_no_domain_has_no_page(stranger: Stranger, name: str) -> None:
    assert (await stranger.get(f"/contact/{name}")).status == 404


async def test_mail_that_was_refused_leads_to_where_the_domain_is_asked_for(stranger: Stranger) -> None:
    assert (await stranger.get("/contact")).status == 200
    assert (await stranger.get("/contact?domain=Zoë.example.com")).status == 422
    found = await stranger.get("/contact?domain=//Evil.example")
    assert (found.status, found.location) == (422, "")
    found = await stranger.get("/contact?domain=Zo%C3%AB-Bakery.ORG")
    assert (found.status, found.location) == (303, "/contact/xn--zo-bakery-w4a.org")


async def test_what_is_missing_is_told_and_what_was_written_stays(site: Site, stranger: Stranger) -> None:
    for field, value in (
        ("name", " "),
        ("name", "x" * 101),
        ("mailbox", "ada@"),
        ("mailbox", "ada@localhost"),
        ("mailbox", "a b@offers.example"),
        ("mailbox", "x@y.example, z@y.example"),
        ("mailbox", "x@y.example\r\nBcc: z@y.example"),
        ("mailbox", "reply@relay.localhost"),
        ("kind", "spam"),
        ("message", "\n \n"),
        ("message", "x" * 20_001),
    ):
        seen = await stranger.writes(NOBODYS, works=False, **{"message": "My <text> & more", field: value})
        assert seen.status == 422, (field, value)
        assert f'id="{field}-error"' in seen.text
        assert ("My <text> & more" in unescape(seen.text)) is (field != "message")
        assert "My <text>" not in seen.text
    assert await _kept(site) == 0


@pytest.mark.parametrize("sizes", [[1] * 6, [5 * MIB + 1], [3 * MIB, 2 * MIB + 1], [6 * MIB, 1, 1]], ids=str)
async def test_too_many_or_too_large_files_are_refused_and_the_text_stays(
    site: Site, stranger: Stranger, sizes: list[int]
) -> None:
    files = [(f"{number}.txt", "text/plain", b"x" * size) for number, size in enumerate(sizes)]
    seen = await stranger.writes(NOBODYS, *files, works=False, message="Look at these")
    assert seen.status == 422
    assert 'id="files-error"' in seen.text
    assert "Look at these" in seen.text
    assert await _kept(site) == 0


async def test_what_just_fits_is_taken(site: Site, stranger: Stranger) -> None:
    files = [(f"{number}.bin", "application/x-any", b"\0" * MIB) for number in range(5)]
    assert (await stranger.writes(NOBODYS, *files, message="x" * 20_000)).status == 200
    assert await _kept(site) == 1


async def test_what_is_beyond_all_use_is_not_read(site: Site, stranger: Stranger) -> None:
    form = FormData()
    form.add_field("message", "x")
    form.add_field("files", BytesIO(b"x" * (17 * MIB)), filename="x", content_type="text/plain")
    seen = await stranger.post(f"/contact/{NOBODYS}", form)
    assert (seen.status, TOO_LARGE.title in seen.text) == (413, True)
    assert await _kept(site) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x\r\n",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nend',
        b"--x--\r\n",
        b"\0" * 999,
    ],
)
async def test_what_is_no_form_does_no_harm(site: Site, body: bytes) -> None:
    async with site.http.post(
        f"{site.base}/contact/{NOBODYS}",
        data=body,
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    ) as answer:
        assert answer.status in {404, 422}
    assert await _kept(site) == 0


async def test_a_program_that_fills_in_what_nobody_sees_is_told_nothing(
    site: Site, stranger: Stranger
) -> None:
    trapped = await stranger.writes(NOBODYS, works=False, homepage="https://spam.example")
    assert await _kept(site) == 0
    person = await stranger.writes(NOBODYS, works=False)
    assert _bare(trapped, NOBODYS) == _bare(person, NOBODYS)
    assert await _kept(site) == 1


async def test_who_does_no_work_may_write_less_often(site: Site, stranger: Stranger) -> None:
    """Four of twenty an hour from one network; with work, more."""
    plain = [await stranger.writes(f"zoe-{number}.com", works=False) for number in range(5)]
    assert [one.status for one in plain] == [200] * 4 + [429]
    assert translations("en").gettext(TOO_MANY) in plain[-1].text
    assert "fair price" in plain[-1].text
    assert await _kept(site) == 4
    assert (await stranger.writes("zoe-5.com")).status == 200
    elsewhere = Stranger(site.http, site.base, {"X-Forwarded-For": "198.51.100.7"})
    assert (await elsewhere.writes("zoe-6.com", works=False)).status == 200


async def test_work_is_good_once_and_for_one_domain(site: Site, stranger: Stranger) -> None:
    page = await stranger.get(f"/contact/{NOBODYS}")
    assert "contact.js" in page.text
    await stranger.writes(NOBODYS)
    async with site.core.storage.reading() as uow:
        ways = (await uow.connection.execute(select(contact_submissions.c.way))).scalars().all()
    assert ways == ["worked"]


_OF_ANOTHER_SITE = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
]


@pytest.mark.parametrize("headers", _OF_ANOTHER_SITE, ids=str)
async def test_a_form_of_another_site_is_not_taken(
    site: Site, stranger: Stranger, headers: dict[str, str]
) -> None:
    form = FormData({"name": "Ada", "mailbox": "ada@offers.example", "kind": "buy", "message": "Hello"})
    seen = await stranger.post(f"/contact/{NOBODYS}", form, **headers)
    assert (seen.status, STALE.title in seen.text) == (403, True)
    assert await _kept(site) == 0


async def test_what_is_sent_is_kept_and_nobody_is_remembered(site: Site, stranger: Stranger) -> None:
    seen = await stranger.writes(NOBODYS)
    assert (seen.status, SENT.title in seen.text) == (200, True)
    assert "Set-Cookie" not in seen.headers
    assert await _kept(site) == 1


async def test_links_that_are_forged_lead_where_every_bad_link_does(stranger: Stranger) -> None:
    for path in ("/contact/confirm/0", f"/contact/confirm/{'0' * 50}", f"/contact/status/{'0' * 50}"):
        seen = await stranger.get(path)
        assert (seen.status, GONE.title in seen.text) == (404, True)
    assert (await stranger.post(f"/contact/confirm/{'0' * 50}")).status == 404


async def test_a_host_name_of_its_own_has_the_pages_at_its_root(tmp_path: Path, sqlite_url: str) -> None:
    settings = '[contact]\nbase_url = "https://contact.example"\n'
    async with running_site(tmp_path, sqlite_url, "https://privacy.example", settings) as site:
        own = Stranger(site.http, site.base, {"Host": "Contact.Example"})
        pages = Stranger(site.http, site.base, {"Host": "privacy.example"})
        for path in (f"/{NOBODYS}", f"/contact/{NOBODYS}"):
            assert (await own.get(path)).status == 200
        assert (await pages.get(f"/{NOBODYS}")).status == 404
        assert (await pages.get(f"/contact/{NOBODYS}")).status == 200
        assert (await own.writes(NOBODYS, page="/{}")).status == 200
        assert (await pages.post(f"/{NOBODYS}", FormData({"name": "x"}))).status == 404
        assert (await own.get("/sign-in")).status == 200
