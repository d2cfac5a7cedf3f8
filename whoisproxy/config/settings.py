"""Everything that can be set."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from whoisproxy.config.contact import Contact
from whoisproxy.config.mail import (
    Authentication,
    Checks,
    Delivery,
    Dns,
    DnsListSettings,
    Engines,
    Limits,
    Relay,
    Smtp,
)
from whoisproxy.config.registries import CallbackAccount, RegistryAccounts
from whoisproxy.config.values import Country, Listener, Mailbox, Port, Section, SharedListener
from whoisproxy.config.watch import Watch


class Database(Section):
    """Where everything is kept."""

    url: Annotated[str, Field(pattern=r"^(sqlite:///|postgresql://)")] = "sqlite:///var/whoisproxy.sqlite3"


class Keys(Section):
    """Where keys are kept; made on the first start, folder 0700, files 0600."""

    folder: Path = Path("var/keys")


class Api(Listener):
    """The registrar's REST API."""

    port: Port = 8080
    requests_per_minute: Annotated[int, Field(ge=1)] = 600


class Rdap(SharedListener):
    """RDAP; `base_url` is what the outside sees, `repository_id` the operator in IANA's list of EPP."""

    port: Port = 8081
    base_url: Annotated[str, Field(pattern=r"^https?://[^/]+(/.*)?$")] = "http://127.0.0.1:8081"
    repository_id: Annotated[str, Field(pattern=r"^\w{0,8}$")] = ""
    requests_per_minute: Annotated[int, Field(ge=1)] = 120
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    bootstrap: Path | None = None

    @model_validator(mode="after")
    def _key_has_its_certificate(self) -> "Rdap":
        if self.tls_key and not self.tls_certificate:
            raise ValueError("tls_key needs tls_certificate")
        return self


class Rdds(Section):
    """What answers RDAP and WHOIS; all processes share `cache_mib`, and an answer is kept for `cache_s`."""

    processes: Annotated[int, Field(ge=1, le=16)] = 1
    cache_mib: Annotated[int, Field(ge=1, le=65_536)] = 64
    cache_s: Annotated[int, Field(ge=1, le=3600)] = 300


class Portal(Listener):
    """The pages that links in owners' mail lead to; `base_url` is what the outside sees."""

    port: Port = 8082
    base_url: Annotated[str, Field(pattern=r"^https?://[^/\s<>\"]+(/[!-;=?-~]*)?$")] = "http://127.0.0.1:8082"
    requests_per_minute: Annotated[int, Field(ge=1)] = 300


class Whois(SharedListener):
    """WHOIS (RFC 3912)."""

    port: Port = 4343
    requests_per_minute: Annotated[int, Field(ge=1)] = 60


class BrandSettings(Section):
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


class OfficeSettings(Section):
    """Where a registrar is reached: a file of its own, never part of the settings."""

    street: Annotated[tuple[str, ...], Field(min_length=1, max_length=3)]
    city: Annotated[str, Field(min_length=1)]
    region: str = ""
    postal_code: str = ""
    country_code: Country
    phone: Annotated[str, Field(pattern=r"^\+[1-9][0-9]{5,14}$")]
    email: Mailbox
    whois_server: str = ""


class Redis(Section):
    """What several machines share besides the database; the embedded default needs none."""

    url: Annotated[str, Field(pattern=r"^((rediss?|unix)://.+)?$", repr=False)] = ""


class Catalogue(Section):
    """Files of the operator's own that override the rules of TLDs."""

    overrides: tuple[Path, ...] = ()


class Webhooks(Section):
    """Notifications to registrars' backends."""

    allow_private_addresses: bool = False


class Retention(Section):
    """How long things are kept after their use has ended."""

    messages_days: Annotated[int, Field(ge=1)] = 90
    quarantine_days: Annotated[int, Field(ge=1)] = 30
    events_days: Annotated[int, Field(ge=1)] = 90
    disclosures_days: Annotated[int, Field(ge=1)] = 730
    idempotency_hours: Annotated[int, Field(ge=1)] = 24


class Log(Section):
    """What is logged and how; no level logs persons."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Settings(Section):
    """Everything that can be set."""

    database: Database = Database()
    keys: Keys = Keys()
    api: Api = Api()
    rdap: Rdap = Rdap()
    rdds: Rdds = Rdds()
    portal: Portal = Portal()
    contact: Contact = Contact()
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
    registries: RegistryAccounts = ()
    catalogue: Catalogue = Catalogue()
    webhooks: Webhooks = Webhooks()
    retention: Retention = Retention()
    log: Log = Log()
    callback: tuple[CallbackAccount, ...] = ()
    watch: Watch = Watch()

    @model_validator(mode="after")
    def _has_one_root(self) -> "Settings":
        # One application serves both, and its links begin at one path.
        if self.contact.base_url and urlsplit(self.portal.base_url).path.rstrip("/"):
            raise ValueError("contact.base_url needs a portal.base_url without a path")
        return self

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
