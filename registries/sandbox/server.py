"""The sandbox registry as a whole: EPP over TLS (RFC 5730-5734) on one port, state in SQLite.

It is for development, demonstration and tests. What it does by its own side of the counter, such as
queueing a message or locking a domain, are methods here.
"""

import asyncio
import ssl
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Self

import structlog
from lxml import etree

from registries.contact import Role
from registries.sandbox import directory
from registries.sandbox.context import Context
from registries.sandbox.counts import SessionCounts
from registries.sandbox.directory import DirectoryContact, DirectoryEntry
from registries.sandbox.faults import Faults
from registries.sandbox.records import JournalEntry, Sighting
from registries.sandbox.review import TRANSFORMS
from registries.sandbox.service import Service
from registries.sandbox.session import Desk, Session
from registries.sandbox.settings import Limits, Quirk, Rules, Tld
from registries.sandbox.statuses import conflict
from registries.sandbox.store import State, Store

_log = structlog.get_logger()

_CLIENT_ID_LENGTHS = range(3, 17)
_PASSWORD_LENGTHS = range(6, 17)
# Seen at Norid: about so many commands a session.
_COMMAND_CAP = 1200


def _utc_now() -> datetime:
    return datetime.now(UTC)


class SandboxRegistry:
    """A registry; async context manager.

    Attributes:
        host: Where it listens.
        port: Chosen by the system when 0 was asked for; valid inside the context.
        faults: What it shall get wrong.
    """

    def __init__(  # noqa: PLR0913 - the settings of a whole registry, by name
        self,
        path: str | Path = ":memory:",
        *,
        tlds: Sequence[Tld],
        accounts: Mapping[str, str],
        tls: ssl.SSLContext,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: Limits | None = None,
        quirks: Collection[Quirk] = (),
        clock: Callable[[], datetime] = _utc_now,
        rules: Rules | None = None,
        pins: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Describe a registry that starts when its context is entered.

        Args:
            path: SQLite file, made when missing, or `:memory:`.
            tlds: The suffixes; with only minimum ones, there is no contact service.
            accounts: Registrar id to password, both as RFC 5730 wants them (3-16 and 6-16 characters).
                An account that the file has already keeps its password there.
            tls: Context of the server, as from `CertificateAuthority.server_context`.
            host: Address to listen on.
            port: 0 lets the system choose.
            limits: None for the usual ones.
            quirks: How it departs from what a client expects.
            clock: Gives aware UTC.
            rules: None for the usual ones.
            pins: The client certificate that an account must show: its common name, or its SHA-256
                fingerprint in hexadecimal.

        Raises:
            ValueError: An account could never log in: its id or password is too short or too long; or a
                command is to be reviewed that cannot be.
        """
        for account, password in accounts.items():
            if not (len(account) in _CLIENT_ID_LENGTHS and len(password) in _PASSWORD_LENGTHS):
                raise ValueError(f"account {account!r} needs an id of 3-16 and a password of 6-16 characters")
        self.host = host
        self.port = port
        chosen = rules or Rules()
        if not chosen.reviewed <= TRANSFORMS:
            raise ValueError(f"only these can be reviewed: {', '.join(sorted(TRANSFORMS))}")
        self.faults = Faults(quirks=frozenset(quirks))
        self._limits = limits or Limits()
        if Quirk.COMMAND_CAP in quirks and self._limits.max_commands is None:
            self._limits = replace(self._limits, max_commands=_COMMAND_CAP)
        self._accounts = dict(accounts)
        self._tls = tls
        self._clock = clock
        self._store = Store(path)
        self._service = Service(self._store, tuple(tlds), frozenset(quirks), clock, chosen)
        self._desk = Desk(
            self._service,
            SessionCounts(self._limits),
            self.faults,
            self._limits,
            frozenset(quirks),
            pins,
            clock,
        )
        self._sessions: set[asyncio.Task[None]] = set()
        self._closing = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._store)
            await self._store.transact(self._prepare)
            server = await asyncio.start_server(
                self._serve,
                self.host,
                self.port,
                ssl=self._tls,
                ssl_handshake_timeout=self._limits.handshake_s,
                ssl_shutdown_timeout=self._limits.linger_s,
            )
            stack.push_async_callback(self._stop, server)
            self.port = server.sockets[0].getsockname()[1]
            self._closing = stack.pop_all()
        _log.info("sandbox-registry-listening", port=self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._closing.aclose()

    @property
    def delay_s(self) -> float:
        """Seconds from a command to its answer, at least."""
        return self.faults.delay_s

    @delay_s.setter
    def delay_s(self, seconds: float) -> None:
        self.faults.delay_s = seconds

    def drop_before(self, command_name: str) -> None:
        """Close the connection instead of carrying out the next command named so (`domain:update`)."""
        self.faults.drop_before(command_name)

    def drop_after(self, command_name: str) -> None:
        """Carry out the next command named so, then close the connection instead of answering."""
        self.faults.drop_after(command_name)

    async def journal(self, after: int = 0) -> tuple[JournalEntry, ...]:
        """Return the commands decided on after a sequence number, in order."""
        return await self._store.transact(lambda state: state.journal.after(after))

    async def sightings(self, after: int = 0) -> tuple[Sighting, ...]:
        """Return what the public saw after each command that changed something, in order."""
        return await self._store.transact(lambda state: state.journal.sightings(after))

    async def unlinked_contacts(self) -> tuple[str, ...]:
        """Return the handles of the contacts that no domain uses."""
        return await self._store.transact(lambda state: state.contacts.unlinked())

    async def published(self, domain: str) -> DirectoryEntry | None:
        """Return what the registry's public directory shows, or None for a domain it does not have."""
        return await self._service.transact(lambda context: directory.published(context.state, domain))

    async def contacts_of(self, domain: str) -> dict[Role, DirectoryContact]:
        """Return what the registry holds for a domain, disclosed or not."""
        return await self._service.transact(lambda context: directory.held(context.state, domain))

    async def queue_message(self, account: str, text: str) -> None:
        """Give an account a message to poll.

        Raises:
            KeyError: There is no such account.
            ValueError: The text has characters that XML does not.
        """
        etree.Element("msg").text = text

        def work(state: State) -> None:
            if not state.accounts.exists(account):
                raise KeyError(account)
            state.messages.add(account, text, self._clock())

        await self._store.transact(work)

    async def set_statuses(
        self, object_id: str, *, add: Collection[str] = (), remove: Collection[str] = (), kind: str = "domain"
    ) -> None:
        """Set and take statuses as the registry may, such as serverUpdateProhibited or pendingTransfer.

        Args:
            object_id: Domain, host or contact handle, by `kind`: `domain`, `host` or `contact`.
            add: Statuses to set; those that are set stay.
            remove: Statuses to take.
            kind: What `object_id` is.

        Raises:
            KeyError: There is no such object.
            ValueError: An object of this kind cannot have these statuses, or not together.
        """

        def work(context: Context) -> None:
            head = context.state.objects[kind].head(object_id)
            if head is None:
                raise KeyError(object_id)
            statuses = (head.statuses | frozenset(add)) - frozenset(remove)
            if (reason := conflict(kind, statuses)) is not None:
                raise ValueError(reason)
            context.state.objects[kind].set_statuses(object_id, statuses)

        await self._service.transact(work)

    async def decide(self, object_id: str, *, approve: bool, kind: str = "domain") -> None:
        """Decide as the registry what waits at an object: an open transfer, or what was answered 1001.

        Raises:
            KeyError: Nothing waits there.
        """
        await self._service.decide(kind, object_id, approve=approve)

    def _prepare(self, state: State) -> None:
        for account, password in self._accounts.items():
            state.accounts.ensure(account, password)
        if Quirk.DROP_REPEATED in self._desk.quirks:
            state.journal.index_client_transactions()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._sessions) >= self._limits.max_connections:
            writer.transport.abort()
            return
        self._sessions.add(task)
        try:
            await Session(reader, writer, self._desk).run()
        except asyncio.CancelledError:
            # Only `_stop` cancels a session, and asyncio's streams would report it as an error.
            pass
        finally:
            self._sessions.discard(task)

    async def _stop(self, server: asyncio.Server) -> None:
        server.close()
        for session in list(self._sessions):
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)
        await server.wait_closed()
