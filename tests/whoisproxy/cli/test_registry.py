"""What the operator sees of a registry account, and that he is one guest more under the same cap."""

import asyncio
import sqlite3
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from registries.contact import Contact
from registries.sandbox.authority import CertificateAuthority
from registries.sandbox.server import SandboxRegistry
from registries.sandbox.settings import DataModel, Limits, Tld
from tests.whoisproxy.cli.conftest import Run
from whoisproxy.config import load
from whoisproxy.demo.registry_client import RegistryClient
from whoisproxy.observability import configure_logging
from whoisproxy.runtime.core import open_core

ACCOUNT, PASSWORD = "registrar-1", "foo-BAR2"
ZOE = Contact(
    name="Zoë Müller",
    organization="",
    street=("Rue 7",),
    city="Neuchâtel",
    region="NE",
    postal_code="2000",
    country_code="CH",
    phone="+41.325550123",
    email="zoe@home.example",
)
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Registry:
    """A sandbox in a thread of its own: the command under test has the loop of this one."""

    sandbox: SandboxRegistry
    authority: CertificateAuthority
    loop: asyncio.AbstractEventLoop

    def do(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    async def register(self, domain: str) -> None:
        client = await RegistryClient.open(self.sandbox.port, self.authority, ACCOUNT, PASSWORD)
        await client.register(domain, ZOE)
        await client.close()

    def logins(self) -> list[int]:
        return [entry.code for entry in self.do(self.sandbox.journal()) if entry.command == "login"]


@pytest.fixture(params=[Tld("org")])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    """A registry that lets one session in, and the settings of a service for it."""
    # What the registry logs would stand among what the command prints.
    configure_logging("error", "json")
    authority = CertificateAuthority(tmp_path / "registry")
    sandbox = SandboxRegistry(
        tlds=[request.param],
        accounts={ACCOUNT: PASSWORD},
        tls=authority.server_context(authority.issue("registry")),
        limits=Limits(max_sessions=1),
    )
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    found = Registry(sandbox, authority, loop)
    found.do(sandbox.__aenter__())
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "whoisproxy.toml").write_text(
        f"""
        [[registries]]
        name = "sandbox"
        host = "127.0.0.1"
        port = {sandbox.port}
        client_id = "{ACCOUNT}"
        password_file = "password"
        ca_file = "{authority.ca_file}"
        suffixes = ["org"]
        """
    )
    yield found
    found.do(sandbox.__aexit__())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_ping_shows_the_registry_and_how_long_it_takes(run: Run, registry: Registry) -> None:
    found = run("registry", "ping", "sandbox", "--json").json()
    assert found["account"] == "sandbox"
    assert found["port"] == registry.sandbox.port
    assert found["server_id"]
    assert found["languages"] == ["en"]
    assert "urn:ietf:params:xml:ns:contact-1.0" in found["objects"]
    assert found["data_model"] == "maximum"
    assert found["tls_version"] == "TLSv1.3"
    assert datetime.fromisoformat(found["certificate_ends_at"]) > datetime.now(UTC)
    assert list(found["ms"]) == ["connect", "greeting", "login", "hello", "logout"]
    assert all(duration > 0 for duration in found["ms"].values())


def test_ping_speaks_to_people_too(run: Run, registry: Registry) -> None:
    ended = run("registry", "ping", "sandbox")
    assert (ended.code, ended.err) == (0, "")
    assert f"127.0.0.1:{registry.sandbox.port}" in ended.out
    assert "certificate ends" in ended.out


@pytest.mark.parametrize("registry", [Tld("org", DataModel.MINIMUM, required=())], indirect=True)
def test_ping_tells_a_registry_of_the_minimum_data_set(run: Run, registry: Registry) -> None:
    found = run("registry", "ping", "sandbox", "--json").json()
    assert found["data_model"] == "minimum"
    assert "urn:ietf:params:xml:ns:contact-1.0" not in found["objects"]
    assert registry.logins() == [1000]


def test_the_wire_log_stands_apart_and_shows_no_password(run: Run, registry: Registry) -> None:
    ended = run("registry", "ping", "sandbox", "--wire", "--json")
    assert ended.json()["account"] == "sandbox"
    assert "<pw>***</pw>" in ended.err
    assert "<greeting>" in ended.err
    assert ended.err.count("--- sent") == 3
    assert registry.logins() == [1000]
    assert PASSWORD not in ended.err + ended.out


def test_info_shows_what_the_registry_holds(run: Run, registry: Registry) -> None:
    registry.do(registry.register("zoe.org"))
    found = run("registry", "info", "sandbox", "ZOE.org", "--json").json()
    assert found["domain"] == "zoe.org"
    assert found["statuses"] == ["inactive"]
    [handle] = found["roles"]["registrant"]
    contact = found["contacts"][handle]
    assert contact["email"] == ZOE.email
    assert ZOE.name in {form["name"] for form in contact["postal"]}
    shown = run("registry", "info", "sandbox", "zoe.org")
    assert (shown.code, shown.err) == (0, "")
    assert ZOE.email in shown.out


def test_a_domain_that_is_not_there_is_one_line(run: Run, registry: Registry) -> None:
    ended = run("registry", "info", "sandbox", "nobody.org")
    assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert "2303" in ended.err
    assert registry.logins() == [1000]


def test_poll_shows_a_message_and_takes_it_off_only_when_told_to(run: Run, registry: Registry) -> None:
    registry.do(registry.sandbox.queue_message(ACCOUNT, "Balance is low \x85"))
    registry.do(registry.sandbox.queue_message(ACCOUNT, "Second"))
    for _ in range(2):
        found = run("registry", "poll", "sandbox", "--json").json()
        assert found["waiting"] == 2
        assert found["message"]["message"].startswith("Balance is low")
    shown = run("registry", "poll", "sandbox", "--ack")
    assert (shown.code, shown.err) == (0, "")
    assert "Balance is low" in shown.out
    assert "\x85" not in shown.out
    assert run("registry", "poll", "sandbox", "--ack", "--json").json()["message"]["message"] == "Second"
    assert run("registry", "poll", "sandbox", "--json").json() == {"waiting": 0, "message": None}
    assert "no message" in run("registry", "poll", "sandbox").out


def test_a_message_that_is_taken_off_the_queue_is_kept_as_the_service_keeps_it(
    run: Run, registry: Registry, tmp_path: Path
) -> None:
    settings = tmp_path / "whoisproxy.toml"
    settings.write_text(settings.read_text() + 'registrar = "Acme"\n')
    registry.do(registry.sandbox.queue_message(ACCOUNT, "Balance is low"))
    assert run("registrar", "add", "Acme", "--url", "https://acme.example").code == 0
    assert run("registry", "poll", "sandbox", "--ack").code == 0
    assert asyncio.run(_kept_for("Acme")) == (["Balance is low"], ["registry.message"])


async def _kept_for(name: str) -> tuple[list[str], list[str]]:
    async with open_core(load()) as core:
        [registrar] = [each for each in await core.accounts.registrars() if each.name == name]
        kept = await core.registry_messages.page(registrar, "", 100)
        events = await core.events.after(registrar, 0, 100)
    return [message.text for message in kept], [event.type for event in events]


def test_refused_credentials_stop_the_account_until_the_operator_resumes_it(
    run: Run, registry: Registry, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("wrong-PASS1")
    for _ in range(3):
        ended = run("registry", "ping", "sandbox")
        assert (ended.code, ended.out) == (1, "")
        assert "stopped" in ended.err.splitlines()[-1]
        assert "registry resume" in ended.err.splitlines()[-1]
    assert registry.logins() == [2200]
    assert "tried again" in run("registry", "resume", "sandbox").out
    run("registry", "ping", "sandbox")
    assert registry.logins() == [2200, 2200]
    (tmp_path / "password").write_text(PASSWORD)
    assert run("registry", "ping", "sandbox").code == 0
    assert "were not stopped" in run("registry", "resume", "sandbox").out


def test_the_password_is_changed_by_a_login(run: Run, registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "new").write_text("new-PASS3\n")
    ended = run("registry", "password", "sandbox", "--new-file", "new", "--wire")
    assert ended.code == 0
    assert str(tmp_path / "password") in ended.out
    assert "<newPW>***</newPW>" in ended.err
    assert "new-PASS3" not in ended.out + ended.err
    (tmp_path / "password").write_text("new-PASS3\n")
    assert run("registry", "ping", "sandbox").code == 0
    assert registry.logins() == [1000, 1000]


def test_an_empty_password_is_not_sent(run: Run, registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "new").write_text("\n")
    ended = run("registry", "password", "sandbox", "--new-file", "new")
    assert (ended.code, ended.out) == (2, "")
    assert registry.logins() == []


def test_a_command_waits_for_its_session_like_everybody(run: Run, registry: Registry, tmp_path: Path) -> None:
    """Another process has the only one: this one gives up in time, without asking the registry."""
    assert run("registry", "ping", "sandbox").code == 0
    settings = tmp_path / "whoisproxy.toml"
    settings.write_text(settings.read_text() + "wait_s = 1\n")
    hold = (
        "INSERT INTO registry_sessions (id, account, holder, held, since, expires_at)"
        " VALUES ('other', 'sandbox', 'other', 1, '2026-01-01 00:00:00', '2999-01-01 00:00:00')"
    )
    run_sql(tmp_path / "var/whoisproxy.sqlite3", hold)
    ended = run("registry", "ping", "sandbox")
    assert (ended.code, ended.err) == (4, "whoisproxy: every session to the registry is busy\n")
    assert registry.logins() == [1000]


def run_sql(file: Path, statement: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    "arguments", [("ping", "other"), ("info", "other", "zoe.org"), ("poll", "other"), ("resume", "other")]
)
def test_an_account_that_is_not_configured_is_wrong_usage(
    run: Run, registry: Registry, arguments: tuple[str, ...]
) -> None:
    ended = run("registry", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "whoisproxy: registries: no account has this name; there is sandbox\n"
    assert registry.logins() == []


def test_a_registry_that_is_not_there_is_worth_another_try(run: Run, tmp_path: Path) -> None:
    CertificateAuthority(tmp_path / "registry")
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "whoisproxy.toml").write_text(
        '[[registries]]\nname = "sandbox"\nhost = "127.0.0.1"\nport = 1\nclient_id = "registrar-1"\n'
        'password_file = "password"\nsuffixes = ["org"]\n'
    )
    ended = run("registry", "ping", "sandbox")
    assert (ended.code, ended.out) == (4, "")
    assert "no connection to the registry" in ended.err
