"""The role that takes and delivers mail: server and worker on the same queue, directory and resolver."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from whoisproxy.config import Settings
from whoisproxy.runtime.core import Core
from whoisproxy.runtime.mail.engines import open_engines
from whoisproxy.runtime.mail.learning import following
from whoisproxy.runtime.mail.names import resolver_of
from whoisproxy.runtime.mail.receiving import mail_server
from whoisproxy.runtime.mail.sending import delivery_worker
from whoisproxy.runtime.mail.similar_texts import similar_texts
from whoisproxy.runtime.mail.tls_reports import counted
from whoisproxy.services.mailbox_health import MailboxHealth
from whoisproxy.services.relay_directory import RelayDirectory


@dataclass(frozen=True, slots=True)
class RunningMail:
    """Mail that is taken and delivered.

    Attributes:
        ports: Where it is taken, by name of the listener.
        worker: Delivers; it ends before it is told to only by a fault of ours.
    """

    ports: Mapping[str, int]
    worker: asyncio.Task[None]


def listeners(settings: Settings) -> dict[str, tuple[str, int]]:
    """Return host and port of every listener that takes mail, by name."""
    smtp = settings.smtp
    ports = {"smtp": smtp.port, "smtps": smtp.tls_port}
    return {name: (smtp.host, port) for name, port in ports.items() if name == "smtp" or port}


@asynccontextmanager
async def mail_role(
    core: Core,
    sockets: Mapping[str, socket.socket] | None = None,
    memory: int | None = None,
    *,
    first: bool = True,
) -> AsyncIterator[RunningMail]:
    """Take and deliver mail.

    Args:
        core: The services.
        sockets: Listening sockets by name of the listener; without them they are opened here.
        memory: Descriptor of the memory that mail processes share; without it they are not several.
        first: Whether this is the first of them, which does what one must do for all.

    Raises:
        OSError: An address cannot be listened at.
    """
    stop, resolver = asyncio.Event(), resolver_of(core.settings)
    health = MailboxHealth(core.storage, core.clock)
    directory = RelayDirectory(core.storage, core.settings.relay.domain, core.clock, health)
    worker_id = f"{socket.gethostname()}-{os.getpid()}"
    remembering = similar_texts(core, memory, hears=first)
    async with (
        counted(core) as tls_reports,
        open_engines(core.settings, core.clock) as engines,
        remembering as texts,
        following(core),
    ):
        worker = delivery_worker(core, directory, health, resolver, tls_reports, worker_id)
        working = asyncio.create_task(worker.run(stop))
        try:
            server = mail_server(core, directory, resolver, engines, texts)
            await server.start(sockets)
            try:
                yield RunningMail(server.ports, working)
            finally:
                # Nobody new is let in while the last messages go out.
                await server.close()
        finally:
            stop.set()
            await working
