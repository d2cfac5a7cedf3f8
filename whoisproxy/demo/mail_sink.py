"""A mail server on loopback that plays the owners' and the strangers' mail servers.

It keeps what it gets, byte for byte, and refuses on demand.
"""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class SunkMessage:
    """One message as it arrived.

    Attributes:
        reverse_path: "" for the null reverse-path.
        raw: The bytes after DATA, dot-unstuffed.
        tls: Whether the connection was encrypted.
    """

    reverse_path: str
    recipients: tuple[str, ...]
    raw: bytes
    tls: bool


class MailSink:
    """SMTP on 127.0.0.1.

    Attributes:
        port: Chosen by the system when 0 was asked for.
        messages: Everything taken so far, in order.
    """

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.port = port
        self.messages: list[SunkMessage] = []
        self._tls = tls
        self._answers: dict[str, str] = {}
        self._arrived = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._connections: set[SMTP] = set()

    def answer(self, recipient: str, reply: str | None) -> None:
        """Answer RCPT for `recipient` with `reply`, such as `550 5.1.1 no such user`; None accepts again."""
        if reply is None:
            self._answers.pop(recipient.lower(), None)
        else:
            self._answers[recipient.lower()] = reply

    async def wait_for(
        self, count: int, *, matching: Callable[[SunkMessage], bool] | None = None, timeout_s: float = 15
    ) -> list[SunkMessage]:
        """Return the messages (those `matching`) once there are at least `count`.

        Raises:
            TimeoutError: They did not come in `timeout_s` seconds.
        """

        def found() -> list[SunkMessage]:
            return [message for message in self.messages if matching is None or matching(message)]

        async with asyncio.timeout(timeout_s), self._arrived:
            await self._arrived.wait_for(lambda: len(found()) >= count)
        return found()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(self._protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            for connection in self._connections:
                if connection.transport is not None:
                    connection.transport.close()
            await self._server.wait_closed()

    def _protocol(self) -> SMTP:
        connection = SMTP(
            _Handler(self),
            hostname="sink.example",
            ident="sink",
            enable_SMTPUTF8=True,
            tls_context=self._tls,
            loop=asyncio.get_running_loop(),
        )
        self._connections.add(connection)
        return connection

    async def keep(self, message: SunkMessage) -> None:
        """Add a message and wake whoever waits for it."""
        async with self._arrived:
            self.messages.append(message)
            self._arrived.notify_all()

    def refusal(self, recipient: str) -> str | None:
        """Return what `answer` set for the recipient."""
        return self._answers.get(recipient.lower())


class _Handler:
    """The hooks that aiosmtpd calls by name."""

    def __init__(self, sink: MailSink) -> None:
        self._sink = sink

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's hook
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        refusal = self._sink.refusal(address)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content or b""
        await self._sink.keep(
            SunkMessage(
                reverse_path=(envelope.mail_from or "").strip("<>"),
                recipients=tuple(envelope.rcpt_tos),
                raw=content if isinstance(content, bytes) else content.encode(),
                tls=session.ssl is not None,
            )
        )
        return "250 2.0.0 kept"
