"""Octets in and out of one connection: lines, blocks, replies, deadlines, TLS.

The frame is aiosmtpd's; its StreamReader, its timer for each command and its write for each answer are
replaced here by a buffer, a deadline that the server looks at now and then, and one write for all that a
packet asked (RFC 2920 section 3.2).
"""

import asyncio
from contextlib import suppress
from typing import cast

from aiosmtpd.smtp import SMTP, Session

from mailrelay.checks.verdict import Reply
from mailrelay.server import metrics
from mailrelay.server.data import Reader
from mailrelay.server.limits import ServerLimits
from mailrelay.server.replies import (
    BARE_LINE_END,
    ENOUGH,
    LINE_TOO_LONG,
    NOT_SMTP,
    SHUTTING_DOWN,
    TIMED_OUT,
    CommandRefused,
)
from mailrelay.server.tls import HANDSHAKE_S, TlsProvider

# RFC 5321 section 4.5.3.1.4 gives 512; the extensions of MAIL add up to 160 (RFC 1870, 6152, 6531, 3461),
# those of RCPT to 528 (RFC 3461 sections 4.1 and 4.2). Long return addresses have the rest.
_LINE_OCTETS = 2048
_BUFFER_OCTETS = 64 * 1024
_FAREWELL_S = 5.0
_TLS_RECORD = 0x16
# A message in pieces this small is read with pauses, in which the system puts them together: each read costs
# the others some ten microseconds, whatever it brings.
_SMALL_OCTETS = 512
_READS_AT_ONCE = 50
_PAUSE_S = 0.02


class HungUp(Exception):
    """The conversation is over: the client is gone, or the last word was said."""


class LastWord(CommandRefused):
    """An answer after which we close the connection."""

    def __init__(self, reply: Reply, limit: str = "refused") -> None:
        super().__init__(reply)
        metrics.TURNED_AWAY[limit].inc()


class Wire(SMTP):
    """The transport of one client, from connection to connection lost.

    Args:
        loop: Where it runs.
        limits: Those of time are used here.
    """

    session: Session

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: ServerLimits) -> None:
        # Not the library's constructor: for 0.18 ms it inspects handler and methods, which never change, and
        # builds a stream reader. What the methods that we keep of it need is set here.
        self.loop = loop
        self.session = Session(loop)
        self._handler_coroutine = None
        self._limits = limits
        self._buffer = bytearray()
        self._octets = 0
        self._out: list[bytes] = []
        self._collector: Reader | None = None  # takes octets directly, past the buffer
        self._reading_since = 0.0
        self._read_before = self._reads = 0
        self._skips_line = False
        self._waiter: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._ended = self._lost = self._paused = False
        self._committing = False  # a message is being stored, which nothing may interrupt
        self._deadline = loop.time() + limits.answer_s
        self._since = loop.time()  # connected, or the last message taken

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the transport; see `asyncio.Protocol`."""
        self._socket = cast("asyncio.Transport", transport)
        self._note_encryption()

    def connection_lost(self, error: Exception | None) -> None:
        """End the task that serves the client, except while it stores a message."""
        del error
        self._leave()
        if self._handler_coroutine is not None and not self._committing:
            self._handler_coroutine.cancel()

    def data_received(self, data: bytes) -> None:
        """Take octets; a whole message wakes its task once."""
        self._octets += len(data)
        if self._collector is not None:
            rest = self._collector.feed(data)
            if rest is None:
                self._deadline = self.loop.time() + self._limits.block_s
                self._reads += 1
                if self._reads > _READS_AT_ONCE and self._comes_in_drops():
                    self._pause()
                    self._wake()
                return
            self._collector = None
            data = rest
        self._buffer += data
        if len(self._buffer) > _BUFFER_OCTETS and not self._paused:
            self._pause()
        self._wake()

    def eof_received(self) -> bool | None:
        """Answer what was asked, then close; TLS cannot stay half open."""
        self._ended = True
        self._wake()
        return self.session.ssl is None

    def pause_writing(self) -> None:
        """Wait until the client has read our answers; see `asyncio.Protocol`."""
        self._writable = self.loop.create_future()

    def resume_writing(self) -> None:
        """See `pause_writing`."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def expire(self, now: float) -> None:
        """Hang up when a deadline has passed; `now` is the loop's time."""
        limits = self._limits
        if self._socket.is_closing():
            if now > self._deadline:
                self._socket.abort()
        elif now > self._deadline or now - self._since > limits.message_s or self._is_slow(now):
            metrics.TURNED_AWAY["timeout"].inc()
            self._hang_up(TIMED_OUT)
        elif self._octets > limits.octets + 2 * limits.size_octets:
            # Between two messages it would have been told so; this one does not end.
            metrics.TURNED_AWAY["per-connection"].inc()
            self._hang_up(ENOUGH)

    def hang_up_for_shutdown(self) -> "asyncio.Task[None] | None":
        """Say 421 and close; return the task that serves the client, which ends thereby."""
        self._hang_up(SHUTTING_DOWN)
        return self._handler_coroutine

    def _is_slow(self, now: float) -> bool:
        elapsed = now - self._reading_since
        return (
            self._collector is not None
            and elapsed > self._limits.block_s
            and self._octets - self._read_before < elapsed * self._limits.octets_per_s
        )

    def _comes_in_drops(self) -> bool:
        return self._octets - self._read_before < self._reads * _SMALL_OCTETS

    def _pause(self) -> None:
        """Read no more until the task asks for it."""
        self._paused = True
        self._socket.pause_reading()

    def _hang_up(self, farewell: Reply) -> None:
        self._out.append(f"{farewell}\r\n".encode())
        self._close()

    def _close(self) -> None:
        """Send what waits and close; a client that does not take it is cut off by `expire`."""
        if not self._socket.is_closing():
            self._deadline = self.loop.time() + _FAREWELL_S
            if self._out:
                self._socket.write(b"".join(self._out))
            self._socket.close()
        self._out.clear()

    def _leave(self) -> None:
        """Note that the transport is gone."""
        self._lost = True

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _more(self, deadline: float) -> None:
        """Wait for octets, until `deadline` of the loop's time.

        Raises:
            HungUp: There will be none.
        """
        if self._paused:
            self._paused = False
            self._socket.resume_reading()
        if self._ended or self._lost:
            raise HungUp
        self._deadline = deadline
        self._waiter = self.loop.create_future()
        await self._waiter
        self._deadline = self.loop.time() + self._limits.answer_s

    async def _read(self, reader: Reader) -> None:
        """Read until `reader` has all it wants; what comes behind stays in the buffer."""
        await self._flush()
        self._reading_since, self._read_before = self.loop.time(), self._octets - len(self._buffer)
        self._reads = 0
        rest = reader.feed(bytes(self._buffer))
        self._buffer.clear()
        if rest is not None:
            self._buffer += rest
            return
        self._collector = reader
        try:
            while self._collector is not None:
                if self._paused:
                    await asyncio.sleep(_PAUSE_S)
                await self._more(self.loop.time() + self._limits.block_s)
        finally:
            self._collector = None

    def _next_line(self) -> bytes | None:
        """Return the next line without its CRLF; None where it is not there yet.

        Raises:
            CommandRefused: It is too long; it was read to its end.
            LastWord: It is not SMTP's, or ends in something else than CRLF (RFC 5321 section 2.3.8).
        """
        buffer = self._buffer
        if buffer and buffer[0] == _TLS_RECORD and not self._skips_line:
            raise LastWord(NOT_SMTP, "not-smtp")
        end = buffer.find(b"\n")
        if end < 0:
            if len(buffer) > _LINE_OCTETS:
                self._skips_line = True
                buffer.clear()
            return None
        line = bytes(buffer[: end + 1])
        del buffer[: end + 1]
        if self._skips_line or len(line) > _LINE_OCTETS:
            self._skips_line = False
            raise CommandRefused(LINE_TOO_LONG)
        if not end or line.find(b"\r") != end - 1:
            raise LastWord(BARE_LINE_END, "bare-line-end")
        return line[:-2]

    async def _flush(self) -> None:
        """Send the answers that wait; stop while the client does not read them."""
        if self._out and not self._lost:
            self._socket.write(b"".join(self._out))
            self._out.clear()
            if self._writable is not None:
                await self._writable

    async def _start_tls(self, provider: TlsProvider) -> None:
        """Encrypt the connection. What was said in the clear is forgotten, here and by the caller.

        Raises:
            HungUp: The handshake failed.
        """
        # Nothing may arrive between the clearing of the buffer and the handshake: by that a command could be
        # injected in the clear (CVE-2011-0411).
        self._socket.pause_reading()
        self._buffer.clear()
        self._skips_line = False
        await self._flush()
        encrypted = None
        with suppress(OSError):
            encrypted = await self.loop.start_tls(
                self._socket, self, provider(), server_side=True, ssl_handshake_timeout=HANDSHAKE_S
            )
        if encrypted is None:
            # Of a connection lost in the handshake the loop tells the protocol nothing.
            metrics.TLS_FAILED.inc()
            self._socket.abort()
            self._leave()
            raise HungUp
        metrics.TLS_DONE.inc()
        self._socket, self._paused = encrypted, False
        self.session = Session(self.loop)
        self._note_encryption()

    def _note_encryption(self) -> None:
        cipher = self._socket.get_extra_info("cipher")
        self.session.ssl = {"cipher": cipher} if cipher else None
