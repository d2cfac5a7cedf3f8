"""What any process may do with queued mail: look at it, let go what was kept back, tidy up.

It sees the messages of all processes, wherever they are kept.
"""

import asyncio
import heapq
from collections import Counter as Counted
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from prometheus_client import Counter

from mailrelay.queue import log, work
from mailrelay.queue.cipher import BodyCipher, KeyDestroyed
from mailrelay.queue.entry import KEPT, Direction, MessageRecord, QueuedMessage, State
from mailrelay.queue.log import DayNumber, LogQuery
from mailrelay.queue.operations import Places, QueueDatabase, Work
from mailrelay.queue.rows import (
    opened,
    owners_id,
    record_of,
    thread_digest,
    trail_line,
    with_released,
)
from mailrelay.queue.tables import messages, microseconds

_STATES = Counter("mailrelay_queue_messages_total", "Messages that entered a state", ["direction", "state"])
_CHUNK = 500
_NUMBERS_KEPT = timedelta(days=400)  # a year of charts, and the month that it begins in

_RELEASABLE = (State.QUARANTINED, State.HELD, State.UNDELIVERABLE)
_DISCARDABLE = (State.QUARANTINED, State.HELD, State.UNDELIVERABLE)
_PAUSABLE = (State.QUEUED, State.DEFERRED, State.QUARANTINED, State.UNDELIVERABLE)
_RETRYABLE = (State.DEFERRED, State.UNDELIVERABLE, State.PAUSED)
_DROPPABLE = (*_PAUSABLE, State.HELD, State.PAUSED)


class QueueFacade:
    """The messages of an installation.

    Args:
        places: Where they are kept.
        cipher: Gives the keys under which envelopes are sealed.
        clock: Gives aware UTC.

    Attributes:
        wakeup: Set when there may be something new to deliver; a worker in this process clears it.
    """

    def __init__(self, places: Places, cipher: BodyCipher, clock: Callable[[], datetime]) -> None:
        self._places = places
        self._cipher = cipher
        self._clock = clock
        self.wakeup = asyncio.Event()

    async def release(self, message_id: str, words: Iterable[str] = ()) -> bool:
        """Send on what was quarantined, held, or could not be delivered; not what the operator holds.

        An answer is rewritten once more, and held once more where it shows its owner by anything else than
        the words that he lets pass.

        Args:
            message_id: The message.
            words: What may show in it, as it was found.

        Returns:
            Whether it is on its way.
        """
        for database in self._places.of_id(message_id):
            row = await database.read(partial(work.one, message_id=message_id))
            if row is not None and State(row.state) in _RELEASABLE:
                return await self._release(row, words)
        return False

    async def _release(self, row: Any, words: Iterable[str]) -> bool:
        values: dict[str, bytes] = {}
        # What waited for a mailbox that works goes its way as before: nobody was asked about it.
        if row.state != State.UNDELIVERABLE:
            try:
                key = await self._cipher.key(row.owner_id)
                values = {"envelope": with_released(row.envelope, key, words)}
            except KeyDestroyed:
                return False
        return await self._move(row.id, (State(row.state),), State.QUEUED, "released", **values)

    async def kept(self, message_id: str) -> QueuedMessage | None:
        """Return a message that waits for somebody's word, opened; None where it is not one, or erased."""
        for database in self._places.of_id(message_id):
            found = await database.read(partial(work.whole, message_id=message_id))
            if found is not None and State(found[0].state) in KEPT:
                try:
                    return opened(*found, await self._cipher.key(found[0].owner_id))
                except KeyDestroyed:
                    return None
        return None

    async def discard(self, message_id: str, event: str = "discarded") -> bool:
        """Throw away what was quarantined, held, or could not be delivered; `event` is for its trail."""
        return await self._move(message_id, _DISCARDABLE, State.DISCARDED, event)

    async def retry(self, message_id: str) -> bool:
        """Try a message again now that waits for its time, or was set aside by the operator."""
        return await self._move(message_id, _RETRYABLE, State.QUEUED, "retried-by-the-operator")

    async def pause(self, message_id: str) -> bool:
        """Hold a message back until `retry` or `release`, as the operator."""
        return await self._move(message_id, _PAUSABLE, State.PAUSED, "held-by-the-operator")

    async def drop(self, message_id: str) -> bool:
        """Throw away a message that is not delivered yet, as the operator; nobody is told."""
        return await self._move(message_id, _DROPPABLE, State.DISCARDED, "dropped-by-the-operator")

    async def retry_deferred(self) -> int:
        """Try every deferred message again now; return how many."""
        moved, now = 0, self._clock()
        for database in self._places.all():
            after = ""
            while ids := await database.read(partial(work.ids_deferred, after=after, limit=_CHUNK)):
                after = ids[-1]
                moved += await self._move_all(
                    database, ids, (State.DEFERRED,), State.QUEUED, "retried-by-the-operator", now
                )
        return moved

    async def discard_unclaimed(self, before: datetime) -> int:
        """Throw away what nobody has released since a time, with its envelope; return how many these were."""
        discarded, now = 0, self._clock()
        for database in self._places.all():
            query = partial(work.ids_set_aside, states=_DISCARDABLE, before=before, limit=_CHUNK)
            while ids := await database.read(query):
                discarded += await self._move_all(
                    database, ids, _DISCARDABLE, State.DISCARDED, "discarded-for-its-age", now, envelope=b""
                )
        return discarded

    async def _move(
        self, message_id: str, states: Collection[State], to: State, event: str, **values: Any
    ) -> bool:
        now = self._clock()
        query = partial(
            work.change, ids=[message_id], condition=messages.c.state.in_(states), state=to, now=now,
            event=trail_line(microseconds(now), event), last_error="", **values,
        )  # fmt: skip
        return await self._changed(message_id, query, to, wakes=to is State.QUEUED)

    async def _move_all(  # noqa: PLR0913, PLR0917 - a move of many
        self,
        database: QueueDatabase,
        ids: Sequence[str],
        states: Collection[State],
        to: State,
        event: str,
        now: datetime,
        **values: Any,
    ) -> int:
        query = partial(
            work.change, ids=ids, condition=messages.c.state.in_(states), state=to, now=now,
            event=trail_line(microseconds(now), event), last_error="", **values,
        )  # fmt: skip
        changed = await database.ask(Work(query))
        for _, direction in changed:
            count_state(direction, to)
        if to is State.QUEUED:
            await self._wake(database)
        return len(changed)

    async def _changed(self, message_id: str, query: Callable[..., Any], to: State, *, wakes: bool) -> bool:
        for database in self._places.of_id(message_id):
            if changed := await database.ask(Work(query)):
                for _, direction in changed:
                    count_state(direction, to)
                if wakes:
                    await self._wake(database)
                return True
        return False

    async def owners_of_held(self, since: datetime) -> dict[str, datetime]:
        """Return for whom strangers' mail is held that was set aside since a time, and when last."""
        found: dict[str, datetime] = {}
        for database in self._places.all():
            for owner_id, at in await database.read(partial(work.owners_of_held, since=since)):
                found[owner_id] = max(at, found.get(owner_id, at))
        return found

    async def get(self, message_id: str) -> MessageRecord | None:
        """Return the record of a message."""
        for database in self._places.of_id(message_id):
            row = await database.read(partial(work.one, message_id=message_id))
            if row is not None:
                return await self._shown(row)
        return None

    async def of_relay(
        self, relay_ids: Sequence[str], limit: int, after: str = "", states: Sequence[State] = ()
    ) -> list[MessageRecord]:
        """Return what came and went for relay addresses, newest first; `after` is the last id seen."""
        query = partial(work.of_relay, relay_ids=relay_ids, limit=limit, after=after, states=states)
        return await self._merged(query, limit)

    async def logged(self, query: LogQuery, limit: int, before: str = "") -> list[MessageRecord]:
        """Return up to `limit` messages of an owner, newest first; `before` is the last id seen."""
        return await self._merged(partial(log.page, query=query, before=before, limit=limit), limit)

    async def numbers(self, query: LogQuery) -> list[DayNumber]:
        """Return how many messages of an owner were taken on each day, those that are forgotten included.

        Whole days are counted: `since` and `until` of the query are at midnight, UTC.
        """
        by_kind: Counted[tuple[int, Direction, State]] = Counted()
        for database in self._places.all():
            for one in await database.read(partial(log.numbers, query=query)):
                by_kind[one.day, one.direction, one.state] += one.messages
        return [DayNumber(*kind, count) for kind, count in sorted(by_kind.items())]

    async def search(
        self,
        limit: int,
        *,
        after: str = "",
        states: Sequence[State] = (),
        relay_ids: Sequence[str] = (),
        before: datetime | None = None,
    ) -> list[MessageRecord]:
        """Return messages of every kind, newest first; those taken before a time where one is given."""
        query = partial(
            work.listed, limit=limit, after=after, states=states, relay_ids=relay_ids, before=before
        )
        return await self._merged(query, limit)

    async def known_thread_ids(
        self, relay_id: str, correspondent: str, candidates: Iterable[str]
    ) -> set[str]:
        """Return which Message-IDs a correspondent has used towards a relay address or been sent from it."""
        by_digest = {thread_digest(relay_id, correspondent, one): one for one in candidates}
        known: set[bytes] = set()
        if by_digest:
            for database in self._places.all():
                known |= await database.read(partial(work.threads, relay_id=relay_id))
        return {candidate for digest, candidate in by_digest.items() if digest in known}

    async def beginning(self, relay_id: str, correspondent: str, thread: str) -> MessageRecord | None:
        """Return the message of a correspondent that first named a Message-ID; None where none is kept."""
        query = partial(
            work.beginning, relay_id=relay_id, digest=thread_digest(relay_id, correspondent, thread)
        )
        found = [row for database in self._places.all() if (row := await database.read(query)) is not None]
        return await self._shown(min(found, key=lambda row: row.id)) if found else None

    async def owners_ids(
        self, owner_id: str, relay_id: str, correspondent: str, sent_as: Iterable[str]
    ) -> dict[str, str]:
        """Return the Message-IDs that an owner's program gave his answers, by those they went out under.

        Args:
            owner_id: Whose answers.
            relay_id: By which they went.
            correspondent: To whom they went.
            sent_as: What to look for; answers that had no other id are left out of what is returned.
        """
        by_digest = {thread_digest(relay_id, correspondent, one): one for one in sent_as}
        query = partial(work.answers, owner_id=owner_id, relay_id=relay_id, sent_as=by_digest)
        found = [one for database in self._places.all() for one in await database.read(query)]
        if not found:
            return {}
        try:
            key = await self._cipher.key(owner_id)
        except KeyDestroyed:
            return {}
        return {by_digest[digest]: own for digest, envelope in found if (own := owners_id(envelope, key))}

    async def depth(self) -> dict[State, int]:
        """Return how many messages are in each state that is not final."""
        total: dict[State, int] = {}
        for database in self._places.all():
            for state, count in (await database.read(work.depth)).items():
                total[state] = total.get(state, 0) + count
        return total

    async def purge(self, before: datetime) -> int:
        """Forget messages that came to an end before a time; in parts, so that no writer waits long."""
        gone = 0
        oldest = self._clock() - _NUMBERS_KEPT
        for database in self._places.all():
            await database.ask(Work(partial(log.forget_numbers, before=oldest)))
            after = ""
            while True:
                query = partial(work.ended, before=before, after=after, limit=_CHUNK)
                ids, after = await database.read(query)
                if ids:
                    gone += await database.ask(Work(partial(work.forget, ids=ids)))
                if not after:
                    break
        return gone

    async def _merged(self, query: Callable[..., Sequence[Any]], limit: int) -> list[MessageRecord]:
        found = [await database.read(query) for database in self._places.all()]
        newest = heapq.merge(*found, key=lambda row: row.id, reverse=True)
        return [await self._shown(row) for row, _ in zip(newest, range(limit), strict=False)]

    async def _shown(self, row: Any) -> MessageRecord:
        try:
            return record_of(row, await self._cipher.key(row.owner_id))
        except KeyDestroyed:
            return record_of(row, None)

    async def _wake(self, database: QueueDatabase) -> None:
        self.wakeup.set()
        await database.announce()


@lru_cache(maxsize=256)
def _counter(direction: str, state: State) -> Any:
    return _STATES.labels(direction, state.value)


def count_state(direction: Direction | str, state: State) -> None:
    """Count a message that entered a state."""
    _counter(str(direction), state).inc()
