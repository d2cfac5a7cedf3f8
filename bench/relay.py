"""The service as a mail relay, for the benches: its settings, and as many relay addresses as are wanted.

Registering a domain and switching its privacy on is not what is measured, so both are written straight into
the database, by the repositories of the service.
"""

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from bench.installation import mailbox_of
from bench.peers import RELAY_DOMAIN, Peer
from bench.processes import service
from registries.contact import Role
from tests.support.postgres import postgres_server
from whoisproxy.config import load
from whoisproxy.demo.cast import REGISTRANT
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import PrivacyState, PrivacyStatus, initial
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import Registration
from whoisproxy.runtime.core import open_core
from whoisproxy.services import relay_addresses
from whoisproxy.storage.unit_of_work import UnitOfWork

_BATCH = 500
_ROLES = (Role.REGISTRANT, Role.ADMIN, Role.TECH)
_ON = PrivacyStatus(PrivacyState.ENABLED, wanted=True, published=True)
# Of the letters' signature, and of ours.
_PROOF = (r"Authentication-Results: mx\.relay\.example;[^:]*\bdkim=pass", rf"\bd={RELAY_DOMAIN}\b")
_CONFIGURATION = """
[database]
url = "{database}"
[keys]
folder = "keys"
[api]
port = 0
[rdap]
port = 0
[whois]
port = 0
[smtp]
port = {port}
hostname = "mx.relay.example"
{smtp}
[authentication]
{authentication}
[dns]
nameservers = ["127.0.0.1:{names}"]
[delivery]
smarthost = "127.0.0.1:{sink}"
smarthost_tls = "none"
{delivery}
[relay]
domain = "{domain}"
[limits]
connections_per_minute = 1000000
messages_per_minute = 1000000
recipients_per_minute = 1000000
octets_per_minute = 1000000000000
errors_per_hour = 1000000
[log]
level = "{log_level}"
"""


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """What differs between installations.

    Attributes:
        names: Port of the name server on loopback.
        sink: Port on loopback where everything is delivered.
        port: Of the relay; 0 lets the system choose.
        smtp: Other settings of `[smtp]`, values in TOML.
        delivery: The same for `[delivery]`.
        authentication: The same for `[authentication]`.
    """

    names: int
    sink: int
    port: int = 0
    database: str = "sqlite:///whoisproxy.sqlite3"
    log_level: str = "error"
    smtp: Mapping[str, str] = field(default_factory=dict)
    delivery: Mapping[str, str] = field(default_factory=dict)
    authentication: Mapping[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Write the settings into a folder and return their file."""
        file = folder / "whoisproxy.toml"
        file.write_text(
            _CONFIGURATION.format(
                database=self.database,
                port=self.port,
                names=self.names,
                sink=self.sink,
                smtp=_lines(self.smtp),
                delivery=_lines(self.delivery),
                authentication=_lines(self.authentication),
                domain=RELAY_DOMAIN,
                log_level=self.log_level,
            )
        )
        return file


def put_off(folder: Path) -> None:
    """Let what is deferred in the queue files of a folder wait for a day longer."""
    later = "UPDATE mail_messages SET next_attempt_at = next_attempt_at + ? WHERE state = 'deferred'"
    for file in folder.glob("*-mail-*.sqlite3"):
        with closing(sqlite3.connect(file, timeout=60)) as queue, queue:
            queue.execute(later, (86_400_000_000,))


def _lines(settings: Mapping[str, str]) -> str:
    return "\n".join(f"{key} = {value}" for key, value in settings.items())


@contextmanager
def relay(
    folder: Path, settings: RelaySettings, engine: str, addresses: int
) -> Iterator[tuple[Peer, dict[str, str]]]:
    """Start the relay on a database of its own; give it, and its addresses with their owners' mailboxes.

    Args:
        folder: For its settings and data.
        settings: Their database is chosen here.
        engine: `sqlite` or `postgresql`; what the latter's processes use counts as the relay's.
        addresses: How many there are.
    """
    with ExitStack() as stack:
        pids: tuple[int, ...] = ()
        if engine == "postgresql":
            server = stack.enter_context(postgres_server(durable=True))
            settings = replace(settings, database=server.url(server.new_database()))
            pids = (server.pid,)
        config = settings.write(folder)
        made = fill(config, addresses)
        running = stack.enter_context(service(config))
        yield Peer("whoisproxy", (running.pid, *pids), running.ports["smtp"], _PROOF), made


def fill(config: Path, addresses: int) -> dict[str, str]:
    """Give the relay so many addresses, three a domain as a switch does; return the owner's mailbox of each.

    The database is made where there is none. Nothing else may run on it.
    """
    return asyncio.run(_fill(config, addresses))


async def _fill(config: Path, addresses: int) -> dict[str, str]:
    settings = load(config, {})
    found: dict[str, str] = {}
    async with open_core(settings) as core:
        registrar = await core.accounts.add_registrar("Bench", "https://registrar.example", None)
        domains = -(-addresses // len(_ROLES))
        for start in range(0, domains, _BATCH):
            numbers = range(start, min(start + _BATCH, domains))
            async with core.storage.unit_of_work() as uow:
                made = await _add(uow, registrar, numbers, settings.relay.domain)
            found |= made
    return dict(islice(found.items(), addresses))


async def _add(uow: UnitOfWork, registrar: Registrar, numbers: range, relay_domain: str) -> dict[str, str]:
    now = datetime.now(UTC)
    new = [_registration(registrar, f"bench-{number}.net", now) for number in numbers]
    await uow.registrations.add(*new)
    await uow.privacy.put_all({each.id: replace(initial(now), status=_ON) for each in new})
    made = {each: relay_addresses.made(each.id, _ROLES, relay_domain, now) for each in new}
    await uow.relays.add(*(relay for relays in made.values() for relay in relays))
    return {relay.address: each.registrant.email for each, relays in made.items() for relay in relays}


def _registration(registrar: Registrar, name: str, now: datetime) -> Registration:
    return Registration(
        id=new_id("dom", now),
        registrar_id=registrar.id,
        name=DomainName(name),
        registrant_id=new_id("own", now),
        registrant=Registrant.parse({**REGISTRANT, "email": mailbox_of(name)}),
        registrant_verified=True,
        nameservers=(),
        statuses=(),
        registered_at=now,
        expires_at=None,
        updated_at=now,
        version=1,
    )
