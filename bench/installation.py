"""A service's settings and its many domains, at the service and at the sandbox registry, for the benches.

Registering a domain is not what is measured: the registry's database is filled directly, the service's by its
own import.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

from bench.processes import RunningRegistry, import_domains
from registries.contact import Contact, Role
from registries.sandbox.authority import CertificateAuthority
from registries.sandbox.records import ContactRecord, DomainRecord, Origin
from registries.sandbox.store import State, Store
from registries.sandbox.values import Address, Phone, PostalInfo
from whoisproxy.demo.cast import REGISTRANT
from whoisproxy.domain.registrant import Registrant
from whoisproxy.services.identities import registrant_contact

CONSENT = {"by": "account 4711, panel", "at": "2026-11-24T09:00:00Z", "text_version": "2026-01"}

_ROLES = (Role.REGISTRANT, Role.ADMIN, Role.TECH)
_BATCH = 1000
_HANDLE_CHARACTERS = 16  # as many as RFC 5730's clIDType admits
_YEAR = timedelta(days=365)
_CONFIGURATION = """
[database]
url = "{database}"
[keys]
folder = "keys"
[api]
port = {api_port}
requests_per_minute = 100000000
[rdap]
port = 0
[portal]
port = 0
[whois]
port = 0
[smtp]
port = 0
[log]
level = "{log_level}"
[[registries]]
name = "sandbox"
host = "127.0.0.1"
port = {port}
client_id = "{account}"
password_file = "registry.password"
ca_file = "{ca_file}"
suffixes = {suffixes}
sessions = {sessions}
"""


def configure(  # noqa: PLR0913 - by name; what a service is told
    folder: Path,
    sandbox: RunningRegistry,
    suffixes: Sequence[str],
    *,
    sessions: int,
    database: str = "sqlite:///whoisproxy.sqlite3",
    api_port: int = 0,
    log_level: str = "error",
) -> Path:
    """Write the settings of a service that has one registry account, and return their file."""
    secret = folder / "registry.password"
    secret.touch(mode=0o600)
    secret.write_text(sandbox.password)
    file = folder / "whoisproxy.toml"
    file.write_text(
        _CONFIGURATION.format(
            database=database,
            api_port=api_port,
            log_level=log_level,
            port=sandbox.port,
            account=sandbox.account,
            ca_file=CertificateAuthority(sandbox.certificates).ca_file,
            suffixes=json.dumps(list(suffixes)),
            sessions=sessions,
        )
    )
    return file


def mailbox_of(domain: str) -> str:
    """Return the mailbox of a domain's registrant; each domain has its own."""
    return f"{domain.replace('.', '-')}@home.example"


def import_all(config: Path, names: Iterable[str]) -> None:
    """Import domains into the service."""
    file = config.with_name("domains.ndjson")
    with file.open("w") as stream:
        for name in names:
            registrant = {**REGISTRANT, "email": mailbox_of(name)}
            line = {"domain": name, "registrant": registrant, "registrant_verified": True}
            stream.write(json.dumps(line) + "\n")
    import_domains(config, file)


async def register_all(sandbox: RunningRegistry, names: Sequence[str], thin: Sequence[str] = ()) -> None:
    """Register domains at the registry, each with a contact of its own unless its suffix is a thin one."""
    async with Store(sandbox.database) as store:
        for start in range(0, len(names), _BATCH):
            batch = names[start : start + _BATCH]
            await store.transact(partial(_register, account=sandbox.account, names=batch, thin=thin))


def _register(state: State, account: str, names: Iterable[str], thin: Sequence[str]) -> None:
    now = datetime.now(UTC)
    origin = Origin(account, account, now)
    for name in names:
        holds_contacts = name.rpartition(".")[2] not in thin
        handle = sha256(name.encode()).hexdigest()[:_HANDLE_CHARACTERS]
        if holds_contacts:
            holder = registrant_contact(Registrant.parse({**REGISTRANT, "email": mailbox_of(name)}))
            state.contacts.add(_contact(handle, origin, holder))
        contacts = tuple((role, handle) for role in _ROLES) if holds_contacts else ()
        state.domains.add(
            DomainRecord(name, "", origin, now + _YEAR, "a7-Registered", frozenset(), (), contacts)
        )


def _contact(handle: str, origin: Origin, holder: Contact) -> ContactRecord:
    address = Address(holder.street, holder.city, holder.region, holder.postal_code, holder.country_code)
    return ContactRecord(
        handle=handle,
        roid="",
        origin=origin,
        postal=(PostalInfo("loc", holder.name, None, address),),
        voice=Phone(holder.phone),
        fax=None,
        email=holder.email,
        authorization="a7-Registered",
        statuses=frozenset(),
        disclosure={},
    )
