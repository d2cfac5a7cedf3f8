"""Settings of accounts at registries, and of registrars that write there themselves."""

from collections import Counter
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from whoisproxy.config.values import Host, Mailbox, Section


class RegistryAccount(Section):
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


class CallbackAccount(Section):
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


def _check_apart(accounts: tuple[RegistryAccount, ...]) -> tuple[RegistryAccount, ...]:
    # The database counts an account's sessions under its name.
    if len({account.name for account in accounts}) < len(accounts):
        raise ValueError("two accounts have the same name")
    served = Counter(suffix for account in accounts for suffix in set(account.suffixes))
    for suffix, count in served.items():
        if count > 1:
            raise ValueError(f"two accounts serve .{suffix}")
    return accounts


RegistryAccounts = Annotated[tuple[RegistryAccount, ...], AfterValidator(_check_apart)]
