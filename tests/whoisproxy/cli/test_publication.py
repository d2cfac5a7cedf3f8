"""The operator sees what the public sees, and has it looked at now."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registries.lookup.verdict import Verdict
from tests.whoisproxy.cli.conftest import Run
from tests.whoisproxy.storage.values import CANARY, hold_domain
from whoisproxy.config import load
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import PrivacyState, PrivacyStatus, initial
from whoisproxy.domain.publication_watch import Place
from whoisproxy.runtime.core import open_core
from whoisproxy.storage.repositories.publication_history import Exhibit

DOMAIN = DomainName("name1.com")
ON = PrivacyStatus(PrivacyState.ENABLED, wanted=True, published=True)


@pytest.fixture
def hidden(tmp_path: Path, run: Run, unused_tcp_port: int) -> str:
    """A hidden domain; nobody answers where our own servers should be."""
    del run  # it has gone to the folder
    nowhere = f"127.0.0.1:{unused_tcp_port}"
    (tmp_path / "whoisproxy.toml").write_text(
        f'[watch]\nown_rdap_base_url = "http://{nowhere}"\nown_whois_server = "{nowhere}"\n'
    )
    at = datetime.now(UTC)

    async def fill() -> None:
        async with open_core(load(None)) as core:
            await hold_domain(core.storage)
            async with core.storage.unit_of_work() as uow:
                registration = await uow.registrations.by_name(DOMAIN)
                assert registration is not None
                await uow.privacy.put(registration.id, replace(initial(at), status=ON))
                exhibit = Exhibit(
                    "pev_1", Place.REGISTRY, "whois", "whois.example:43", Verdict.LEAK, at,
                    at + timedelta(days=30), f"Registrant Name: {CANARY}\n",
                )  # fmt: skip
                await uow.publication_history.keep(registration.id, registration.registrant_id, [exhibit])

    asyncio.run(fill())
    return nowhere


def test_what_nobody_has_looked_at_is_not_clean(run: Run, hidden: str) -> None:
    del hidden
    found = run("publication", "status", str(DOMAIN), "--json").json()
    assert (found["domain"], found["verdict"], found["places"]) == (str(DOMAIN), None, [])
    assert "not looked at yet" in run("publication", "status", str(DOMAIN)).out


def test_a_check_looks_now_and_says_what_it_saw(run: Run, hidden: str) -> None:
    found = run("publication", "check", str(DOMAIN), "--json").json()
    assert found["verdict"] == "unknown"
    [own] = found["places"]
    assert [(each["source"], each["server"], each["doubt"]) for each in own["servers"]] == [
        ("rdap", hidden, "no-answer"),
        ("whois", hidden, "no-answer"),
    ]
    shown = run("publication", "status", str(DOMAIN)).out
    assert "unknown" in shown
    assert "never" in shown


def test_evidence_is_shown_to_the_operator_alone(run: Run, hidden: str) -> None:
    del hidden
    assert CANARY in run("publication", "evidence", str(DOMAIN)).out
    [kept] = run("publication", "evidence", str(DOMAIN), "--json").json()
    assert (kept["server"], kept["verdict"]) == ("whois.example:43", "leak")
    for command in ("status", "check"):
        assert CANARY not in run("publication", command, str(DOMAIN), "--json").out


def test_a_domain_that_is_not_held_here_is_not_found(run: Run, hidden: str) -> None:
    del hidden
    for command in ("status", "check", "evidence"):
        ended = run("publication", command, "other.org")
        assert ended.code != 0
        assert "not held here" in ended.err
