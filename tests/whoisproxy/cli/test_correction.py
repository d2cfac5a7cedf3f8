"""The operator decides for a registrar whose backend cannot yet."""

import asyncio

import pytest

from tests.whoisproxy.cli.conftest import Run
from tests.whoisproxy.storage.values import CANARY, PERSON, REGISTRAR, hold_domain
from whoisproxy.config import load
from whoisproxy.domain.privacy import initial
from whoisproxy.domain.sign_in import Visit
from whoisproxy.runtime.core import open_core, utc_now


async def _ask(city: str) -> str:
    async with open_core(load(None)) as core:
        made = await core.entry.sign_in.registrar_link(REGISTRAR, "own_1")
        entered = await core.entry.sign_in.by_link(made.token, Visit("192.0.2.0/24", ""))
        assert entered is not None
        found = await core.entry.sessions.find(entered.secret)
        assert found is not None
        asked = await core.own_data.corrections.ask(found, "own_1", {**PERSON.as_dict(), "city": city})
        assert asked is not None
        return asked.id


@pytest.fixture
def asked(run: Run) -> str:
    """Return the id of a correction that waits."""
    del run  # it has gone to the folder

    async def fill() -> str:
        async with open_core(load(None)) as core:
            await hold_domain(core.storage)
            async with core.storage.unit_of_work() as uow:
                await uow.privacy.put("dom_1", initial(utc_now()))
        return await _ask("Bonn")

    return asyncio.run(fill())


def test_a_correction_is_listed_without_its_values_and_applied(run: Run, asked: str) -> None:
    listed = run("correction", "list", REGISTRAR.name).out
    assert "name1.com" in listed
    assert "Bonn" not in listed
    assert CANARY not in listed
    [shown] = run("correction", "list", REGISTRAR.name, "--json").json()
    assert (shown["id"], shown["changes"]) == (asked, {"city": "Bonn"})
    assert run("correction", "apply", REGISTRAR.name, asked).code == 0
    [applied] = run("correction", "list", REGISTRAR.name, "--state", "applied", "--json").json()
    assert applied["registrant"]["city"] == "Bonn"
    assert run("correction", "list", REGISTRAR.name).out == "None is open.\n"


def test_a_correction_is_refused_with_a_reason(run: Run, asked: str) -> None:
    assert run("correction", "refuse", REGISTRAR.name, asked, "--reason", "Send papers.").code == 0
    ended = run("correction", "apply", REGISTRAR.name, asked)
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("whoisproxy: ")
    assert run("correction", "refuse", REGISTRAR.name, "cor_none", "--reason", "x").code == 3
