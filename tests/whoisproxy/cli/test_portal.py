"""The operator lets an owner in, and requires a second step for a registrar."""

import asyncio

import pytest

from tests.whoisproxy.cli.conftest import Run
from tests.whoisproxy.storage.values import REGISTRAR, hold_domain
from whoisproxy.config import load
from whoisproxy.domain.owner_session import Stage
from whoisproxy.domain.sign_in import Visit
from whoisproxy.runtime.core import open_core

DOMAIN = "name1.com"


@pytest.fixture
def held(run: Run) -> None:
    del run  # it has gone to the folder

    async def fill() -> None:
        async with open_core(load(None)) as core:
            await hold_domain(core.storage)

    asyncio.run(fill())


async def _stage_after(url: str) -> Stage | None:
    async with open_core(load(None)) as core:
        token = url.removeprefix("http://127.0.0.1:8082/enter/")
        entered = await core.entry.sign_in.by_link(token, Visit("192.0.2.0/24", ""))
        return entered.session.stage if entered else None


@pytest.mark.usefixtures("held")
def test_a_link_leads_in_once(run: Run) -> None:
    url = run("portal-link", DOMAIN, "--json").json()["url"]
    assert asyncio.run(_stage_after(url)) is Stage.FULL
    assert asyncio.run(_stage_after(url)) is None
    assert "good once" in run("portal-link", DOMAIN).out
    assert run("portal-reset", DOMAIN).code == 0


@pytest.mark.usefixtures("held")
def test_a_second_step_is_required_and_left_to_owners_again(run: Run) -> None:
    stages = []
    for option in ("--required", "--optional"):
        assert run("registrar", "two-step", REGISTRAR.name, option).code == 0
        url = run("portal-link", DOMAIN, "--json").json()["url"]
        stages.append(asyncio.run(_stage_after(url)))
    assert stages == [Stage.ENROLMENT, Stage.FULL]


def test_nobody_gets_a_link_for_a_domain_that_is_not_held(run: Run) -> None:
    assert run("portal-link", "nobody.com").code != 0
