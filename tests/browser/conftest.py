"""One service and one browser for all tests here; each tab has a profile of its own."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from tests.browser.site import Site, chromium_program, running_site
from tests.browser.tab import Tab

NewTab = Callable[..., Awaitable[Tab]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """The service behind TLS, and Chromium."""
    if not chromium_program():
        reason = "chromium is not installed (make services)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    async with running_site(tmp_path_factory.mktemp("site")) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def new_tab(site: Site) -> AsyncIterator[NewTab]:
    """Open tabs; at the end none of them has done what it should not."""
    opened: list[Tab] = []

    async def tab(**options: Any) -> Tab:
        opened.append(await site.tab(**options))
        return opened[-1]

    yield tab
    for one in opened:
        await one.close()
