"""The operator discloses for a registrar that has no legal desk of its own."""

import asyncio

import pytest

from tests.whoisproxy.cli.conftest import Run
from tests.whoisproxy.storage.values import hold_domain
from whoisproxy.config import load
from whoisproxy.domain.privacy import initial
from whoisproxy.publication.answer import ObjectKind, Question, View
from whoisproxy.runtime.core import open_core, utc_now

DOMAIN = "name1.com"
GRANT = (
    "disclosure", "grant", DOMAIN, "--requester", "Lea Recht", "--organization", "Kanzlei", "--purpose",
    "legalActions", "--field", "name", "--field", "email", "--reason", "order 12/345", "--days", "3",
)  # fmt: skip


@pytest.fixture
def held(run: Run) -> None:
    del run  # it has gone to the folder

    async def fill() -> None:
        async with open_core(load(None)) as core:
            await hold_domain(core.storage)
            async with core.storage.unit_of_work() as uow:
                await uow.privacy.put("dom_1", initial(utc_now()))

    asyncio.run(fill())


async def _look(token: str) -> bool:
    async with open_core(load(None)) as core:
        question = Question(View.RDAP, ObjectKind.DOMAIN, DOMAIN)
        return await core.disclosed.disclosed(question, f"Bearer {token}", "192.0.2.1") is not None


@pytest.mark.usefixtures("held")
def test_a_grant_is_made_used_looked_over_and_revoked(run: Run) -> None:
    made = run(*GRANT, "--json").json()
    assert made["fields"] == ["name", "email"]
    assert made["url"] == f"http://127.0.0.1:8081/domain/{DOMAIN}"
    assert asyncio.run(_look(made["token"]))

    [listed] = run("disclosure", "list", DOMAIN, "--json").json()
    assert (listed["id"], listed["looks"], listed["ending"]) == (made["id"], 1, None)
    assert "token" not in listed
    [look] = run("disclosure", "looks", DOMAIN, "--json").json()
    assert (look["disclosure_id"], look["network"]) == (made["id"], "192.0.2.0/24")

    assert run("disclosure", "revoke", DOMAIN, made["id"]).code == 0
    assert not asyncio.run(_look(made["token"]))
    [ended] = run("disclosure", "list", DOMAIN, "--json").json()
    assert ended["ending"] == "revoked"


@pytest.mark.usefixtures("held")
def test_people_see_the_token_once_and_no_requester_in_the_list(run: Run) -> None:
    assert run("disclosure", "list", DOMAIN).out == "Nothing was disclosed.\n"
    assert run("disclosure", "looks", DOMAIN).out == "Nobody looked.\n"
    assert "wpd_" in run(*GRANT).out
    listed = run("disclosure", "list", DOMAIN).out
    assert "wpd_" not in listed
    assert "Lea" not in listed


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("disclosure", "list", "nobody.com"), 3),
        (("disclosure", "revoke", DOMAIN, "dis_none"), 3),
        ((*GRANT[:-1], "91"), 2),
        ((*GRANT[:6], "--purpose", "curiosity", *GRANT[8:]), 2),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, arguments: tuple[str, ...], code: int) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith("whoisproxy: ")


@pytest.mark.usefixtures("held")
def test_a_legal_desk_gets_a_key_that_can_do_nothing_else(run: Run) -> None:
    desk = ("--scope", "disclosures:read", "--scope", "disclosures:write")
    made = run("registrar", "add-key", "Acme", *desk, "--json").json()
    assert made["api_key"].startswith("wp_")
    listed = run("registrar", "list").out
    assert f"{made['key_id']}  no end  disclosures:read, disclosures:write" in listed
    assert run("registrar", "add-key", "Nobody", *desk).code == 3
