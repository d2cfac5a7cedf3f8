"""How operations go on, told to who follows them: one look for all followers of this process.

What ends in this process is told at once (`Operations.notify`). Other processes' work is seen by a look once
a second, of two statements by primary key however many follow, and of none while nobody does. The same look
sees that a session was ended, so that nobody follows on who has been signed out.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import structlog

from whoisproxy.domain.operation import Operation
from whoisproxy.services.operations import Operations
from whoisproxy.storage.unit_of_work import Storage

_log = structlog.get_logger()


class TooManyFollowers(Exception):
    """The session, or the process, follows as many operations as it may; asking later may succeed."""


@dataclass(eq=False, slots=True)
class Following:
    """One follower.

    Attributes:
        over: Whether nothing more is told: the session or the operation is gone, or the process stops.
    """

    operation_id: str
    session_id: str
    _given: Operation
    _latest: Operation
    over: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def next(self, timeout_s: float) -> Operation | None:
        """Return the operation once it is another than it was; None where the time, or all, is over first."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not self.over and self._latest == self._given:
                    self._changed.clear()
                    await self._changed.wait()
        if self.over or self._latest == self._given:
            return None
        self._given = self._latest
        return self._latest

    def tell(self, operation: Operation) -> None:
        """Tell how it stands."""
        self._latest = operation
        self._changed.set()

    def end(self) -> None:
        """Tell that nothing more will be told."""
        self.over = True
        self._changed.set()


class OperationFeed:
    """Looks for all who follow.

    Args:
        storage: Where operations and sessions are.
        operations: Tells at once what ends in this process.
        look_every_s: How often to look for what other processes did.
        most: Followers of this process.
        most_of_session: Followers of one session.
    """

    def __init__(
        self,
        storage: Storage,
        operations: Operations,
        look_every_s: float = 1.0,
        most: int = 200,
        most_of_session: int = 4,
    ) -> None:
        self._storage = storage
        self._operations = operations
        self._look_every_s = look_every_s
        self._most = most
        self._most_of_session = most_of_session
        self._followers: set[Following] = set()
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    @contextmanager
    def following(self, operation: Operation, session_id: str) -> Iterator[Following]:
        """Follow an operation, from how it stands, for a session whose owner may see it.

        Raises:
            TooManyFollowers: There are as many as may be, or the process stops.
        """
        of_session = Counter(each.session_id for each in self._followers)[session_id]
        if self._closed or len(self._followers) >= self._most or of_session >= self._most_of_session:
            raise TooManyFollowers
        follower = Following(operation.id, session_id, operation, operation)
        self._followers.add(follower)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on_and_on())
        try:
            yield follower
        finally:
            self._followers.discard(follower)
            if not self._followers:
                self._stop_looking()

    def close(self) -> None:
        """Tell all followers that it is over, and take no others: the process stops."""
        self._closed = True
        for each in self._followers:
            each.end()

    def _stop_looking(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look_on_and_on(self) -> None:
        while True:
            # Taken before looking: what ends after the look is not missed.
            ended = self._operations.next_end()
            try:
                await self._look()
            except Exception as error:  # noqa: BLE001 - the next look makes up for this one
                _log.warning("operation-feed-failed", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_every_s):
                    await ended.wait()

    async def _look(self) -> None:
        followers = list(self._followers)
        async with self._storage.reading() as uow:
            known = await uow.operations.by_ids({each.operation_id for each in followers})
            there = await uow.owner_sessions.there({each.session_id for each in followers})
        for each in followers:
            operation = known.get(each.operation_id)
            if operation is None or each.session_id not in there:
                each.end()
            else:
                each.tell(operation)
