"""A few sessions for one registry account, shared by the tasks of this process.

Registries limit sessions per account: two to ten is common, and one more is answered 2502. The last one
used is the first one given, so that spare ones grow old and are closed. The cap holds within this process;
several worker processes share out the registry's limit by their configuration, and a registry that answers
2502 all the same lowers it for as long as the process lives.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from registries.epp.results import AUTHENTICATION_ERRORS
from registries.epp.session import Account, Session
from registries.epp.transport import WireLog
from registries.errors import RegistryRefused, RegistryUnavailable, TooManySessions

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How many sessions, and how they are kept.

    Attributes:
        borrow_s: Longest wait for a free session.
        idle_check_s: A session idle for longer is asked for a hello before it is used.
        keepalive_s: How often idle sessions say hello; below the registry's idle limit.
        max_age_s: An older session is closed rather than used again.
        max_commands: Likewise after this many commands; some registries count them.
        lockout_s: No login for this long after the registry refused our credentials.
    """

    max_sessions: int = 1
    borrow_s: float = 30.0
    idle_check_s: float = 30.0
    keepalive_s: float = 60.0
    max_age_s: float = 6 * 3600.0
    max_commands: int = 1000
    lockout_s: float = 300.0


@dataclass(slots=True)
class _Idle:
    session: Session
    opened_at: float
    since: float


class SessionPool:
    """Lends sessions; use as `async with pool.borrow() as session`."""

    def __init__(
        self,
        account: Account,
        limits: PoolLimits | None = None,
        *,
        on_frame: WireLog | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        open_session: Callable[..., Awaitable[Session]] = Session.open,
    ) -> None:
        self.account = account
        self.limits = limits or PoolLimits()
        self._on_frame = on_frame
        self._monotonic = monotonic
        self._open_session = open_session
        self._cap = self.limits.max_sessions
        self._free = asyncio.Semaphore(self._cap)
        self._idle: list[_Idle] = []
        self._refused: RegistryRefused | None = None
        self._refused_at = 0.0
        self._keeper: asyncio.Task[None] | None = None
        self._closed = False

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[Session]:
        """Lend a live session for as long as the block runs.

        Raises:
            RegistryUnavailable: None was free in time, or none could be opened.
            RegistryRefused: The registry does not accept our credentials.
        """
        try:
            async with asyncio.timeout(self.limits.borrow_s):
                await self._free.acquire()
        except TimeoutError:
            raise RegistryUnavailable("every session to the registry is busy") from None
        room = True
        try:
            item = await self._live_session()
            try:
                yield item.session
            finally:
                await self._give_back(item)
        except TooManySessions:
            room = self._cap == 1
            raise
        finally:
            self._leave(room=room)

    def _leave(self, *, room: bool) -> None:
        """Make room for the next borrower, unless the registry showed that there is none."""
        if room:
            self._free.release()
            return
        self._cap -= 1
        _log.warning("epp-session-cap-lowered", account=self.account.name, sessions=self._cap)

    async def _live_session(self) -> _Idle:
        if self._closed:
            raise RegistryUnavailable("the sessions to the registry are closed")
        while self._idle:
            item = self._idle.pop()
            if await self._still_good(item):
                return item
        return await self._open()

    async def _still_good(self, item: _Idle) -> bool:
        now = self._monotonic()
        worn = (
            now - item.opened_at > self.limits.max_age_s
            or item.session.commands_sent >= self.limits.max_commands
        )
        if worn or not item.session.usable:
            await item.session.close()
            return False
        if now - item.since > self.limits.idle_check_s:
            return await self._answers(item)
        return True

    async def _answers(self, item: _Idle) -> bool:
        if item.session.usable:
            with suppress(RegistryUnavailable):
                await item.session.hello()
                item.since = self._monotonic()
                return True
        await item.session.close()
        return False

    async def _open(self) -> _Idle:
        now = self._monotonic()
        # Trying wrong credentials again and again gets an account locked.
        if self._refused is not None and now - self._refused_at < self.limits.lockout_s:
            raise RegistryRefused(self._refused.code, self._refused.reason)
        try:
            session = await self._open_session(self.account, on_frame=self._on_frame)
        except RegistryRefused as error:
            if error.code in AUTHENTICATION_ERRORS:
                self._refused, self._refused_at = error, now
            raise
        self._refused = None
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep(), name=f"epp-keepalive-{self.account.name}")
        return _Idle(session, now, now)

    async def _give_back(self, item: _Idle) -> None:
        item.since = self._monotonic()
        if item.session.usable and not self._closed:
            self._idle.append(item)
        else:
            await item.session.close()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self.limits.keepalive_s)
            await self.keep_alive()

    async def keep_alive(self) -> None:
        """Say hello on every idle session and drop those that do not answer."""
        # A session that is being asked is lent: it must not be given to somebody else meanwhile.
        for _ in range(len(self._idle)):
            if self._free.locked() or not self._idle:
                return
            async with self._free:
                if self._idle and await self._answers(item := self._idle.pop(0)):
                    self._idle.append(item)

    async def close(self) -> None:
        """Log out everywhere. Sessions that are lent are closed when they come back."""
        self._closed = True
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        while self._idle:
            await self._idle.pop().session.close()
