"""A few sessions for one registry account, shared by the tasks of this process.

Registries limit sessions per account: two to ten is common, and one more is answered 2502. So each session
stands on a lease (`leases`), which all processes of the account take from one place. The last session used
is the first one given, so that spare ones grow old and are closed.

A process that waits for a lease is given an idle session's by the others; one that has none at all, also
that of the next session that comes back, so that a busy process does not starve it.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress

import structlog
from prometheus_client import Gauge

from registries.epp.leases import Demand, Lease, LocalLeases, SessionLeases
from registries.epp.limits import PoolLimits
from registries.epp.pace import Pace
from registries.epp.results import AUTHENTICATION_ERRORS, TOO_MANY_SESSIONS
from registries.epp.seat import Seat
from registries.epp.session import Account, Session
from registries.epp.standing import ACCEPTED, NO_ANSWER
from registries.epp.transport import WireLog
from registries.errors import AccountStopped, RegistryRefused, RegistryUnavailable, TooManySessions

__all__ = ["PoolLimits", "SessionPool"]

_log = structlog.get_logger()

_SESSIONS = Gauge("registries_epp_sessions", "Sessions open or being opened by this process", ["account"])
_STOPPED = Gauge(
    "registries_epp_account_stopped",
    "1 where the registry refused the credentials: look at once",
    ["account"],
)

# RFC 5730 section 3; 2200 may be about an object's password when it is not the answer to a login.
_CLOSED_FOR_US = frozenset({2501, TOO_MANY_SESSIONS})


class SessionPool:
    """Lends sessions; use as `async with pool.borrow() as session`."""

    def __init__(
        self,
        account: Account,
        limits: PoolLimits | None = None,
        *,
        leases: SessionLeases | None = None,
        on_frame: WireLog | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.account = account
        self.limits = limits or PoolLimits()
        self._leases: SessionLeases = leases or LocalLeases()
        self._on_frame = on_frame
        self._monotonic = monotonic
        per_minute = self.limits.requests_per_minute
        self._pace = Pace(per_minute, monotonic) if per_minute is not None else None
        self._free = asyncio.Semaphore(self.limits.max_sessions)
        self._line = asyncio.Lock()
        self._came_back = asyncio.Event()
        self._seats: dict[str, Seat] = {}
        self._idle: list[Seat] = []
        self._demand = Demand.NONE
        _STOPPED.labels(account.name).set(0)
        self._keepers: list[asyncio.Task[None]] = []
        self._closed = False

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[Session]:
        """Lend a live session for as long as the block runs.

        Raises:
            AccountStopped: The registry refused our credentials.
            RegistryUnavailable: None was free in time, or none could be opened.
            RegistryRefused: The registry does not let us open a session.
        """
        deadline = asyncio.get_running_loop().time() + self.limits.borrow_s
        # A deadline is worth its price only where there is something to wait for.
        async with self._waiting(deadline) if self._free.locked() else nullcontext():
            await self._free.acquire()
        try:
            seat, session = await self._live_session(deadline)
            try:
                yield session
            except (TooManySessions, RegistryRefused) as error:
                # Registries answer so in the middle of a session, too.
                if (code := getattr(error, "code", TOO_MANY_SESSIONS)) in _CLOSED_FOR_US:
                    await self._report(code)
                raise
            finally:
                await self._give_back(seat)
        finally:
            self._free.release()

    @asynccontextmanager
    async def _waiting(self, deadline: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout_at(deadline):
                yield
        except TimeoutError:
            raise RegistryUnavailable("every session to the registry is busy") from None

    async def _live_session(self, deadline: float) -> tuple[Seat, Session]:
        while True:
            if self._idle and not self._line.locked():
                found: Seat | Lease = self._idle.pop()
            else:
                async with self._waiting(deadline):
                    found = await self._next()
            if isinstance(found, Lease):
                return await self._open(found)
            if found.session is not None and await self._still_good(found, found.session):
                return found, found.session

    async def _next(self) -> Seat | Lease:
        """Return an idle session or, where there is none, a lease for a new one."""
        # One asks for a lease at a time: the others would only be told the same.
        async with self._line:
            while not self._closed:
                if self._idle:
                    return self._idle.pop()
                self._came_back.clear()
                lease = await self._ask()
                if lease is not None:
                    return lease
                with suppress(TimeoutError):
                    async with asyncio.timeout(self.limits.poll_s):
                        await self._came_back.wait()
            raise RegistryUnavailable("the sessions to the registry are closed")

    async def _ask(self) -> Lease | None:
        try:
            return await self._leases.acquire(self.limits.max_sessions)
        except AccountStopped:
            _STOPPED.labels(self.account.name).set(1)
            raise

    async def _open(self, lease: Lease) -> tuple[Seat, Session]:
        seat = self._seats[lease.id] = Seat(lease, self._monotonic())
        self._count()
        if not self._keepers:
            self._keepers = [
                asyncio.create_task(self._every(self._leases.renew_s, self.renew_leases)),
                asyncio.create_task(self._every(self._leases.renew_s, self.vacate)),
                asyncio.create_task(self._every(self.limits.keepalive_s, self.keep_alive)),
            ]
        try:
            return seat, await self._log_in(seat)
        except BaseException:
            await self._leave(seat)
            raise

    async def _log_in(self, seat: Seat) -> Session:
        """Open the session of a seat, and tell the leases what others should know of it."""
        code = NO_ANSWER
        try:
            session = await seat.open(self.account, self._on_frame, self._pace)
            code = ACCEPTED
            _STOPPED.labels(self.account.name).set(0)
        except TooManySessions:
            code = TOO_MANY_SESSIONS
            raise
        except RegistryRefused as error:
            if error.code not in AUTHENTICATION_ERRORS:
                raise
            code = error.code
            raise AccountStopped(code) from error
        finally:
            if seat.lease.probe or code not in {ACCEPTED, NO_ANSWER}:
                await self._report(code)
        return session

    async def _report(self, code: int) -> None:
        if code == TOO_MANY_SESSIONS:
            _log.warning("epp-too-many-sessions", account=self.account.name)
        elif code in AUTHENTICATION_ERRORS:
            _STOPPED.labels(self.account.name).set(1)
            _log.error("epp-account-stopped", account=self.account.name, code=code)
        await self._leases.report(code)

    async def _still_good(self, seat: Seat, session: Session) -> bool:
        """Whether a session that was idle can be lent; one that cannot is closed."""
        now = self._monotonic()
        worn = (
            now - seat.opened_at > self.limits.max_age_s or session.commands_sent >= self.limits.max_commands
        )
        if worn:
            await self._leave(seat)
            return False
        fresh = session.usable and now - seat.since <= self.limits.idle_check_s
        return fresh or await self._answers(seat, session)

    async def _answers(self, seat: Seat, session: Session) -> bool:
        """Whether a session answers a hello; one that does not is closed."""
        try:
            await session.hello()
        except RegistryUnavailable:
            await self._leave(seat)
            return False
        except BaseException:
            await self._leave(seat)
            raise
        seat.since = self._monotonic()
        return True

    async def _give_back(self, seat: Seat) -> None:
        seat.since = self._monotonic()
        owed = self._demand is Demand.FIRST
        if owed:
            self._demand = Demand.NONE
        if owed:
            await self._leave(seat)
        else:
            await self._rest(seat)

    async def _rest(self, seat: Seat) -> None:
        """Keep a session for the next one who wants it, if it is still good for that."""
        if self._closed or not seat.usable:
            await self._leave(seat)
            return
        self._idle.append(seat)
        self._came_back.set()

    async def _leave(self, seat: Seat) -> None:
        """Close a session, and only then give its lease back."""
        try:
            if seat.session is not None:
                await seat.session.close()
        finally:
            self._seats.pop(seat.lease.id, None)
            self._count()
            try:
                await self._leases.release(seat.lease.id)
            except RegistryUnavailable:
                _log.warning("epp-lease-left-to-end", account=self.account.name)
            self._came_back.set()
            if self._closed and not self._seats:
                self._dismiss_keepers()

    def _count(self) -> None:
        _SESSIONS.labels(self.account.name).set(len(self._seats))
        if self._pace is not None:
            self._pace.share(max(1, len(self._seats)) / self.limits.max_sessions)

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except Exception:  # noqa: BLE001 - whatever it is, the next round must come
                _log.exception("epp-keeper-failed", account=self.account.name)

    async def renew_leases(self) -> None:
        """Renew every lease, drop sessions that lost theirs, hand idle ones to who waits."""
        await self._renew()
        await self.vacate()
        going = [seat for seat in self._idle if self._demand is not Demand.NONE or not seat.usable]
        self._idle = [seat for seat in self._idle if seat not in going]
        if going:
            self._demand = Demand.NONE
        await asyncio.gather(*(self._leave(seat) for seat in going))

    async def vacate(self) -> None:
        """Drop every session whose lease is about to end; waits for nothing, as a renewal may for long."""
        now = self._monotonic()
        for seat in self._seats.values():
            if seat.use_until <= now and seat.vacate():
                _log.error("epp-lease-lost", account=self.account.name)

    async def _renew(self) -> None:
        held = list(self._seats)
        if not held:
            return
        try:
            async with asyncio.timeout(self._leases.renew_s):
                renewal = await self._leases.renew(held)
        except Exception as error:  # noqa: BLE001 - whatever it is, they were not renewed
            _log.warning("epp-leases-not-renewed", account=self.account.name, error=type(error).__name__)
            return
        for lease_id in self._seats.keys() & held:
            still_ours = lease_id in renewal.held
            self._seats[lease_id].use_until = renewal.use_until if still_ours else -math.inf
        self._demand = renewal.demand

    async def keep_alive(self) -> None:
        """Say hello on every idle session and drop those that do not answer."""
        for _ in range(len(self._idle)):
            if self._free.locked():
                return
            # A session that is being asked is lent: it must not be given to somebody else meanwhile.
            async with self._free:
                if not self._idle:
                    return
                seat = self._idle.pop(0)
                if seat.session is not None and await self._answers(seat, seat.session):
                    await self._rest(seat)

    async def close(self) -> None:
        """Log out everywhere. Sessions that are lent are closed when they come back."""
        self._closed = True
        self._came_back.set()
        idle, self._idle = self._idle, []
        await asyncio.gather(*(self._leave(seat) for seat in idle))
        if not self._seats:
            self._dismiss_keepers()

    def _dismiss_keepers(self) -> None:
        for keeper in self._keepers:
            keeper.cancel()
