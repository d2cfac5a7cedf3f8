"""Settings: what is documented loads, what is wrong is refused with file, key and reason."""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from whoisproxy.config import (
    CallbackAccount,
    ClamAvSettings,
    ConfigurationError,
    DnsListSettings,
    Engines,
    RegistryAccount,
    RspamdSettings,
    Settings,
    SpamAssassinSettings,
    load,
    load_brand,
)

EXAMPLE = Path(__file__).parents[2] / "whoisproxy.example.toml"


# Sections of which there may be many.
_TABLES: dict[str, type[BaseModel]] = {
    "registries": RegistryAccount,
    "callback": CallbackAccount,
    "dns_lists": DnsListSettings,
}


def _section(annotation: object) -> type[BaseModel] | None:
    """Return the section that a field holds, or may hold."""
    kinds = [annotation, *get_args(annotation)]
    return next((one for one in kinds if isinstance(one, type) and issubclass(one, BaseModel)), None)


def _keys(model: type[BaseModel], prefix: str = "") -> set[str]:
    found = set()
    for name, field in model.model_fields.items():
        if name not in _TABLES and (section := _section(field.annotation)):
            found |= _keys(section, f"{prefix}{name}.")
        elif name not in _TABLES:
            found.add(prefix + name)
    return found


def _documented(text: str) -> set[str]:
    found, section = set(), ""
    for line in text.splitlines():
        plain = line.removeprefix("# ")
        if header := re.fullmatch(r"\[+([\w.]+)\]+", plain):
            section = header[1]
        elif key := re.match(r"(\w+) = ", plain):
            found.add(f"{section}.{key[1]}")
    return found


def test_every_key_is_documented_in_the_example_and_no_other() -> None:
    expected = _keys(Settings) | {
        f"{table}.{name}" for table in _TABLES for name in _TABLES[table].model_fields
    }
    assert _documented(EXAMPLE.read_text()) == expected


def test_the_example_states_the_defaults() -> None:
    assert load(EXAMPLE, {}).model_dump() == _anchored_defaults()


def _anchored_defaults() -> dict[str, object]:
    empty = EXAMPLE.with_name("no-such-file")
    root = empty.parent
    defaults = Settings().model_dump()
    defaults["database"]["url"] = f"sqlite:///{root}/var/whoisproxy.sqlite3"
    defaults["keys"]["folder"] = root / "var/keys"
    return defaults


def test_the_example_loads_with_its_comments_taken_away(tmp_path: Path) -> None:
    file = tmp_path / "all.toml"
    lines = EXAMPLE.read_text().splitlines()
    file.write_text("\n".join(re.sub(r"^# (?=\w+ = |\[)", "", line) for line in lines))
    settings = load(file, {})
    assert settings.registries[0].suffixes == ("org", "eu")
    assert settings.dns_lists[0].answers == {
        "127.0.0.2/31": "reject", "127.0.0.10": "doubtful", "127.0.0.0/8": 1.5
    }  # fmt: skip
    assert settings.engines == Engines(
        clamav=ClamAvSettings(address="/run/clamav/clamd.ctl"),
        rspamd=RspamdSettings(url="http://127.0.0.1:11333"),
        spamassassin=SpamAssassinSettings(address="127.0.0.1:783"),
    )
    assert settings.registries[0].password_file == tmp_path / "secrets/example-registry.password"


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    file = tmp_path / "whoisproxy.toml"
    file.write_text("[smtp]\nport = 26\n")
    settings = load(file, {"WHOISPROXY_SMTP__PORT": "27", "WHOISPROXY_RELAY__DOMAIN": "mail.example"})
    assert (settings.smtp.port, settings.relay.domain) == (27, "mail.example")


def test_rdap_listens_at_one_address_or_several_and_finds_its_files(tmp_path: Path) -> None:
    file = tmp_path / "whoisproxy.toml"
    file.write_text('[rdap]\nhost = "::1"\ntls_certificate = "rdap.pem"\nbootstrap = "/srv/dns.json"\n')
    settings = load(file, {})
    assert settings.rdap.hosts == ("::1",)
    assert (settings.rdap.tls_certificate, settings.rdap.bootstrap) == (
        tmp_path / "rdap.pem",
        Path("/srv/dns.json"),
    )
    assert load(file, {"WHOISPROXY_RDAP__HOST": '["127.0.0.2", "::"]'}).rdap.hosts == ("127.0.0.2", "::")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[smtp]\nprot = 25", "smtp.prot: unknown key"),
        ("[mtp]\nport = 25", "mtp: unknown key"),
        ("[smtp]\nport = 99999", "smtp.port: Input should be less than or equal to 65535"),
        ('[smtp]\nhost = "nowhere"', "smtp.host: Value error"),
        ('[rdap]\nhost = ["127.0.0.1", "nowhere"]', "rdap.host.1: Value error"),
        ("[rdap]\nhost = []", "rdap.host: Tuple should have at least 1 item"),
        ('[rdap]\ntls_key = "secret.key"', "rdap: Value error, tls_key needs tls_certificate"),
        ('[dns]\nnameservers = ["127.0.0.1:0"]', "dns.nameservers.0: Value error, port must be"),
        ('[database]\nurl = "mysql://secret@x"', "database.url: is not written as it must be"),
        ('[delivery]\nsmarthost_username = "relay"', "delivery: Value error, smarthost_username and"),
        (
            '[delivery]\nsmarthost_username = "relay"\nsmarthost_password_file = "x"\nsmarthost_tls = "none"',
            "delivery: Value error, a password is sent over TLS only",
        ),
        (
            '[authentication]\narc = false\ntrusted_arc_sealers = ["secret.example"]',
            "authentication: Value error, trusted_arc_sealers need arc = true",
        ),
        (
            "[authentication]\narc = false\narc_sealing = true",
            "authentication: Value error, arc_sealing needs arc = true",
        ),
        (
            '[engines.rspamd]\nurl = "http://secret:1"\ntag = 9\nhold = 8',
            "engines.rspamd: Value error, hold must be above tag",
        ),
        ('[engines.clamav]\naddress = "secret"', "engines.clamav.address: is not written as it must be"),
        ("[smtp", "Expected"),
        (
            '[[callback]]\nname = "one"\nregistrar = "secret"\nsuffixes = ["org"]',
            "callback.0: Value error, rdap_base_url or whois_server is needed",
        ),
    ],
)
def test_a_bad_setting_is_refused_with_file_key_and_reason(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "whoisproxy.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as refusal:
        load(file, {})
    assert str(file) in str(refusal.value)
    assert message in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_two_registry_accounts_of_one_name_are_refused(tmp_path: Path) -> None:
    """Their sessions would be counted as one account's."""
    account = '[[registries]]\nname = "one"\nhost = "a.example"\nclient_id = "abc"\n'
    account += 'password_file = "password"\nsuffixes = ["org"]\n'
    (tmp_path / "whoisproxy.toml").write_text(2 * account)
    with pytest.raises(ConfigurationError, match="registries: Value error, two accounts have the same name"):
        load(tmp_path / "whoisproxy.toml", {})


def test_a_suffix_served_by_two_accounts_is_refused(tmp_path: Path) -> None:
    account = '[[registries]]\nname = "{}"\nhost = "a.example"\nclient_id = "abc"\n'
    account += 'password_file = "password"\nsuffixes = ["eu", "org"]\n'
    file = tmp_path / "whoisproxy.toml"
    file.write_text(account.format("one") + account.format("two").replace('"eu"', '"org"'))
    with pytest.raises(ConfigurationError, match=r"two accounts serve \.org"):
        load(file, {})


def test_a_shared_mailbox_and_a_backend_of_the_same_ending_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "whoisproxy.toml"
    account = '[[registries]]\nname = "one"\nhost = "a.example"\nclient_id = "abc"\n'
    account += 'password_file = "password"\nsuffixes = ["org", "eu"]\n'
    backend = (
        '[[callback]]\nname = "two"\nregistrar = "Acme"\nsuffixes = ["eu"]\nwhois_server = "a.example:43"\n'
    )
    file.write_text(account + backend)
    assert load(file, {}).registries[0].shared_email is None
    file.write_text(account + 'shared_email = "secret@a.example"\n' + backend)
    with pytest.raises(ConfigurationError, match=r"registries one .* serves \.eu too") as refusal:
        load(file, {})
    assert "secret" not in str(refusal.value)
    file.write_text(account + 'shared_email = "secret@a.example"\n' + backend.replace('"eu"', '"ca"'))
    assert load(file, {}).registries[0].shared_email


def test_a_registrars_own_brand_is_complete_or_refused(tmp_path: Path) -> None:
    """A default would be published in its name."""
    file = tmp_path / "brand.toml"
    section = EXAMPLE.read_text().partition("[brand]")[2].partition("\n[")[0]
    file.write_text(section)
    assert load_brand(file) == Settings().brand
    file.write_text(section.replace("city =", "town ="))
    with pytest.raises(ConfigurationError, match="city: missing"):
        load_brand(file)
    file.write_text(section + 'colour = "red"\n')
    with pytest.raises(ConfigurationError, match="colour: unknown key"):
        load_brand(file)


def test_a_missing_or_binary_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        load(tmp_path / "missing.toml", {})
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="is not UTF-8"):
        load(binary, {})
