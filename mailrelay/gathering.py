"""Carry out together what is asked at the same time: one transaction and few statements for many askers.

A database takes nearly as long for one row as for a hundred. While one transaction runs, further asks gather
and share the next; each asker gets an answer of its own, and none before the commit. An asker whose part is
refused stops no other. An ask that finds nothing running is carried out at once, unless the last batch began
a moment ago: small batches cost the most for each ask.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

TransactionT = TypeVar("TransactionT")
AskT = TypeVar("AskT")
AnswerT = TypeVar("AnswerT")

_MOST = 100


@dataclass(frozen=True, slots=True)
class _Asked(Generic[AskT, AnswerT]):
    ask: AskT
    then: Callable[[AnswerT | Exception], None] | None
    answer: asyncio.Future[AnswerT] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def settle(self, answer: AnswerT | Exception) -> None:
        if self.answer.done():  # the asker has gone
            return
        if isinstance(answer, Exception):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


class Gathering(Generic[TransactionT, AskT, AnswerT]):
    """Takes asks one by one and carries them out in batches, in the order in which they came.

    Whoever asks must not be in a transaction himself: where there is one writer, his and this one would wait
    for each other.
    """

    def __init__(
        self,
        begin: Callable[[], AbstractAsyncContextManager[TransactionT]],
        perform: Callable[[TransactionT, Sequence[AskT]], Awaitable[Sequence[AnswerT | Exception]]],
        key: Callable[[AskT], object],
        passing: tuple[type[Exception], ...],
        pause_s: float = 0,
    ) -> None:
        """Create it.

        Args:
            begin: Begins a transaction, which commits when its block ends well.
            perform: Gives one answer for each ask; an exception is raised to its asker, and the rest stands.
                What it raises undoes the whole batch, which is then carried out one by one.
            key: Of two asks with the same key, the second finds what the first has left, committed.
            passing: Errors of a database that is away: they concern all asks alike.
            pause_s: At least so long from the beginning of one batch to that of the next.
        """
        self._begin = begin
        self._perform = perform
        self._key = key
        self._passing = passing
        self._pause_s = pause_s
        self._next_at = 0.0
        self._waiting: deque[_Asked[AskT, AnswerT]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def ask(self, ask: AskT, then: Callable[[AnswerT | Exception], None] | None = None) -> AnswerT:
        """Return the answer once it is committed, or raise what stands in its place.

        Args:
            ask: What is asked.
            then: Called with the answer, or with what stands in its place, even where the asker has gone.
                What it sets going comes after the askers of its batch.
        """
        asked: _Asked[AskT, AnswerT] = _Asked(ask, then)
        self._waiting.append(asked)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await asked.answer

    async def idle(self) -> None:
        """Wait until everything that was asked is carried out."""
        if self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        while self._waiting:
            batch: list[_Asked[AskT, AnswerT]] = []
            if self._pause_s:
                await self._paced()
            try:
                # Taken only once it is our turn to write: until then more may come.
                async with self._begin() as transaction:
                    batch = self._take()
                    answers = await self._perform(transaction, [each.ask for each in batch])
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the askers'
                await self._recover(batch or self._take(), error)
            else:
                _settle(zip(batch, answers, strict=True))

    async def _paced(self) -> None:
        time = asyncio.get_running_loop().time
        if (left_s := self._next_at - time()) > 0:
            await asyncio.sleep(left_s)
        self._next_at = time() + self._pause_s

    def _take(self) -> list[_Asked[AskT, AnswerT]]:
        """Return those that can be carried out together, in order."""
        batch: list[_Asked[AskT, AnswerT]] = []
        keys: set[object] = set()
        while self._waiting and len(batch) < _MOST and (key := self._key(self._waiting[0].ask)) not in keys:
            keys.add(key)
            batch.append(self._waiting.popleft())
        return batch

    async def _recover(self, batch: Sequence[_Asked[AskT, AnswerT]], error: Exception) -> None:
        """Find out whose the failure is: each is carried out alone."""
        # Where the database is away it is so for all, and a try for each would only take longer.
        if len(batch) == 1 or isinstance(error, self._passing):
            _settle((each, error) for each in batch)
            return
        for each in batch:
            answer: AnswerT | Exception
            try:
                async with self._begin() as transaction:
                    [answer] = await self._perform(transaction, [each.ask])
            except Exception as own:  # noqa: BLE001 - same
                answer = own
            _settle([(each, answer)])


def _settle(answers: Iterable[tuple[_Asked[AskT, AnswerT], AnswerT | Exception]]) -> None:
    """Give every asker his answer, and only then set going what follows from them."""
    settled = list(answers)
    for each, answer in settled:
        each.settle(answer)
    for each, answer in settled:
        if each.then is not None:
            each.then(answer)
