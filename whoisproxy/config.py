"""Settings: frozen values from one TOML file and the environment; a bad one is refused at start.

Environment: `WHOISPROXY_SECTION__KEY=value` overrides `key` of `[section]`. The value is read as TOML
(`25`, `true`, `["a"]`) and, where it is none, as a string. Relative paths start at the folder of the
file, or at the working directory where there is no file.
"""

import os
import tomllib
from collections import Counter
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

_ENVIRONMENT_PREFIX = "WHOISPROXY_"


class ConfigurationError(Exception):
    """A setting is unknown or wrong. The message names file, key and reason, never the value."""


def _check_address(text: str) -> str:
    ip_address(text)
    return text


def _check_nameserver(text: str) -> str:
    host, _, port = text.rpartition(":")
    ip_address(host.strip("[]") if host else text)
    if host and not 0 < int(port) < 2**16:
        raise ValueError("port must be 1 to 65535")
    return text


def _check_list_answers(text: str) -> str:
    IPv4Network(text)
    return text


Address = Annotated[str, AfterValidator(_check_address)]
Nameserver = Annotated[str, AfterValidator(_check_nameserver)]
ListAnswers = Annotated[str, AfterValidator(_check_list_answers)]
ListMeaning = Literal["allow", "reject", "doubtful"] | Annotated[float, Field(gt=0, le=20)]
Port = Annotated[int, Field(ge=0, le=65535)]
Host = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$")]
Mailbox = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
EngineAddress = Annotated[str, Field(pattern=r"^(/[!-~]+|([a-z0-9.-]+|\[[0-9a-f:]+\]):[0-9]{1,5})$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


SectionT = TypeVar("SectionT", bound=_Section)


class Database(_Section):
    """Where everything is kept."""

    url: Annotated[str, Field(pattern=r"^(sqlite:///|postgresql://)")] = "sqlite:///var/whoisproxy.sqlite3"


class Keys(_Section):
    """Where keys are kept; made on the first start, folder 0700, files 0600."""

    folder: Path = Path("var/keys")


class Listener(_Section):
    """An address to listen at; port 0 lets the system choose."""

    host: Address = "127.0.0.1"
    port: Port


class Api(Listener):
    """The registrar's REST API."""

    port: Port = 8080
    requests_per_minute: Annotated[int, Field(ge=1)] = 600


class Rdap(Listener):
    """RDAP; `base_url` is what the outside sees."""

    port: Port = 8081
    base_url: Annotated[str, Field(pattern=r"^https?://[^/]+(/.*)?$")] = "http://127.0.0.1:8081"
    requests_per_minute: Annotated[int, Field(ge=1)] = 120


class Portal(Listener):
    """The pages that links in owners' mail lead to; `base_url` is what the outside sees."""

    port: Port = 8082
    base_url: Annotated[str, Field(pattern=r"^https?://[^/\s<>\"]+(/[!-;=?-~]*)?$")] = "http://127.0.0.1:8082"
    requests_per_minute: Annotated[int, Field(ge=1)] = 60


class Whois(Listener):
    """WHOIS (RFC 3912)."""

    port: Port = 4343
    requests_per_minute: Annotated[int, Field(ge=1)] = 60


class Smtp(Listener):
    """The relay's inbound mail server."""

    port: Port = 2525
    processes: Annotated[int, Field(ge=1, le=16)] = 1
    hostname: Host = "relay.localhost"
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    size_octets: Annotated[int, Field(ge=65536)] = 25 * 1024 * 1024
    connections: Annotated[int, Field(ge=1)] = 500
    connections_per_address: Annotated[int, Field(ge=1)] = 20
    connections_per_network: Annotated[int, Field(ge=1)] = 100
    tls_port: Port = 0
    proxy_protocol_from: tuple[IPv4Network | IPv6Network, ...] = ()
    greet_delay_s: Annotated[float, Field(ge=0, le=30)] = 0.0


class Authentication(_Section):
    """How senders are authenticated beyond SPF, DKIM and DMARC."""

    arc: bool = True
    trusted_arc_sealers: tuple[Host, ...] = ()
    arc_sealing: bool = False

    @model_validator(mode="after")
    def _chains_are_looked_at(self) -> "Authentication":
        if self.trusted_arc_sealers and not self.arc:
            raise ValueError("trusted_arc_sealers need arc = true")
        if self.arc_sealing and not self.arc:
            raise ValueError("arc_sealing needs arc = true: a seal says what became of the chain before")
        return self


class Dns(_Section):
    """Name servers to ask; empty uses those of the system."""

    nameservers: tuple[Nameserver, ...] = ()
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    validating: bool = False


class Delivery(_Section):
    """How relayed mail leaves."""

    port: Annotated[int, Field(ge=1, le=65535)] = 25
    smarthost: Annotated[str, Field(pattern=r"^([a-z0-9.:\[\]-]+:\d+)?$")] = ""
    smarthost_tls: Literal["none", "starttls", "implicit"] = "starttls"
    smarthost_username: str = ""
    smarthost_password_file: Path | None = None
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 300.0
    allow_private_addresses: bool = False
    address_families: Annotated[tuple[Literal["ipv6", "ipv4"], ...], Field(min_length=1)] = ("ipv6", "ipv4")
    connections_per_server: Annotated[int, Field(ge=1, le=1000)] = 20
    retry_after_s: tuple[Annotated[int, Field(ge=1)], ...] = ()
    workers: Annotated[int, Field(ge=1, le=1000)] = 64
    journal_folder: Path | None = None

    @model_validator(mode="after")
    def _keeps_the_password_secret(self) -> "Delivery":
        if bool(self.smarthost_username) != bool(self.smarthost_password_file):
            raise ValueError("smarthost_username and smarthost_password_file go together")
        if self.smarthost_username and self.smarthost_tls == "none":
            raise ValueError("a password is sent over TLS only: smarthost_tls must not be none")
        return self


class Relay(_Section):
    """The domain of relay addresses and how long an old address goes on working."""

    domain: Host = "relay.localhost"
    grace_s: Annotated[int, Field(ge=0)] = 30 * 86400
    dkim_selector: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = "whoisproxy"
    operator_mailbox: Mailbox | None = None
    contact_url: Annotated[str, Field(pattern=r"^(https?://[!-~]{1,300})?$")] = ""


class BrandSettings(_Section):
    """The proxy identity of registrars that have no brand of their own."""

    name: str = "whoisproxy"
    organization: str = "Privacy service provided by whoisproxy"
    street: Annotated[tuple[str, ...], Field(min_length=1, max_length=3)] = ("Relay Street 1",)
    city: str = "Geneva"
    region: str = ""
    postal_code: str = "1200"
    country_code: Country = "CH"
    phone: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{5,14}$")] = "+41225550100"
    abuse_email: Mailbox = "abuse@relay.localhost"
    abuse_phone: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{5,14}$")] = "+41225550101"
    terms_url: str = "https://relay.localhost/terms"


class RegistryAccount(_Section):
    """An EPP account at a registry, and what the registry grants it."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 700
    client_id: Annotated[str, Field(min_length=3, max_length=16)]
    password_file: Path
    ca_file: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    server_name: str = ""
    suffixes: Annotated[tuple[Host, ...], Field(min_length=1)]
    sessions: Annotated[int, Field(ge=1, le=64)] = 1
    registrar: str = ""
    shared_email: Mailbox | None = None
    requests_per_minute: Annotated[int, Field(ge=10)] | None = None
    session_commands: Annotated[int, Field(ge=10)] = 1000
    session_age_s: Annotated[float, Field(ge=60)] = 6 * 3600.0
    hello_s: Annotated[float, Field(ge=5)] = 60.0
    connect_s: Annotated[float, Field(gt=0, le=600)] = 10.0
    answer_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    wait_s: Annotated[float, Field(gt=0, le=600)] = 30.0


def _check_apart(accounts: tuple[RegistryAccount, ...]) -> tuple[RegistryAccount, ...]:
    # The database counts an account's sessions under its name.
    if len({account.name for account in accounts}) < len(accounts):
        raise ValueError("two accounts have the same name")
    served = Counter(suffix for account in accounts for suffix in set(account.suffixes))
    for suffix, count in served.items():
        if count > 1:
            raise ValueError(f"two accounts serve .{suffix}")
    return accounts


class CallbackAccount(_Section):
    """A registrar that writes contacts at the registry itself, and where the public reads them."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    registrar: str
    suffixes: Annotated[tuple[Host, ...], Field(min_length=1)]
    deadline_hours: Annotated[int, Field(ge=1, le=720)] = 72
    settle_minutes: Annotated[int, Field(ge=0, le=1440)] = 15
    rdap_base_url: Annotated[str, Field(pattern=r"^(https?://[^/]+(/.*)?)?$")] = ""
    whois_server: Annotated[str, Field(pattern=r"^([a-z0-9.-]+:\d{1,5})?$")] = ""
    allow_private_addresses: bool = False

    @model_validator(mode="after")
    def _can_be_verified(self) -> "CallbackAccount":
        if not self.rdap_base_url and not self.whois_server:
            raise ValueError("rdap_base_url or whois_server is needed: nothing else proves a change")
        return self


class Limits(_Section):
    """How much mail one network (/24, /56) may bring."""

    connections_per_minute: Annotated[int, Field(ge=1)] = 120
    messages_per_minute: Annotated[int, Field(ge=1)] = 300
    octets_per_minute: Annotated[int, Field(ge=1024 * 1024)] = 256 * 1024 * 1024
    recipients_per_minute: Annotated[int, Field(ge=1)] = 600
    errors_per_hour: Annotated[int, Field(ge=1)] = 600
    unknown_recipients_per_hour: Annotated[int, Field(ge=1)] = 30
    recipients_per_message: Annotated[int, Field(ge=1)] = 50


class DnsListSettings(_Section):
    """A blocklist or allow list in the DNS (RFC 5782), and what its answers mean."""

    zone: Host
    answers: Annotated[dict[ListAnswers, ListMeaning], Field(min_length=1)]


class Checks(_Section):
    """How clients are judged, and whose mail nothing may stop."""

    greylisting: bool = True
    greylist_delay_s: Annotated[int, Field(ge=1, le=3600)] = 60
    similar_texts_hours: Annotated[int, Field(ge=1, le=720)] = 48
    similar_texts_mib: Annotated[int, Field(ge=1, le=65536)] = 64
    protected_senders: tuple[Path, ...] = ()


class EngineSettings(_Section):
    """What all engines have in common.

    The deadline is less than what a check has: it is the engine that gives up, not the check.
    """

    deadline_s: Annotated[float, Field(gt=0, le=9)] = 5.0
    when_down: Literal["defer", "skip"] = "defer"
    size_octets: Annotated[int, Field(ge=1024)] = 25 * 1024 * 1024
    at_once: Annotated[int, Field(ge=1, le=1000)] = 8


class _SpamEngineSettings(EngineSettings):
    """An engine that gives scores of its own."""

    tag: Annotated[float, Field(gt=0)]
    hold: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _scores_are_in_order(self) -> "_SpamEngineSettings":
        if self.hold <= self.tag:
            raise ValueError("hold must be above tag")
        return self


class RspamdSettings(_SpamEngineSettings):
    """Rspamd; `actions` gives points to what it would do with a message."""

    size_octets: Annotated[int, Field(ge=1024)] = 2 * 1024 * 1024
    url: Annotated[str, Field(pattern=r"^https?://[^/\s?#]+(/[^\s?#]*)?$")]
    tag: Annotated[float, Field(gt=0)] = 6.0
    hold: Annotated[float, Field(gt=0)] = 15.0
    actions: dict[str, Annotated[float, Field(ge=0, le=10)]] = {
        "reject": 5.0,
        "add header": 3.5,
        "rewrite subject": 3.5,
    }


class SpamAssassinSettings(_SpamEngineSettings):
    """SpamAssassin's daemon."""

    address: EngineAddress
    tag: Annotated[float, Field(gt=0)] = 5.0
    hold: Annotated[float, Field(gt=0)] = 10.0
    size_octets: Annotated[int, Field(ge=1024)] = 512 * 1024


class ClamAvSettings(EngineSettings):
    """ClamAV's daemon."""

    address: EngineAddress


class Engines(_Section):
    """Daemons that judge messages, none by default."""

    rspamd: RspamdSettings | None = None
    spamassassin: SpamAssassinSettings | None = None
    clamav: ClamAvSettings | None = None


class Redis(_Section):
    """What several machines share besides the database; the embedded default needs none."""

    url: Annotated[str, Field(pattern=r"^((rediss?|unix)://.+)?$", repr=False)] = ""


class Catalogue(_Section):
    """Files of the operator's own that override the rules of TLDs."""

    overrides: tuple[Path, ...] = ()


class Webhooks(_Section):
    """Notifications to registrars' backends."""

    allow_private_addresses: bool = False


class Retention(_Section):
    """How long things are kept after their use has ended."""

    messages_days: Annotated[int, Field(ge=1)] = 90
    quarantine_days: Annotated[int, Field(ge=1)] = 30
    events_days: Annotated[int, Field(ge=1)] = 90
    idempotency_hours: Annotated[int, Field(ge=1)] = 24


class Log(_Section):
    """What is logged and how; no level logs persons."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Settings(_Section):
    """Everything that can be set."""

    database: Database = Database()
    keys: Keys = Keys()
    api: Api = Api()
    rdap: Rdap = Rdap()
    portal: Portal = Portal()
    whois: Whois = Whois()
    smtp: Smtp = Smtp()
    authentication: Authentication = Authentication()
    dns: Dns = Dns()
    delivery: Delivery = Delivery()
    relay: Relay = Relay()
    brand: BrandSettings = BrandSettings()
    limits: Limits = Limits()
    checks: Checks = Checks()
    engines: Engines = Engines()
    redis: Redis = Redis()
    dns_lists: tuple[DnsListSettings, ...] = ()
    registries: Annotated[tuple[RegistryAccount, ...], AfterValidator(_check_apart)] = ()
    catalogue: Catalogue = Catalogue()
    webhooks: Webhooks = Webhooks()
    retention: Retention = Retention()
    log: Log = Log()
    callback: tuple[CallbackAccount, ...] = ()

    @model_validator(mode="after")
    def _shares_with_nobody_else(self) -> "Settings":
        # The rule of an ending has one mailbox; a backend's domains would publish it as theirs.
        by_backends = {suffix for backend in self.callback for suffix in backend.suffixes}
        for account in self.registries:
            if account.shared_email and (both := by_backends.intersection(account.suffixes)):
                raise ValueError(
                    f"registries {account.name} has a shared_email, yet [[callback]] serves .{min(both)} too"
                )
        return self


def load(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings.

    Args:
        path: The TOML file; None reads `./whoisproxy.toml` where it exists, else the defaults.
        environment: Variables that override the file; None takes the process's own.

    Raises:
        ConfigurationError: The file cannot be read, a key is unknown, a value is bad.
    """
    file = path or (Path("whoisproxy.toml") if Path("whoisproxy.toml").exists() else None)
    raw = _read(file) if file else {}
    _override(raw, os.environ if environment is None else environment)
    settings = _validated(Settings, raw, str(file) if file else "environment")
    return _anchored(settings, file.resolve().parent if file else Path.cwd())


def load_brand(file: Path) -> BrandSettings:
    """Read a registrar's own brand: a TOML file with every key of `[brand]`, for it would be published.

    Raises:
        ConfigurationError: The file cannot be read, a key is unknown or missing, a value is bad.
    """
    raw = _read(file)
    missing = sorted(set(BrandSettings.model_fields) - set(raw))
    if missing:
        raise ConfigurationError(f"{file}: {', '.join(missing)}: missing")
    return _validated(BrandSettings, raw, str(file))


# In place of pydantic's texts, of which one speaks of inputs and the other shows a regular expression.
_REASONS = {
    "extra_forbidden": "unknown key",
    "string_pattern_mismatch": "is not written as it must be; whoisproxy.example.toml shows how",
}


def _validated(section: type[SectionT], raw: dict[str, Any], origin: str) -> SectionT:
    try:
        return section.model_validate(raw)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False)[0]
        key = ".".join(str(part) for part in problem["loc"])
        reason = _REASONS.get(problem["type"], problem["msg"])
        raise ConfigurationError(": ".join(filter(None, (origin, key, reason)))) from None


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file}: is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{file}: {error}") from None


def _override(raw: dict[str, Any], environment: Mapping[str, str]) -> None:
    for name, text in sorted(environment.items()):
        section, separator, key = name.removeprefix(_ENVIRONMENT_PREFIX).lower().partition("__")
        if not name.startswith(_ENVIRONMENT_PREFIX) or not separator:
            continue
        target = raw.setdefault(section, {})
        if not isinstance(target, dict):
            raise ConfigurationError(f"environment: {name}: only keys of plain sections can be overridden")
        target[key] = _value(text)


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _anchored(settings: Settings, root: Path) -> Settings:
    """Return the settings with every relative path below `root`."""
    prefix = "sqlite:///"
    url = settings.database.url
    if url.startswith(prefix):
        url = prefix + str(root / url.removeprefix(prefix))
    return settings.model_copy(
        update={
            "database": settings.database.model_copy(update={"url": url}),
            "keys": _below(settings.keys, root),
            "smtp": _below(settings.smtp, root),
            "delivery": _below(settings.delivery, root),
            "registries": tuple(_below(account, root) for account in settings.registries),
            "checks": settings.checks.model_copy(
                update={"protected_senders": tuple(root / path for path in settings.checks.protected_senders)}
            ),
            "catalogue": Catalogue(overrides=tuple(root / path for path in settings.catalogue.overrides)),
        }
    )


def _below(section: SectionT, root: Path) -> SectionT:
    paths = {
        name: root / value
        for name in type(section).model_fields
        if isinstance(value := getattr(section, name), Path)
    }
    return section.model_copy(update=paths)
