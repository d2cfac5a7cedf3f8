"""Octets to and from a mail server: what is written, the replies that come, and how long each may take.

There is one timer per connection, moved only when it fires early. What is said in which order is the job of
`connection`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from mailrelay.delivery.refusals import Stage
from mailrelay.delivery.replies import NotAReply, Reply, ReplyReader

_CLOSING = 421
_DONE = 2  # first digit of 2yz
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


class Exchange(asyncio.Protocol):
    """The transport of one session; one task at a time uses it.

    Any reply that is out of place makes it unusable.

    Attributes:
        ended: Done when nothing is left of it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, timeouts: Timeouts) -> None:
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
        self._taken: Callable[[], None] | None = None
        self._deadline_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def usable(self) -> bool:
        """Whether another message may be sent over it."""
        return not self._broken

    def abort(self, what: str) -> None:
        """Give the connection up."""
        self._broken = self._broken or what
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    async def _say_text(self, text: bytes, taken: Callable[[], None]) -> Reply:
        """Write a message and return the answer; `taken` is called in the moment in which a yes is read."""
        self._taken = taken
        try:
            await self._write_text(text)
            return await self._one(Stage.END)
        finally:
            self._taken = None

    async def _write_text(self, text: bytes) -> None:
        """Write a message, a large one in blocks: the server may refuse it before its end."""
        if len(text) <= _BLOCK_OCTETS:
            self._write(text)
            return
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
