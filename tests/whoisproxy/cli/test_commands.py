"""What the commands do, and what scripts may rely on."""

import asyncio
import json
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.support.postgres import PostgresServer
from tests.whoisproxy.cli.conftest import REGISTRANT, Run
from whoisproxy.config import Portal, Settings, load
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.registrant import Registrant
from whoisproxy.runtime.core import open_core
from whoisproxy.runtime.doctor import Finding, Health, examine, installation
from whoisproxy.services.registration import RegistrationSpec

COMMANDS = (
    "serve",
    "demo",
    "migrate",
    "import",
    "dkim list",
    "dkim generate",
    "dkim activate",
    "dkim retire",
    "dkim forget",
    "doctor",
    "registrar add",
    "registrar list",
    "registrar add-key",
    "registrar office",
    "registrar rotate-key",
    "registry ping",
    "registry info",
    "registry poll",
    "registry resume",
    "registry password",
    "tld list",
    "tld show",
    "privacy status",
    "privacy on",
    "privacy off",
    "privacy mail",
    "privacy preview",
    "publication status",
    "publication check",
    "publication evidence",
    "disclosure grant",
    "disclosure list",
    "disclosure looks",
    "disclosure revoke",
    "keys rotate",
    "sender-rules list",
    "sender-rules add",
    "sender-rules remove",
)


def test_help_tells_the_defaults(run: Run) -> None:
    """In square brackets the library would take them for markup and leave them out."""
    shown = " ".join(run("serve", "--help").out.replace("│", "").split())
    assert "(default: ./whoisproxy.toml)" in shown
    assert "(default: all)" in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(run: Run, command: str) -> None:
    ended = run(*command.split(), "--help")
    assert (ended.code, ended.err) == (0, "")
    assert f"Usage: whoisproxy {command}" in ended.out


def test_the_list_of_tlds_is_an_array(run: Run) -> None:
    found = run("tld", "list", "--json").json()
    assert len(found) > 20
    assert {"tld", "mechanism", "reason", "source", "confidence"} <= set(found[0])


@pytest.mark.parametrize(("tld", "mechanism"), [("nl", "none"), ("org", "substitute"), (".COM", "rdds_only")])
def test_a_tld_is_an_object_with_the_rule_and_its_source(run: Run, tld: str, mechanism: str) -> None:
    found = run("tld", "show", tld, "--json").json()
    assert found["mechanism"] == mechanism
    assert found["source"]
    assert found["confidence"] in {"high", "medium", "low"}
    assert (found["reason"] is None) is found["allowed"]


def test_the_list_of_tlds_cuts_no_reason_off(run: Run) -> None:
    assert "…" not in run("tld", "list").out


RULE = """
[[policy]]
tlds = ["example", "co.example"]
operator = "Example Registry"
mechanism = "substitute"
explanation = "The registry takes the contacts it is given."
source = "https://registry.example/policy, section 4"
source_date = "2026-08"
confidence = "high"
holder_change = { kind = "update", lock_days = 60 }
roles = ["registrant", "admin", "tech"]
"""


def test_an_operators_rule_takes_the_place_of_ours(run: Run, holder: str, tmp_path: Path) -> None:
    (tmp_path / "whoisproxy.toml").write_text('[catalogue]\noverrides = ["tlds.toml"]\n')
    (tmp_path / "tlds.toml").write_text(RULE)
    assert run("tld", "show", "co.example", "--json").json()["mechanism"] == "substitute"
    assert run("privacy", "preview", "shop.example", "--registrant", holder).code == 0
    assert run("tld", "show", "nl", "--json").json()["reason"] == "TLD_PROHIBITED"


def test_a_bad_rule_of_an_operator_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "whoisproxy.toml").write_text('[catalogue]\noverrides = ["tlds.toml"]\n')
    (tmp_path / "tlds.toml").write_text(RULE.replace('"substitute"', '"swap"'))
    ended = run("tld", "show", "example")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"{tmp_path / 'tlds.toml'}: policy 1: mechanism: 'swap' is not one of" in ended.err


def test_a_tld_is_explained_to_people(run: Run) -> None:
    ended = run("tld", "show", "nl")
    assert ended.code == 0
    assert "TLD_PROHIBITED" in ended.out


def test_a_preview_needs_no_database_and_makes_none(run: Run, holder: str, tmp_path: Path) -> None:
    found = run("privacy", "preview", "example.org", "--registrant", holder, "--json").json()
    assert found["mechanism"] == "substitute"
    before = {each["before"] for each in found["differences"]}
    after = {each["after"] for each in found["differences"]}
    assert "Zoë Müller" in before
    assert "Zoë Müller" not in after
    assert [file.name for file in tmp_path.iterdir()] == ["holder.json"]


def test_senders_are_ruled_about_for_all_mail_and_for_a_registrar(run: Run) -> None:
    assert run("registrar", "add", "Acme", "--url", "https://acme.example").code == 0
    blocked = run("sender-rules", "add", "block", "PEST.example", "--json").json()
    assert (blocked["action"], blocked["sender"]) == ("block", "pest.example")
    allowed = run("sender-rules", "add", "allow", "ann@far.example", "--registrar", "Acme", "--json").json()
    assert run("sender-rules", "list", "--json").json() == [blocked]
    assert run("sender-rules", "list", "--registrar", "Acme", "--json").json() == [allowed]
    assert run("sender-rules", "list").out == f"{blocked['id']}  block  pest.example\n"
    assert run("sender-rules", "remove", allowed["id"]).code == 3
    assert run("sender-rules", "remove", allowed["id"], "--registrar", "Acme").code == 0
    assert run("sender-rules", "list", "--registrar", "Acme", "--json").json() == []


def test_a_sender_that_is_none_is_refused_without_being_repeated(run: Run) -> None:
    ended = run("sender-rules", "add", "allow", "Quetzalcoatl@")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "whoisproxy: sender: is not a mailbox (RFC 5321)\n"


def test_a_registrar_tells_where_it_is_reached(run: Run, tmp_path: Path) -> None:
    office = tmp_path / "office.toml"
    office.write_text(
        'street = ["Main Street 1"]\ncity = "Bern"\ncountry_code = "CH"\nphone = "+41310000000"\n'
        'email = "desk@acme.example"\n'
    )
    assert run("registrar", "add", "Acme", "--url", "https://acme.example").code == 0
    assert run("registrar", "office", "Acme", str(office)).code == 0
    assert run("registrar", "office", "Nobody", str(office)).code != 0
    office.write_text(office.read_text().replace("city", "town"))
    ended = run("registrar", "office", "Acme", str(office))
    assert (ended.code, "town: unknown key" in ended.err or "city" in ended.err) == (2, True)


def test_a_registrar_is_added_listed_and_given_a_new_key(run: Run) -> None:
    added = run("registrar", "add", "Acme", "--url", "https://acme.example", "--json").json()
    assert added["api_key"].startswith("wp_")
    rotated = run("registrar", "rotate-key", "Acme", added["key_id"], "--json").json()
    [listed] = run("registrar", "list", "--json").json()
    assert listed["keys"] == [added["key_id"], rotated["key_id"]]
    assert rotated["api_key"] != added["api_key"]
    assert added["api_key"] not in run("registrar", "list").out


async def _hold(domain: str) -> None:
    """Put a domain into the database of the working directory."""
    async with open_core(load()) as core:
        registrar = await core.accounts.add_registrar("Acme", "https://acme.example", None)
        spec = RegistrationSpec(Registrant.parse(REGISTRANT), registrant_verified=True)
        await core.registrations.put(registrar, DomainName.parse(domain), spec)


def test_privacy_goes_on_and_off_for_a_held_domain(run: Run) -> None:
    asyncio.run(_hold("example.com"))
    on = run("privacy", "on", "example.com", "--consent-by", "x", "--consent-text", "1", "--json").json()
    assert (on["state"], on["wanted"], on["operation"]["state"]) == ("enabling", True, "pending")
    status = run("privacy", "status", "example.com")
    assert status.code == 0
    assert "zoe@home.example" not in status.out
    assert run("privacy", "mail", "example.com", "drop", "--json").json()["mail_policy"] == "drop"
    assert run("privacy", "mail", "example.com", "burn").code == 2
    off = run("privacy", "off", "example.com", "--json").json()
    assert off["wanted"] is False


def test_that_a_registry_was_found_to_hold_no_contacts_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "whoisproxy.toml").write_text(
        '[[registries]]\nname = "one"\nhost = "a.example"\nclient_id = "abc"\n'
        'password_file = "password"\nsuffixes = ["org"]\n'
    )
    asyncio.run(_hold("example.org"))
    assert "REGISTRY_HOLDS_NO_CONTACTS" not in run("privacy", "status", "example.org").out
    asyncio.run(_find_no_contacts("one"))
    for told in ("status", "preview"):
        assert "REGISTRY_HOLDS_NO_CONTACTS" in run("privacy", told, "example.org").out
        found = run("privacy", told, "example.org", "--json").json()
        assert (found["mechanism"], found["reason"]) == ("rdds_only", "REGISTRY_HOLDS_NO_CONTACTS")


async def _find_no_contacts(account: str) -> None:
    async with open_core(load()) as core, core.storage.unit_of_work() as uow:
        await uow.registry_accounts.remember_no_contacts(account, "", core.clock())


def test_the_database_is_migrated_and_the_keys_are_private(run: Run, tmp_path: Path) -> None:
    assert run("migrate").out == "the database has the newest schema\n"
    assert run("migrate").code == 0
    rotated = run("keys", "rotate")
    assert rotated.code == 0
    keys = tmp_path / "var" / "keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in keys.iterdir()} == {0o600}


def test_data_sealed_before_a_rotation_of_keys_are_read_after_it(run: Run) -> None:
    asyncio.run(_hold("example.org"))
    assert run("keys", "rotate").code == 0
    found = run("privacy", "preview", "example.org", "--json").json()
    assert "Zoë Müller" in {each["before"] for each in found["differences"]}


WRONG_USAGE = (
    (("nonsense",), "whoisproxy: no such command 'nonsense' (see `whoisproxy --help`)"),
    (("tld", "show"), "whoisproxy: missing argument 'tld' (see `whoisproxy tld show --help`)"),
    (("tld", "show", ".."), "whoisproxy: tld: is empty: write one such as ch, org or co.uk"),
    (("privacy", "status", "exa_mple.org"), "whoisproxy: name: is not a domain name (RFC 5891)"),
    (
        ("serve", "--role", "all"),
        (
            "whoisproxy: invalid value for '--role': 'all' is not one of "
            "'api', 'rdds', 'portal', 'smtp', 'worker' (see `whoisproxy serve --help`)"
        ),
    ),
    (("serve", "--config", "none.toml"), "whoisproxy: none.toml: No such file or directory"),
)


@pytest.mark.parametrize(("arguments", "line"), WRONG_USAGE)
def test_wrong_usage_is_one_line_and_exit_code_2(run: Run, arguments: tuple[str, ...], line: str) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out, ended.err) == (2, "", f"{line}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("registrar", "add", "", "--url", "https://acme.example"),
        ("registrar", "add", "Acme", "--url", "acme"),
        ("registrar", "add", "Acme", "--url", "https://acme.example", "--network", "300.1"),
        ("registrar", "add", "Acme", "--url", "https://acme.example", "--iana-id", "0"),
        ("registrar", "add", "Acme", "--url", "https://acme.example", "--scope", "all"),
    ],
)
def test_a_registrar_with_a_bad_value_is_not_added(run: Run, arguments: tuple[str, ...]) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert run("registrar", "list", "--json").json() == []


def test_a_file_that_holds_no_registrant_is_refused_without_its_content(run: Run, tmp_path: Path) -> None:
    for content in ('{"name": "Zoë Secretly"', '["Zoë Secretly"]', '{"Secretly": "Zoë"}', '{"name": 1}'):
        (tmp_path / "bad.json").write_text(content)
        ended = run("privacy", "preview", "example.org", "--registrant", "bad.json")
        assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
        assert "Secretly" not in ended.err


def test_a_rule_that_refuses_is_exit_code_3(run: Run, holder: str) -> None:
    unknown = run("privacy", "status", "example.org")
    assert (unknown.code, unknown.err) == (3, "whoisproxy: example.org is not held here\n")
    prohibited = run("privacy", "preview", "example.nl", "--registrant", holder)
    assert prohibited.code == 3
    assert "TLD_PROHIBITED; source: sidn.nl" in prohibited.err


def test_a_database_server_that_is_away_is_exit_code_4(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://someone:passw0rd-canary@127.0.0.1:1/whoisproxy"
    monkeypatch.setenv("WHOISPROXY_DATABASE__URL", url)
    for command in ("migrate", "serve", "registrar list"):
        ended = run(*command.split())
        assert (ended.code, ended.out) == (4, "")
        assert ended.err == "whoisproxy: the database's server cannot be reached\n"


def test_a_database_that_the_server_does_not_have_is_one_line(
    run: Run, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHOISPROXY_DATABASE__URL", postgres.url("absent"))
    ended = run("migrate")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "whoisproxy: database: InvalidCatalogNameError\n"


def test_a_locked_database_is_exit_code_4(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whoisproxy.storage.engine._BUSY_MS", 50)
    assert run("migrate").code == 0
    with sqlite3.connect(tmp_path / "var" / "whoisproxy.sqlite3", isolation_level=None) as blocker:
        blocker.execute("BEGIN IMMEDIATE")
        ended = run("registrar", "add", "Acme", "--url", "https://acme.example")
    blocker.close()
    assert (ended.code, ended.out, ended.err) == (4, "", "whoisproxy: database: database is locked\n")


def test_a_file_that_is_no_database_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "whoisproxy.sqlite3").write_bytes(b"this is a letter, not a database, " * 40)
    ended = run("registrar", "list")
    assert (ended.code, ended.err) == (1, "whoisproxy: database: file is not a database\n")


@pytest.mark.parametrize("name", ["master.keys", "dkim.pem", "return-addresses.key", "smtp-tls.pem"])
def test_a_damaged_key_file_is_named(run: Run, tmp_path: Path, name: str) -> None:
    keys = tmp_path / "var" / "keys"
    keys.mkdir(parents=True)
    (keys / name).write_text("damaged")
    (keys / name).chmod(0o600)
    ended = run("serve")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert str(keys / name) in ended.err


def test_a_folder_that_cannot_be_made_is_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("WHOISPROXY_KEYS__FOLDER", str(tmp_path / "file" / "keys"))
    ended = run("keys", "rotate")
    assert (ended.code, ended.err) == (1, f"whoisproxy: {tmp_path / 'file' / 'keys'}: Not a directory\n")


def test_a_fault_of_ours_shows_its_place_and_not_its_text(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("ann@home.example")

    monkeypatch.setattr("whoisproxy.cli.tld.Catalogue.load", broken)
    ended = run("tld", "list")
    assert ended.code == 1
    assert ended.err.startswith("whoisproxy: internal error, please report it: ValueError at test_commands")
    assert "home.example" not in ended.err


def test_ctrl_c_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("whoisproxy.cli.tld.Catalogue.load", interrupted)
    ended = run("tld", "list")
    assert (ended.code, ended.err) == (1, "whoisproxy: stopped\n")


async def _examined() -> dict[str, Finding]:
    return {finding.subject: finding async for finding in examine(load())}


async def test_the_doctor_knows_whether_a_callback_account_serves_anybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "whoisproxy.toml").write_text(
        '[[callback]]\nname = "one"\nregistrar = "Acme"\nsuffixes = ["org"]\nwhois_server = "192.0.2.1:43"\n'
    )
    async with DnsServer() as dns:
        monkeypatch.setenv("WHOISPROXY_DNS__NAMESERVERS", json.dumps([dns.nameserver]))
        assert (await _examined())["callback one"].health is Health.FAILED
        async with open_core(load()) as core:
            await core.accounts.add_registrar("Acme", "https://acme.example")
        assert (await _examined())["callback one"].health is Health.OK


async def test_the_doctor_knows_how_many_sessions_a_registry_grants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    account = (
        '[[registries]]\nname = "one"\nhost = "127.0.0.1"\nport = 1\nclient_id = "abc"\n'
        'password_file = "password"\nsuffixes = ["no", "be", "org"]\n'
    )
    file = tmp_path / "whoisproxy.toml"
    async with DnsServer() as dns:
        monkeypatch.setenv("WHOISPROXY_DNS__NAMESERVERS", json.dumps([dns.nameserver]))
        file.write_text(account + "sessions = 9\n")
        found = {name: finding for name, finding in (await _examined()).items() if "sessions" in name}
        assert list(found) == ["sessions of one for .be"]
        assert found["sessions of one for .be"].health is Health.WARNING
        file.write_text(account + "sessions = 4\n")
        assert not any("sessions" in name for name in await _examined())


def test_the_doctor_wants_links_to_be_secret_on_their_way() -> None:
    assert installation.pages(Settings()).health is Health.WARNING
    secret = Settings(portal=Portal(base_url="https://mail.registrar.example"))
    assert installation.pages(secret).health is Health.OK


def test_the_doctor_exits_1_where_something_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def poor(_settings: object) -> Any:
        yield Finding("MX of relay.example", Health.FAILED, "publish it")

    monkeypatch.setattr("whoisproxy.cli.doctor.examine", poor)
    ended = run("doctor", "--json")
    assert ended.code == 1
    assert ended.json() == [{"subject": "MX of relay.example", "health": "failed", "advice": "publish it"}]
