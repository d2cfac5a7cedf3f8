"""The relay's mail server: SMTP (RFC 5321) with STARTTLS, SIZE, 8BITMIME and SMTPUTF8, on aiosmtpd.

aiosmtpd parses commands; what it leaves open is closed here: limits on connections, commands and errors,
absolute deadlines, the reading of DATA, what happens on faults, and a commit that a vanishing client
cannot interrupt. Decisions are those of `inbound`.
"""

import asyncio
import logging
import re
import socket
import ssl
from collections import Counter as Tally
from collections import defaultdict
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session
from prometheus_client import Counter, Gauge

from mailrelay.checks.stages import ConnectionContext, SenderContext
from mailrelay.checks.verdict import MALFORMED, TOO_FAST, TRY_LATER, Reply
from mailrelay.inbound import Inbound, Transaction

# aiosmtpd writes peers and mailboxes to this logger.
logging.getLogger("mail.log").disabled = True

_log = structlog.get_logger()
_CONNECTIONS = Gauge("mailrelay_smtp_connections", "Open SMTP connections")
_TURNED_AWAY = Counter("mailrelay_smtp_turned_away_total", "Connections closed by a limit", ["limit"])
_FAULTS = Counter("mailrelay_smtp_faults_total", "Exceptions answered with 451")

_TOO_LARGE = Reply(552, "5.3.4", "Message too large")
_SHUTTING_DOWN = Reply(421, "4.3.2", "Shutting down, please try again later")
_FINAL_DOT = b"\r\n.\r\n"
# RFC 5321 2.3.8: CR and LF only as a pair. By a lone one a second message is smuggled in (CVE-2023-51764).
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_COMMAND_OCTETS = 512 + 500  # RFC 5321 4.5.3.1.4, with room for SMTPUTF8 and long return addresses
_CHUNK_OCTETS = 64 * 1024


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What one server, address or connection may use.

    Attributes:
        command_s: Time for the next valid command; also the whole time for DATA is bounded by `data_s`.
        commands: Commands of one kind on one connection.
        errors: 4yz and 5yz answers on one connection before it is closed.
    """

    size_octets: int = 25 * 1024 * 1024
    connections: int = 500
    connections_per_address: int = 20
    messages_per_connection: int = 100
    commands: int = 1000
    errors: int = 30
    command_s: float = 120.0
    data_s: float = 600.0
    shutdown_s: float = 30.0


class MailServer:
    """Listens for mail.

    Args:
        inbound: Decides.
        host: Address to listen on.
        port: 0 lets the system choose.
        hostname: Name in the banner and the answer to EHLO.
        tls: Context for STARTTLS; None offers none.
        limits: See there.
    """

    def __init__(  # noqa: PLR0913 - all of them are settings of a listener
        self,
        inbound: Inbound,
        *,
        host: str,
        port: int,
        hostname: str,
        tls: ssl.SSLContext | None = None,
        limits: ServerLimits | None = None,
    ) -> None:
        self.inbound = inbound
        self.hostname = hostname
        self.tls = tls
        self.limits = limits or ServerLimits()
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._per_address: Tally[str] = Tally()
        self._open: set[_Connection] = set()
        self._commits: set[asyncio.Task[Reply]] = set()
        self._under_way = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    async def start(self, listening: socket.socket | None = None) -> int:
        """Listen, on a given socket or on one of our own; return the port.

        Raises:
            OSError: The address cannot be had.
        """
        loop = asyncio.get_running_loop()
        if listening is not None:
            self._server = await loop.create_server(lambda: _Connection(self), sock=listening, backlog=512)
        else:
            self._server = await loop.create_server(
                lambda: _Connection(self), self._host, self._port, backlog=512
            )
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening, let messages under way arrive, be stored and answered, and hang up."""
        if self._server is None:
            return
        self._server.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._quiet.wait(), self.limits.shutdown_s)
        if self._commits:
            await asyncio.wait(self._commits, timeout=self.limits.shutdown_s)
        tasks = [connection.hang_up(_SHUTTING_DOWN) for connection in list(self._open)]
        await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    @contextmanager
    def receiving(self) -> Iterator[None]:
        """Say that a message is under way, from its first octet to our answer: `close` waits for it."""
        self._under_way += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._quiet.set()

    def admit(self, connection: "_Connection", peer_ip: str) -> str:
        """Count a connection in; return the limit that forbids it, or the empty string."""
        if len(self._open) >= self.limits.connections:
            return "connections"
        if self._per_address[peer_ip] >= self.limits.connections_per_address:
            return "connections-per-address"
        self._open.add(connection)
        self._per_address[peer_ip] += 1
        _CONNECTIONS.set(len(self._open))
        return ""

    def forget(self, connection: "_Connection", peer_ip: str) -> None:
        """Count a connection out."""
        if connection in self._open:
            self._open.discard(connection)
            self._per_address[peer_ip] -= 1
            if self._per_address[peer_ip] <= 0:
                del self._per_address[peer_ip]
            _CONNECTIONS.set(len(self._open))

    async def commit(self, work: Coroutine[Any, Any, Reply]) -> Reply:
        """Run `work` to its end, whatever becomes of the client that waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._commits.add(task)
        task.add_done_callback(self._committed)
        return await asyncio.shield(task)

    def _committed(self, task: asyncio.Task[Reply]) -> None:
        self._commits.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.warning("message-not-stored", error=type(task.exception()).__name__)


class _Connection(SMTP):
    """One client."""

    def __init__(self, server: MailServer) -> None:
        self._mail = server
        self._peer_ip = ""
        self._admitted = False
        self._errors = 0
        limits = server.limits
        super().__init__(
            _Hooks(server.inbound),
            data_size_limit=limits.size_octets,
            enable_SMTPUTF8=True,
            hostname=server.hostname,
            ident="ESMTP",
            tls_context=server.tls,
            timeout=limits.command_s,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            command_call_limit={"*": limits.commands, "DATA": limits.messages_per_connection},
            loop=asyncio.get_running_loop(),
        )
        # The library shares this among all connections and lets every EHLO raise it.
        self.command_size_limits = defaultdict(lambda: _COMMAND_OCTETS)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self._admitted:
            peer = transport.get_extra_info("peername")
            self._peer_ip = str(peer[0]) if peer else ""
            limit = self._mail.admit(self, self._peer_ip)
            if limit:
                _TURNED_AWAY.labels(limit).inc()
                plain = cast("asyncio.Transport", transport)
                plain.write(f"{TOO_FAST}\r\n".encode())
                plain.close()
                return
            self._admitted = True
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._admitted and self.session is not None:
            self._mail.forget(self, self._peer_ip)
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if self._admitted:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        return super().eof_received() if self._admitted else None

    def hang_up(self, farewell: Reply | None = None) -> "asyncio.Task[None] | None":
        """Say a last answer and close the connection; return the task that serves it, which ends thereby."""
        if self.transport is not None:
            transport = cast("asyncio.Transport", self.transport)
            if farewell and not transport.is_closing():
                transport.write(f"{farewell}\r\n".encode())
            transport.close()
        return self._handler_coroutine

    async def push(self, status: str | bytes) -> None:
        """Send an answer; too many errors end the connection (RFC 5321 4.2.1)."""
        text = status.decode() if isinstance(status, bytes) else status
        if text[:1] == "5":
            self._mail.inbound.erred(self._peer_ip)
        if text[:1] in {"4", "5"}:
            self._errors += 1
            if self._errors > self._mail.limits.errors:
                _TURNED_AWAY.labels("errors").inc()
                await super().push("421 4.7.0 Too many errors")
                self.hang_up()
                return
        await super().push(text)

    async def handle_exception(self, error: Exception) -> str:
        """Answer any fault of ours with 451, and forget the transaction, which the library does not."""
        _FAULTS.inc()
        _log.error("smtp-fault", error=type(error).__name__)
        self._set_rset_state()  # type: ignore[no-untyped-call]
        return str(TRY_LATER)

    async def _handle_client(self) -> None:
        refusal = await self._mail.inbound.connected(ConnectionContext(self._peer_ip))
        if refusal is not None:
            await super().push(str(refusal))
            self.hang_up()
            return
        await super()._handle_client()

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 - the library's name for a command
        """Read a message, hand it over, answer (RFC 5321 4.1.1.4).

        Only CRLF.CRLF ends it. Every octet before that is the message's, which is refused as a whole when
        it holds a bare CR or LF: what one server takes for a line end, another must not take for more.
        """
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        transaction = cast("_Envelope", self.envelope).transaction
        if transaction is None or not self.envelope or not self.envelope.rcpt_tos:
            await self.push("503 5.5.1 Need MAIL and RCPT first")
            return
        with self._mail.receiving():
            await self._receive(transaction)

    async def _receive(self, transaction: Transaction) -> None:
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        self._reset_timeout(self._mail.limits.data_s)
        stuffed = await self._read_until_final_dot()
        # From here the deadline is that of the checks; the client must get its answer.
        self._reset_timeout(self._mail.limits.data_s)
        if stuffed is None:
            reply = _TOO_LARGE
        elif _BARE.search(stuffed):
            reply = MALFORMED
        else:
            # RFC 5321 4.5.2: of a line that begins with a dot, the dot goes.
            raw = stuffed.replace(b"\r\n.", b"\r\n").removeprefix(b"\r\n")
            reply = await self._mail.commit(self._mail.inbound.message(transaction, raw))
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push(str(reply))
        self._reset_timeout()

    async def _read_until_final_dot(self) -> bytes | None:
        """Return the message, still dot-stuffed, with CRLF before it; None where it is too large."""
        reader = self._reader
        # An empty message is a dot on the first line: with the line end of the DATA command before it,
        # one pattern finds every end.
        reader._buffer[:0] = b"\r\n"  # type: ignore[attr-defined]  # noqa: SLF001 - the library does as much
        chunks: list[bytes] = []
        size = 0
        while True:
            try:
                chunk, done = await reader.readuntil(_FINAL_DOT), True
            except asyncio.LimitOverrunError as overrun:
                chunk, done = await reader.readexactly(overrun.consumed), False
            size += len(chunk)
            if size <= self._mail.limits.size_octets + len(_FINAL_DOT) + 2:
                chunks.append(chunk)
            else:
                chunks.clear()
            if done:
                break
        if size > self._mail.limits.size_octets + len(_FINAL_DOT) + 2:
            return None
        return b"".join(chunks).removesuffix(b".\r\n")

    def _create_envelope(self) -> Envelope:
        return _Envelope()


class _Envelope(Envelope):
    """The library's envelope and our transaction."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction: Transaction | None = None


class _Hooks:
    """The hooks that aiosmtpd calls by name."""

    def __init__(self, inbound: Inbound) -> None:
        self._inbound = inbound

    async def handle_EHLO(  # noqa: N802 - the library's name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer what we do; the library would offer AUTH as soon as TLS is on."""
        session.host_name = hostname
        return [line for line in responses if not line.startswith("250-AUTH")]

    async def handle_MAIL(  # noqa: N802 - the library's hook
        self, server: SMTP, session: Session, envelope: _Envelope, address: str, options: list[str]
    ) -> str:
        """Begin a transaction. The library gives the null reverse-path as `<>`."""
        reverse_path = "" if address == "<>" else address
        peer_ip = server._peer_ip if isinstance(server, _Connection) else ""  # noqa: SLF001 - same module
        context = SenderContext(
            ConnectionContext(peer_ip), str(session.host_name or ""), reverse_path, _declared_size(options)
        )
        reply = await self._inbound.sender(context)
        if reply.code < 400:  # noqa: PLR2004 - RFC 5321 section 4.2.1
            envelope.mail_from = address
            envelope.transaction = Transaction(context)
        return str(reply)

    async def handle_RCPT(  # noqa: N802 - the library's hook
        self, _server: SMTP, _session: Session, envelope: _Envelope, address: str, _options: list[str]
    ) -> str:
        """Add a recipient."""
        if envelope.transaction is None:
            return "503 5.5.1 Need MAIL first"
        reply = await self._inbound.recipient(envelope.transaction, address)
        if reply.code < 400:  # noqa: PLR2004 - RFC 5321 section 4.2.1
            envelope.rcpt_tos.append(address)
        return str(reply)


def _declared_size(options: list[str]) -> int | None:
    for option in options:
        keyword, _, value = option.partition("=")
        if keyword.upper() == "SIZE" and value.isdigit():
            return int(value)
    return None
