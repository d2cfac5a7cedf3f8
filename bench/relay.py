"""The service as a mail relay, for the benches: its settings, its addresses, and what waits in its queue.

Registering a domain and switching its privacy on is not what is measured, so both are written straight into
the database.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.mail_backlog import fill_queue
from bench.mail_directory import add_addresses
from bench.peers import RELAY_DOMAIN, Peer
from bench.processes import service
from tests.support.postgres import postgres_server
from whoisproxy.config import load
from whoisproxy.runtime.core import open_core

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
[portal]
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
unknown_recipients_per_hour = 1000000
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


def _lines(settings: Mapping[str, str]) -> str:
    return "\n".join(f"{key} = {value}" for key, value in settings.items())


@contextmanager
def relay(
    folder: Path, settings: RelaySettings, engine: str, addresses: int, queued: int = 0
) -> Iterator[tuple[Peer, dict[str, str]]]:
    """Start the relay on a database of its own; give it, and its addresses with their owners' mailboxes.

    Args:
        folder: For its settings and data.
        settings: Their database is chosen here.
        engine: `sqlite` or `postgresql`; what the latter's processes use counts as the relay's.
        addresses: How many there are.
        queued: How many messages wait in its queue that are not due.
    """
    with ExitStack() as stack:
        pids: tuple[int, ...] = ()
        if engine == "postgresql":
            server = stack.enter_context(postgres_server(durable=True))
            settings = replace(settings, database=server.url(server.new_database()))
            pids = (server.pid,)
        config = settings.write(folder)
        made = fill(config, addresses)
        if queued:
            fill_queue(config, queued)
        running = stack.enter_context(service(config))
        yield Peer("whoisproxy", (running.pid, *pids), running.ports["smtp"], _PROOF), made


def fill(config: Path, addresses: int) -> dict[str, str]:
    """Give the relay so many addresses, three a domain as a switch does; return the owner's mailbox of each.

    The database is made where there is none. Nothing else may run on it.
    """
    return asyncio.run(_fill(config, addresses))


async def _fill(config: Path, addresses: int) -> dict[str, str]:
    settings = load(config, {})
    async with open_core(settings) as core:
        return await add_addresses(core.storage, settings.relay.domain, addresses)
