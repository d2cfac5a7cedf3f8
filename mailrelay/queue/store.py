"""The durable mail queue: enqueue, claim with a lease, record what became of it, and look at what is there.

`enqueue` returns when the rows are committed; only then may the client be told 250 (RFC 5321 section
6.1). A claim is a lease: a worker that dies loses it, and another takes over. Every change of a claimed
message asks for the lease again, so that a worker that was thought dead cannot change what is no longer
its own. Rewriting, routing and the retry schedule are left to `delivery`.

Where the messages are, and how they get there, is the business of `operations.Places`: files of SQLite, one
for each process, or tables on PostgreSQL.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import structlog

from mailrelay.queue import work
from mailrelay.queue.cipher import BodyCipher, KeyDestroyed
from mailrelay.queue.entry import FINAL, NewMessage, QueuedMessage, State
from mailrelay.queue.facade import QueueFacade, count_state
from mailrelay.queue.handover import Handover
from mailrelay.queue.ids import new_message_id, slot_of
from mailrelay.queue.journal import Journal, dead_workers
from mailrelay.queue.operations import Change, Insert, Places, Work
from mailrelay.queue.rows import Claim, Row, handed_over, opened, row_of, thread_digest, trail_line
from mailrelay.queue.tables import microseconds

_log = structlog.get_logger()


class QueueStore(QueueFacade):
    """The queue of an installation, as one process sees it.

    Args:
        places: Where messages are kept; `close` closes it.
        cipher: Gives the keys under which messages and envelopes are sealed.
        clock: Gives aware UTC.
        slot: Where this process puts its messages; the ids tell.
        journals: Path of the workers' journals without `.<worker id>.journal`.
    """

    def __init__(
        self,
        places: Places,
        cipher: BodyCipher,
        clock: Callable[[], datetime],
        *,
        slot: int,
        journals: Path,
    ) -> None:
        super().__init__(places, cipher, clock)
        self._slot = slot
        self._journals = journals
        self._journal: Journal | None = None
        self._handover: Handover | None = None
        self._listener: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Finish what was asked and close everything."""
        await self.end_delivering()
        await self._places.close()

    async def enqueue(
        self, new: Sequence[NewMessage], state: State = State.QUEUED, *, also: Sequence[NewMessage] = ()
    ) -> list[str]:
        """Store messages in one transaction and return their ids; they are durable then.

        A message for which the worker of this process has room is claimed for it from the beginning, and
        given to it once it is durable.

        Args:
            new: Messages.
            state: In which they are.
            also: Messages to be delivered, whatever is to become of the others.

        Raises:
            KeyDestroyed: An owner was erased.
            QueueUnavailable: Nothing was stored.
        """
        now = self._clock()
        at = microseconds(now)
        # Before anything is reserved: it may be that an owner has no key any more.
        every = [*new, *also]
        states = [*repeat(state, len(new)), *repeat(State.QUEUED, len(also))]
        keys = [await self._cipher.key(message.owner_id) for message in every]
        born = list(map(self._born, every, states, repeat(at)))
        ids = [one.id or new_message_id(now, self._slot) for one in every]
        try:
            rows = tuple(map(row_of, ids, every, states, repeat(at), keys, born))
        except Exception as error:
            self._taken(every, born, ids, now, error)
            raise
        waits = any(one is State.QUEUED and claim is None for one, claim in zip(states, born, strict=True))
        taken = partial(self._taken, every, born, ids, now) if State.QUEUED in states else None
        await self._places.own.ask(Insert(rows, announced=waits), taken)
        for message, its in zip(every, states, strict=True):
            count_state(message.direction, its)
        return ids

    def new_id(self) -> str:
        """Return an id for a message that this process is going to queue."""
        return new_message_id(self._clock(), self._slot)

    async def record_rejected(self, refused: Sequence[NewMessage]) -> list[str]:
        """Note refused messages for the owner's list of blocked mail; their bodies are not kept."""
        return await self.enqueue(refused, State.REJECTED)

    def _born(self, message: NewMessage, state: State, at: int) -> Claim | None:
        """Return by which claim a new message is born, where a worker has room for it."""
        worker = self._handover
        if state is not State.QUEUED or worker is None:
            return None
        if not worker.reserve(len(message.raw), message.priority):
            return None
        return Claim(worker.worker_id, at + int(worker.lease_s * 1_000_000))

    def _taken(
        self,
        new: Sequence[NewMessage],
        claims: Sequence[Claim | None],
        ids: Sequence[str],
        now: datetime,
        answer: object,
    ) -> None:
        """Hand over what is durable now, even where the client has gone; else give up the room for it."""
        stored = not isinstance(answer, Exception)
        for message, claim, message_id in zip(new, claims, ids, strict=True):
            if claim is None:
                self.wakeup.set()
            elif self._handover is not None and stored:
                self._handover.take(handed_over(message_id, message, now))
            elif self._handover is not None:
                self._handover.cancel(len(message.raw))

    async def begin_delivering(self, worker: Handover) -> None:
        """Let a worker of this process deliver: settle what dead workers left, and hand over new mail.

        Raises:
            WorkerExists: Another worker of the same id is alive.
            QueueUnavailable: The queue cannot be read now; nothing has begun.
        """
        for dead in dead_workers(self._journals):
            query = partial(work.take_over, worker_id=dead.worker_id, sent=dead.sent, now=self._clock())
            try:
                settled = [await database.ask(Work(query)) for database in self._places.all()]
            except BaseException:
                dead.leave()
                raise
            dead.forget()
            _log.info("dead-worker-settled", worker=dead.worker_id, sent_without_record=sum(settled))
        self._journal = Journal.open(self._journals, worker.worker_id)
        self._handover = worker
        self._listener = asyncio.create_task(self._places.listen(self.wakeup.set))

    async def end_delivering(self) -> None:
        """Hand nothing over any more; the worker has finished."""
        self._handover = None
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
            self._listener = None
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def sent(self, message_id: str) -> None:
        """Note in the journal that the next server has taken a message; call it before anything else."""
        if self._journal is not None:
            try:
                self._journal.sent(message_id)
            except OSError as error:
                _log.error("journal-not-written", id=message_id, error=type(error).__name__)

    async def claim(self, worker_id: str, lease: timedelta, limit: int) -> list[QueuedMessage]:
        """Take up to `limit` messages that are due, or whose worker lost its lease; protected mail first."""
        taken: list[QueuedMessage] = []
        for database in self._places.to_deliver_from():
            if len(taken) < limit:
                query = partial(
                    work.claim, worker_id=worker_id, now=self._clock(), lease=lease, limit=limit - len(taken)
                )
                found = await database.ask(Work(query))
                taken += [one for row, body in found if (one := await self._opened(row, body, worker_id))]
        return taken

    async def _opened(self, row: Any, body: bytes, worker_id: str) -> QueuedMessage | None:
        if self._was_sent(row.id):
            # Sent in an earlier attempt whose record could not be written then.
            await self.delivered(worker_id, row.id)
            return None
        try:
            return opened(row, body, await self._cipher.key(row.owner_id))
        except KeyDestroyed:
            # Erased with its owner: nobody can read it, and nobody is left to tell.
            await self._settle(worker_id, row.id, State.DISCARDED, "owner-erased")
            return None

    async def heartbeat(self, worker_id: str, ids: Iterable[str], lease: timedelta) -> None:
        """Extend the lease of messages still being delivered."""
        until, held = self._clock() + lease, list(ids)
        for database in self._places.to_deliver_from():
            await database.ask(Work(partial(work.extend, worker_id=worker_id, ids=held, until=until)))

    async def give_back(self, worker_id: str, ids: Iterable[str]) -> None:
        """Undo claims of messages of which no delivery was tried."""
        held, now = list(ids), self._clock()
        for database in self._places.to_deliver_from():
            await database.ask(Work(partial(work.give_back, worker_id=worker_id, ids=held, now=now)))

    async def delivered(
        self,
        worker_id: str,
        message_id: str,
        thread: Iterable[tuple[str, str, str]] = (),
        *,
        event: str = State.DELIVERED.value,
    ) -> bool:
        """Note that the next mail server took the message; its body goes.

        Args:
            worker_id: Who claimed it.
            message_id: The message.
            thread: Relay id, correspondent, and a Message-ID that he knows from now on.
            event: For the trail.

        Returns:
            Whether the lease still stood.
        """
        learned = b"".join(thread_digest(*known) for known in thread)
        return await self._settle(worker_id, message_id, State.DELIVERED, "", learned=learned, event=event)

    async def not_sent(self, worker_id: str, message_id: str, reason: str) -> bool:
        """Note that a message was thrown away, since nobody wants it; its body goes."""
        return await self._settle(worker_id, message_id, State.DISCARDED, reason)

    async def deferred(  # noqa: PLR0913 - by name
        self,
        worker_id: str,
        message_id: str,
        error: str,
        next_attempt_at: datetime,
        *,
        reports: Sequence[NewMessage] = (),
        warned: bool = False,
    ) -> bool:
        """Note a temporary failure; `warned` together with the reports that tell the sender of it."""
        return await self._settle(
            worker_id, message_id, State.DEFERRED, error, reports,
            next_attempt_at=next_attempt_at, warned=warned,
        )  # fmt: skip

    async def bounced(
        self, worker_id: str, message_id: str, error: str, reports: Sequence[NewMessage] = ()
    ) -> bool:
        """Note the final failure and queue the reports about it, in one transaction."""
        return await self._settle(worker_id, message_id, State.BOUNCED, error, reports)

    async def held(
        self, worker_id: str, message_id: str, error: str, reports: Sequence[NewMessage] = ()
    ) -> bool:
        """Keep an answer that would show its owner, and queue the notice to him, in one transaction."""
        return await self._settle(worker_id, message_id, State.HELD, error, reports)

    async def undeliverable(
        self, worker_id: str, message_id: str, error: str, reports: Sequence[NewMessage] = ()
    ) -> bool:
        """Keep a message that the owner's mailbox refuses for good, until it is released or discarded."""
        return await self._settle(worker_id, message_id, State.UNDELIVERABLE, error, reports)

    async def note(self, worker_id: str, message_id: str, event: str) -> bool:
        """Append an event to the trail of a claimed message; return whether the lease still stood."""
        line = trail_line(microseconds(self._clock()), event)
        query = partial(work.note, worker_id=worker_id, message_id=message_id, event=line)
        return any([await database.ask(Work(query)) for database in self._places.of_id(message_id)])

    async def failed_later(self, message_id: str, error: str, reports: Sequence[NewMessage] = ()) -> bool:
        """Note that a delivered message was returned by a later server (RFC 3464); happens once."""
        query = partial(
            work.failed_later, message_id=message_id, error=error,
            reports=await self._rows(reports, message_id), now=self._clock(),
        )  # fmt: skip
        return await self._changed(message_id, query, State.BOUNCED, wakes=bool(reports))

    async def _settle(  # noqa: PLR0913 - one place for every outcome of a claimed message
        self,
        worker_id: str,
        message_id: str,
        state: State,
        error: str,
        reports: Sequence[NewMessage] = (),
        *,
        learned: bytes = b"",
        next_attempt_at: datetime | None = None,
        warned: bool = False,
        event: str = "",
    ) -> bool:
        now = self._clock()
        at = microseconds(now)
        if self._was_sent(message_id):
            # Whatever failed afterwards was our own: nothing may send it again or report it as failed.
            state, error, reports, next_attempt_at = State.DELIVERED, "", (), None
        due = microseconds(next_attempt_at) if next_attempt_at else at
        line = trail_line(at, event or f"{state.value} {error}".rstrip())
        change = Change(message_id, worker_id, state, error, at, due, line, done=state in FINAL)
        asked: Change | Work = change
        if reports or learned or warned:
            values = {"next_attempt_at": next_attempt_at or now} | ({"warned_at": now} if warned else {})
            rows = await self._rows(reports, message_id)
            asked = Work(
                partial(work.settle, asked=change, now=now, reports=rows, learned=learned, values=values)
            )
        return await self._settled(asked, message_id, state, wakes=bool(reports))

    async def _settled(self, asked: Change | Work, message_id: str, state: State, *, wakes: bool) -> bool:
        for database in self._places.of_id(message_id):
            if (direction := await database.ask(asked)) is not None:
                count_state(direction, state)
                if wakes:
                    await self._wake(database)
                break
        else:
            direction = None
        # Where the lease was lost, whoever has it now will say what became of the message.
        if self._journal is not None:
            self._journal.recorded(message_id)
        return direction is not None

    def _was_sent(self, message_id: str) -> bool:
        return self._journal is not None and message_id in self._journal.unrecorded

    async def _rows(self, new: Sequence[NewMessage], about: str) -> tuple[Row, ...]:
        """Return the rows of reports; they are kept where the message is that they are about."""
        slot = slot_of(about) or 0
        now = self._clock()
        at = microseconds(now)
        return tuple(
            [
                row_of(new_message_id(now, slot), one, State.QUEUED, at, await self._cipher.key(one.owner_id))
                for one in new
            ]
        )
