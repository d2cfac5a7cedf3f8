"""One place at a registry: the lease that allows a session, and the session on it once that is open."""

import asyncio
import math

from registries.epp.leases import Lease
from registries.epp.pace import Pace
from registries.epp.session import Account, Session
from registries.epp.transport import WireLog
from registries.errors import RegistryUnavailable


class Seat:
    """A lease and the session on it, once that is open."""

    def __init__(self, lease: Lease, opened_at: float) -> None:
        self.lease = lease
        self.use_until = lease.use_until
        self.opened_at = self.since = opened_at
        self.session: Session | None = None
        self._opening: asyncio.Timeout | None = None

    async def open(self, account: Account, on_frame: WireLog | None, pace: Pace | None) -> Session:
        """Open the session; errors as for `Session.open`."""
        self._opening = asyncio.timeout(None)
        try:
            async with self._opening:
                self.session = await Session.open(account, on_frame=on_frame, pace=pace)
        except TimeoutError:
            raise RegistryUnavailable("the lease ended while the session was opened") from None
        finally:
            self._opening = None
        return self.session

    @property
    def usable(self) -> bool:
        """Whether the session can be lent."""
        return self.session is not None and self.session.usable

    def vacate(self) -> bool:
        """Drop the session, or give up opening it, without a word; return whether there was one."""
        if self.usable and self.session is not None:
            self.session.abort()
            return True
        if self._opening is not None:
            self._opening.reschedule(-math.inf)
            self._opening = None
            return True
        return False
