"""One SMTP session with a mail server, from our side (RFC 5321), with PIPELINING (RFC 2920).

MAIL, RCPT and DATA go out together where the server allows it, so that a message on a kept connection costs
two writes and two waits. Any answer that is out of place makes the connection unusable; it is then closed and
never used again. Octets and time are left to `exchange`.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from mailrelay.delivery.exchange import ConnectionLost, Exchange, Timeouts
from mailrelay.delivery.refusals import OutcomeUnknown, Stage, judged
from mailrelay.delivery.replies import Reply
from mailrelay.errors import MailError

_CLOSING = 421
_GO_AHEAD = 354
_DONE = 2  # first digit of 2yz
_QUIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Transaction:
    """What one message says on a connection: two lines with their ends, and the stuffed text with its dot."""

    mail: bytes
    rcpt: bytes
    text: bytes


class SmtpConnection(Exchange):
    """A session; one task at a time uses it.

    Attributes:
        extensions: Keyword of EHLO in upper case to its parameters.
        tls: How the connection is protected, a word for the trail; empty where it is not.
        sent: Messages that were taken over it.
        idle_since_s: Loop time at which it became free.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, timeouts: Timeouts) -> None:
        super().__init__(loop, timeouts)
        self.extensions: dict[str, str] = {}
        self.tls = ""
        self.sent = 0
        self.idle_since_s = 0.0
        self._needs_reset = False

    async def greeting(self) -> Reply:
        """Wait for what the server says first."""
        reply = await self._one(Stage.GREETING)
        self._greeted = True
        return reply

    async def command(self, line: bytes, stage: Stage) -> Reply:
        """Send a line, given without its end, and return the answer.

        Raises:
            ConnectionLost: None came.
        """
        self._write(line + b"\r\n")
        return await self._one(stage)

    async def transact(self, transaction: Transaction, taken: Callable[[], None]) -> None:
        """Send one message; returns when the server has taken it.

        Args:
            transaction: What to say.
            taken: Called at the moment in which the server's yes is read, before any other task goes on:
                a crash between the two would send the message twice.

        Raises:
            ConnectionLost: The connection ended before the message itself was sent.
            OutcomeUnknown: It ended after that.
            MailError: The server refused.
        """
        if "PIPELINING" in self.extensions:
            await self._open_at_once(transaction)
        else:
            await self._open_by_steps(transaction)
        await self._send_text(transaction.text, taken)
        self.sent += 1

    async def start_tls(self, context: ssl.SSLContext, host: str) -> ssl.SSLObject:
        """Encrypt, after the server has agreed to it.

        Raises:
            ssl.SSLError: The handshake failed, or the certificate was not the right one.
            OSError: The connection ended.
            ConnectionLost: The server had said more than it should have before.
        """
        if self._transport is None or self._replies or not self._reader.between_replies:
            # What came in clear must not count as having come encrypted.
            self.abort("spoke-before-tls")
            raise ConnectionLost(self._broken)
        try:
            transport = await self._loop.start_tls(
                self._transport,
                self,
                context,
                server_hostname=host,
                ssl_handshake_timeout=self._timeouts.of(Stage.CONNECT),
            )
        except BaseException:
            self.abort("handshake")
            raise
        # None would mean that the transport was closed meanwhile.
        if transport is None:
            self.abort("handshake")
            raise ConnectionLost(self._broken)
        self._transport = transport
        self.extensions = {}
        return self.ssl_object

    @property
    def ssl_object(self) -> ssl.SSLObject:
        """The encryption in use."""
        transport = cast("asyncio.Transport", self._transport)
        return cast("ssl.SSLObject", transport.get_extra_info("ssl_object"))

    def quit(self) -> None:
        """Take leave (RFC 5321 section 4.1.1.10) without making anybody wait."""
        if self._broken or self._transport is None:
            return
        self._broken, self._quitting = "quit", True
        self._transport.write(b"QUIT\r\n")
        self._arm(_QUIT_S)

    async def _open_at_once(self, transaction: Transaction) -> None:
        reset = b"RSET\r\n" if self._needs_reset else b""
        stages = (Stage.MAIL, Stage.RCPT, Stage.DATA)
        skipped = 1 if reset else 0
        self._write(b"".join((reset, transaction.mail, transaction.rcpt, b"DATA\r\n")))
        self._needs_reset = True
        answers = await self._answers(skipped + len(stages), Stage.MAIL)
        self._only_leaving(answers)
        replies = answers[skipped:]
        refusal: MailError | None = None
        for stage, reply in zip(stages, replies, strict=False):
            if refusal is None and not _as_wanted(stage, reply):
                refusal = self._refusal(stage, reply)
        if len(replies) < len(stages):
            raise refusal or ConnectionLost(self._broken or "closing")
        if refusal is not None:
            if replies[-1].code == _GO_AHEAD:
                # RFC 2920 3.1: the server waits for a message that has no recipient.
                with suppress(ConnectionLost):
                    await self.command(b".", Stage.END)
            raise refusal

    async def _open_by_steps(self, transaction: Transaction) -> None:
        if self._needs_reset:
            self._only_leaving([await self.command(b"RSET", Stage.MAIL)])
        self._needs_reset = True
        steps = (
            (Stage.MAIL, transaction.mail),
            (Stage.RCPT, transaction.rcpt),
            (Stage.DATA, b"DATA\r\n"),
        )
        for stage, line in steps:
            self._write(line)
            reply = await self._one(stage)
            self._only_leaving([reply])
            if not _as_wanted(stage, reply):
                raise self._refusal(stage, reply)

    def _only_leaving(self, replies: list[Reply]) -> None:
        """Tell an end of a kept session, which says nothing about the message, from a refusal.

        Raises:
            ConnectionLost: A server that has taken messages before says 421.
        """
        if self.sent and replies and replies[0].code == _CLOSING:
            raise ConnectionLost("closing")

    async def _send_text(self, text: bytes, taken: Callable[[], None]) -> None:
        if self._broken:
            raise ConnectionLost(self._broken)
        try:
            reply = await self._say_text(text, taken)
        except ConnectionLost as lost:
            raise OutcomeUnknown(451, "4.4.2", "Connection failed", f"{lost.what}-after-message") from None
        self._needs_reset = False
        if reply.code // 100 != _DONE:
            raise self._refusal(Stage.END, reply)

    def _refusal(self, stage: Stage, reply: Reply) -> MailError:
        if reply.positive:
            # 250 to DATA, or the like: who knows what it thinks that we are doing.
            self.abort("out-of-step")
        return judged(stage, reply)


def _as_wanted(stage: Stage, reply: Reply) -> bool:
    return reply.code == _GO_AHEAD if stage is Stage.DATA else reply.code // 100 == _DONE
