"""Settings of the mail relay."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from whoisproxy.config.values import (
    EngineAddress,
    Host,
    ListAnswers,
    Listener,
    ListMeaning,
    Mailbox,
    Nameserver,
    Port,
    Section,
)


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


class Authentication(Section):
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


class Dns(Section):
    """Name servers to ask; empty uses those of the system."""

    nameservers: tuple[Nameserver, ...] = ()
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    validating: bool = False


class Delivery(Section):
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


class Relay(Section):
    """The domain of relay addresses and how long an old address goes on working."""

    domain: Host = "relay.localhost"
    grace_s: Annotated[int, Field(ge=0)] = 30 * 86400
    dkim_selector: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = "whoisproxy"
    operator_mailbox: Mailbox | None = None
    contact_url: Annotated[str, Field(pattern=r"^(https?://[!-~]{1,300})?$")] = ""


class Limits(Section):
    """How much mail one network (/24, /56) may bring."""

    connections_per_minute: Annotated[int, Field(ge=1)] = 120
    messages_per_minute: Annotated[int, Field(ge=1)] = 300
    octets_per_minute: Annotated[int, Field(ge=1024 * 1024)] = 256 * 1024 * 1024
    recipients_per_minute: Annotated[int, Field(ge=1)] = 600
    errors_per_hour: Annotated[int, Field(ge=1)] = 600
    unknown_recipients_per_hour: Annotated[int, Field(ge=1)] = 30
    recipients_per_message: Annotated[int, Field(ge=1)] = 50


class DnsListSettings(Section):
    """A blocklist or allow list in the DNS (RFC 5782), and what its answers mean."""

    zone: Host
    answers: Annotated[dict[ListAnswers, ListMeaning], Field(min_length=1)]


class Checks(Section):
    """How clients are judged, and whose mail nothing may stop."""

    greylisting: bool = True
    greylist_delay_s: Annotated[int, Field(ge=1, le=3600)] = 60
    similar_texts_hours: Annotated[int, Field(ge=1, le=720)] = 48
    similar_texts_mib: Annotated[int, Field(ge=1, le=65536)] = 64
    protected_senders: tuple[Path, ...] = ()


class EngineSettings(Section):
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
    actions: dict[str, Annotated[float, Field(ge=0, le=10)]] = Field(
        default_factory=lambda: {"reject": 5.0, "add header": 3.5, "rewrite subject": 3.5}
    )


class SpamAssassinSettings(_SpamEngineSettings):
    """SpamAssassin's daemon."""

    address: EngineAddress
    tag: Annotated[float, Field(gt=0)] = 5.0
    hold: Annotated[float, Field(gt=0)] = 10.0
    size_octets: Annotated[int, Field(ge=1024)] = 512 * 1024


class ClamAvSettings(EngineSettings):
    """ClamAV's daemon."""

    address: EngineAddress


class Engines(Section):
    """Daemons that judge messages, none by default."""

    rspamd: RspamdSettings | None = None
    spamassassin: SpamAssassinSettings | None = None
    clamav: ClamAvSettings | None = None
