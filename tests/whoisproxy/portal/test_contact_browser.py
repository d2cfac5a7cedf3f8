"""The form in a real browser: it does the work by itself, and without scripts it is taken all the same."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright
from sqlalchemy import select

from tests.whoisproxy.portal.plain_site import Site, running_site
from whoisproxy.portal.contact.domain_page import SENT
from whoisproxy.storage.tables import contact_submissions

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium"),
]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path, "http://127.0.0.1") as running:
        yield running


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def _write(page: Page, site: Site, *files: Path) -> None:
    """Fill the form in and send it at once, whether or not the work is done."""
    await page.goto(f"{site.base}/contact/example.com")
    await page.get_by_label("Your name").fill("Ada Buyer")
    await page.get_by_label("Your email address").fill("ada@offers.example")
    await page.get_by_label("What is it about?").select_option("buy")
    await page.get_by_label("Your message").fill("Is it for sale?")
    if files:
        await page.get_by_label("Files, if you like").set_input_files(files)
    await page.get_by_role("button", name="Send").click()
    await page.get_by_role("heading", name=SENT.title).wait_for(timeout=90_000)


@pytest.mark.parametrize(("scripts", "way"), [(True, "worked"), (False, "plain")])
async def test_a_browser_sends_the_form(
    site: Site, chromium: Browser, tmp_path: Path, *, scripts: bool, way: str
) -> None:
    offer = tmp_path / "offer.txt"
    offer.write_text("An offer")
    context = await chromium.new_context(java_script_enabled=scripts)
    page, complaints = await context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await _write(page, site, offer)
    async with site.core.storage.reading() as uow:
        rows = (await uow.connection.execute(select(contact_submissions))).all()
        assert [row.way for row in rows] == [way]
        message = await uow.contact_submissions.message(rows[0].id)
    assert message is not None
    assert b'filename="offer.txt"' in message
    assert complaints == []


async def test_files_that_are_too_large_are_told_before_they_are_sent(
    site: Site, chromium: Browser, tmp_path: Path
) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(b"\0" * (5 * 1024 * 1024 + 1))
    page = await chromium.new_page()
    await page.goto(f"{site.base}/contact/example.com")
    files = page.get_by_label("Files, if you like")
    await files.set_input_files(large)
    await page.locator(":invalid#files").wait_for()
    await files.set_input_files([])
    await page.locator(":valid#files").wait_for()
