"""One SMTP session with a mail server, from our side (RFC 5321), with PIPELINING (RFC 2920).

MAIL, RCPT and DATA go out together where the server allows it, so that a message on a kept connection costs
two writes and two waits. There is one timer per connection, moved only when it fires early. Any answer that
is out of place makes the connection unusable; it is then closed and never used again.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from mailrelay.delivery.refusals import OutcomeUnknown, Stage, judged
from mailrelay.delivery.replies import NotAReply, Reply, ReplyReader
from mailrelay.errors import MailError

_CLOSING = 421
_GO_AHEAD = 354
_DONE = 2  # first digit of 2yz
_QUIT_S = 5.0
_BLOCK_OCTETS = 256 * 1024
_USUAL_TIMEOUT_S = 300.0
# RFC 5321 4.5.3.2, in parts of the five minutes that most commands get.
_PARTS = {Stage.DATA: 0.4, Stage.END: 2.0}
_BLOCK_PART = 0.6
_CONNECT_S = 30.0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a server may take (RFC 5321 section 4.5.3.2), in proportion to `command_s`."""

    command_s: float = _USUAL_TIMEOUT_S

    def of(self, stage: Stage) -> float:
        """Return the seconds for the answer at a stage."""
        if stage is Stage.CONNECT:
            return min(_CONNECT_S, self.command_s)
        return self.command_s * _PARTS.get(stage, 1.0)

    @property
    def block_s(self) -> float:
        """Seconds in which a part of a large message must have left us."""
        return self.command_s * _BLOCK_PART


class ConnectionLost(Exception):
    """The connection ended, or fell silent, before an answer came.

    Attributes:
        what: How, as a kebab-case reason.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True)
class Transaction:
    """What one message says on a connection: two lines with their ends, and the stuffed text with its dot."""

    mail: bytes
    rcpt: bytes
    text: bytes


class SmtpConnection(asyncio.Protocol):
    """A session; one task at a time uses it.

    Attributes:
        extensions: Keyword of EHLO in upper case to its parameters.
        tls: How the connection is protected, a word for the trail; empty where it is not.
        sent: Messages that were taken over it.
        idle_since_s: Loop time at which it became free.
        ended: Done when nothing is left of it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, timeouts: Timeouts) -> None:
        self.extensions: dict[str, str] = {}
        self.tls = ""
        self.sent = 0
        self.idle_since_s = 0.0
        self.ended: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._timeouts = timeouts
        self._transport: asyncio.Transport | None = None
        self._reader = ReplyReader()
        self._replies: list[Reply] = []
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._paused: asyncio.Future[None] | None = None
        self._writing = False
        self._broken = ""
        self._quitting = False
        self._greeted = False
        self._needs_reset = False
        self._taken: Callable[[], None] | None = None
        self._deadline_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def usable(self) -> bool:
        """Whether another message may be sent over it."""
        return not self._broken

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

    def abort(self, what: str) -> None:
        """Give the connection up."""
        self._broken = self._broken or what
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()
        self._wake()

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
        self._taken = taken
        try:
            if len(text) <= _BLOCK_OCTETS:
                self._write(text)
            else:
                await self._write_in_blocks(text)
            reply = await self._one(Stage.END)
        except ConnectionLost as lost:
            raise OutcomeUnknown(451, "4.4.2", "Connection failed", f"{lost.what}-after-message") from None
        finally:
            self._taken = None
        self._needs_reset = False
        if reply.code // 100 != _DONE:
            raise self._refusal(Stage.END, reply)

    def _refusal(self, stage: Stage, reply: Reply) -> MailError:
        if reply.positive:
            # 250 to DATA, or the like: who knows what it thinks that we are doing.
            self.abort("out-of-step")
        return judged(stage, reply)

    async def _write_in_blocks(self, text: bytes) -> None:
        view = memoryview(text)
        self._writing = True
        try:
            for at in range(0, len(view), _BLOCK_OCTETS):
                if self._paused is not None:
                    self._arm(self._timeouts.block_s)
                    await self._paused
                if self._replies:
                    self._answered_early()
                    return
                self._write(view[at : at + _BLOCK_OCTETS])
        finally:
            self._writing = False

    def _answered_early(self) -> None:
        """Take a refusal before the end of the message; the rest would be read as commands.

        Raises:
            ConnectionLost: It was none: nobody can have taken half a message.
        """
        self._broken = self._broken or "answered-early"
        if self._replies[0].positive:
            raise ConnectionLost(self._broken)

    async def _one(self, stage: Stage) -> Reply:
        return (await self._answers(1, stage))[0]

    async def _answers(self, count: int, stage: Stage) -> list[Reply]:
        """Return `count` replies, or fewer, but one at least, where the connection ended after them."""
        if len(self._replies) < count and not (self._broken and self._replies):
            if self._broken:
                raise ConnectionLost(self._broken)
            await self._wait(count, stage)
        replies, self._replies = self._replies, []
        if not replies:
            raise ConnectionLost(self._broken)
        if len(replies) > count:
            # What was asked is answered; nothing further can be believed.
            self._broken = self._broken or "too-many-replies"
        return replies[:count]

    async def _wait(self, count: int, stage: Stage) -> None:
        self._wanted = count
        self._waiter = self._loop.create_future()
        self._arm(self._timeouts.of(stage))
        try:
            await self._waiter
        except asyncio.CancelledError:
            self.abort("cancelled")
            raise
        finally:
            self._waiter = None
            self._deadline_s = 0.0

    def _write(self, data: bytes | memoryview) -> None:
        if self._broken or self._transport is None:
            raise ConnectionLost(self._broken or "closed")
        self._transport.write(data)

    def _arm(self, seconds: float) -> None:
        self._deadline_s = self._loop.time() + seconds
        if self._timer is not None and self._timer.when() > self._deadline_s:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline_s, self._expired)

    def _expired(self) -> None:
        self._timer = None
        if not self._deadline_s:
            return
        if self._loop.time() < self._deadline_s:
            self._timer = self._loop.call_at(self._deadline_s, self._expired)
        else:
            self.abort("timeout")

    def _wake(self) -> None:
        for future in (self._waiter, self._paused):
            if future is not None and not future.done():
                future.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        # asyncio's and uvloop's stream transports do not derive from Transport in every version.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take what the server says."""
        try:
            replies = self._reader.feed(data)
        except NotAReply:
            self.abort("not-a-reply")
            return
        if not replies:
            return
        if self._quitting:
            self.abort("quit")
            return
        self._replies += replies
        if self._taken is not None and not self._writing and self._replies[0].code // 100 == _DONE:
            self._taken()
            self._taken = None
        closing = any(reply.code == _CLOSING for reply in replies)
        if closing:
            self._broken = "closing"
        if self._waiter is not None:
            if (closing or len(self._replies) >= self._wanted) and not self._waiter.done():
                self._waiter.set_result(None)
        elif self._writing:
            self._wake()
        elif self._greeted:
            # Nothing was asked: it is taking leave, or is out of step.
            self.abort("unasked")

    def eof_received(self) -> None:
        """Close when the server does."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        del exc
        self.abort("lost")
        if not self.ended.done():
            self.ended.set_result(None)

    def pause_writing(self) -> None:
        """Stop when the server reads slowly."""
        self._paused = self._loop.create_future()

    def resume_writing(self) -> None:
        """Go on."""
        paused, self._paused = self._paused, None
        if paused is not None and not paused.done():
            paused.set_result(None)


def _as_wanted(stage: Stage, reply: Reply) -> bool:
    return reply.code == _GO_AHEAD if stage is Stage.DATA else reply.code // 100 == _DONE
