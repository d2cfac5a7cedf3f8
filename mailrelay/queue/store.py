"""The durable mail queue on SQL: enqueue, claim with a lease, retry, and what owners may look at.

`enqueue` returns when the rows are committed; only then may the client be told 250 (RFC 5321 section
6.1). A claim is a lease: a worker that dies loses it, and another takes over. Every change of a claimed
message asks for the lease again, so that a worker that was thought dead cannot change what is no longer
its own. Rewriting, routing and the retry schedule are left to `delivery`.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from prometheus_client import Counter
from sqlalchemy import Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mailrelay.addresses import base32
from mailrelay.queue.cipher import BodyCipher, KeyDestroyed
from mailrelay.queue.entry import (
    FINAL,
    Direction,
    MessageRecord,
    NewMessage,
    NoteOfVerdict,
    QueuedMessage,
    State,
)
from mailrelay.queue.tables import messages, thread_ids

_STATES = Counter("mailrelay_queue_messages_total", "Messages that entered a state", ["direction", "state"])
_RANDOM_BITS = 80
_WAITING = (State.QUEUED, State.DEFERRED, State.UNDELIVERABLE)
_RELEASABLE = (State.QUARANTINED, State.UNDELIVERABLE)
_DISCARDABLE = (State.QUARANTINED, State.UNDELIVERABLE, State.HELD)


class QueueStore:
    """The queue.

    Args:
        engine: SQLite or PostgreSQL; the tables of `mailrelay.queue.tables.metadata` exist.
        cipher: Seals messages and envelopes under the owner's key.
        clock: Gives aware UTC.
        reading: The same database for statements that only read, where the host has a lighter way to it.

    Attributes:
        wakeup: Set when there may be something new to deliver; a worker in this process clears it.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        cipher: BodyCipher,
        clock: Callable[[], datetime],
        reading: AsyncEngine | None = None,
    ) -> None:
        self._engine = engine
        self._reading = reading or engine
        self._cipher = cipher
        self._clock = clock
        self.wakeup = asyncio.Event()

    async def enqueue(self, new: Sequence[NewMessage], state: State = State.QUEUED) -> list[str]:
        """Store messages in one transaction and return their ids; they are durable then.

        Raises:
            KeyDestroyed: An owner was erased.
            sqlalchemy.exc.SQLAlchemyError: Nothing was stored.
        """
        now = self._clock()
        # Sealing may itself read keys from the database, so it comes before the transaction.
        rows = [await self._row(message, state, now) for message in new]
        digests = {_digest(one.relay_id, thread_id) for one in new for thread_id in one.thread_ids}
        async with self._engine.begin() as connection:
            await connection.execute(insert(messages), rows)
            await self._remember(connection, digests, now)
        for message in new:
            _STATES.labels(message.direction, state).inc()
        self.wakeup.set()
        return [row["id"] for row in rows]

    async def record_rejected(self, refused: Sequence[NewMessage]) -> list[str]:
        """Note refused messages for the owner's list of blocked mail; their bodies are not kept."""
        return await self.enqueue(refused, State.REJECTED)

    async def claim(self, worker_id: str, lease: timedelta, limit: int) -> list[QueuedMessage]:
        """Take up to `limit` messages that are due, or whose worker lost its lease."""
        now = self._clock()
        due = (
            select(messages.c.id)
            .where(
                or_(
                    and_(messages.c.state.in_(_WAITING), messages.c.next_attempt_at <= now),
                    and_(messages.c.state == State.DELIVERING, messages.c.lease_until < now),
                )
            )
            .order_by(messages.c.next_attempt_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("due")
        )
        claimed = (
            update(messages)
            .where(messages.c.id.in_(select(due.c.id)))
            .values(
                state=State.DELIVERING, leased_by=worker_id, lease_until=now + lease, updated_at=now,
                attempts=messages.c.attempts + 1,
            )
            .returning(*messages.c)
        )  # fmt: skip
        async with self._engine.begin() as connection:
            rows = (await connection.execute(claimed)).all()
        opened = [await self._opened(row, worker_id) for row in rows]
        return [message for message in opened if message is not None]

    async def heartbeat(self, worker_id: str, ids: Iterable[str], lease: timedelta) -> None:
        """Extend the lease of messages still being delivered."""
        statement = (
            update(messages)
            .where(_held_by(worker_id), messages.c.id.in_(list(ids)))
            .values(lease_until=self._clock() + lease)
        )
        async with self._engine.begin() as connection:
            await connection.execute(statement)

    async def delivered(
        self, worker_id: str, message_id: str, thread: Iterable[tuple[str, str]] = ()
    ) -> bool:
        """Note that the next mail server took the message; its body goes.

        Args:
            worker_id: Who claimed it.
            message_id: The message.
            thread: Pairs of relay id and Message-ID that the correspondent knows from now on.

        Returns:
            Whether the lease still stood.
        """
        return await self._finish(worker_id, message_id, State.DELIVERED, "", (), thread)

    async def deferred(self, worker_id: str, message_id: str, error: str, next_attempt_at: datetime) -> bool:
        """Note a temporary failure."""
        values = {"state": State.DEFERRED, "last_error": error, "next_attempt_at": next_attempt_at}
        async with self._engine.begin() as connection:
            return await self._change(connection, _held_by(worker_id), message_id, values)

    async def undeliverable(
        self,
        worker_id: str,
        message_id: str,
        error: str,
        next_attempt_at: datetime,
        reports: Sequence[NewMessage] = (),
    ) -> bool:
        """Keep a message that the owner's mailbox refuses, and queue what is told about it."""
        values = {"next_attempt_at": next_attempt_at}
        return await self._finish(worker_id, message_id, State.UNDELIVERABLE, error, reports, values=values)

    async def bounced(
        self, worker_id: str, message_id: str, error: str, reports: Sequence[NewMessage] = ()
    ) -> bool:
        """Note the final failure and queue the reports about it, in one transaction."""
        return await self._finish(worker_id, message_id, State.BOUNCED, error, reports)

    async def held(self, worker_id: str, message_id: str, error: str, reports: Sequence[NewMessage]) -> bool:
        """Keep an answer that would show its owner, and queue the notice to him, in one transaction."""
        return await self._finish(worker_id, message_id, State.HELD, error, reports)

    async def failed_later(self, message_id: str, error: str, reports: Sequence[NewMessage]) -> bool:
        """Note that a delivered message was returned by a later server (RFC 3464); happens once."""
        return await self._finish(None, message_id, State.BOUNCED, error, reports)

    async def release(self, message_id: str) -> bool:
        """Send on what was kept back, now. An answer held because it shows its owner is never released."""
        now = self._clock()
        values = {"state": State.QUEUED, "next_attempt_at": now, "last_error": ""}
        async with self._engine.begin() as connection:
            changed = await self._change(connection, messages.c.state.in_(_RELEASABLE), message_id, values)
        self.wakeup.set()
        return changed

    async def discard(self, message_id: str) -> bool:
        """Throw away what was kept back."""
        values = {"state": State.DISCARDED, "body": None}
        async with self._engine.begin() as connection:
            return await self._change(connection, messages.c.state.in_(_DISCARDABLE), message_id, values)

    async def discard_unclaimed(self, before: datetime) -> int:
        """Throw away what nobody has released since a time; return how many messages that were."""
        kept = messages.c.state.in_(_DISCARDABLE) & (messages.c.updated_at < before)
        # Every attempt touches these, so that they count from when they came.
        tried = (messages.c.state == State.UNDELIVERABLE) & (messages.c.received_at < before)
        waiting = or_(kept, tried)
        values = {"state": State.DISCARDED, "body": None, "updated_at": self._clock()}
        async with self._engine.begin() as connection:
            return (await connection.execute(update(messages).where(waiting).values(values))).rowcount

    async def get(self, message_id: str) -> MessageRecord | None:
        """Return the record of a message."""
        async with self._reading.connect() as connection:
            row = (await connection.execute(select(*_SHOWN).where(messages.c.id == message_id))).first()
        return None if row is None else await self._record(row)

    async def of_relay(
        self, relay_ids: Sequence[str], limit: int, after: str = "", states: Sequence[State] = ()
    ) -> list[MessageRecord]:
        """Return what came and went for relay addresses, newest first; `after` is the last id seen."""
        query = (
            select(*_SHOWN)
            .where(
                messages.c.relay_id.in_(relay_ids),
                messages.c.direction.in_([Direction.FORWARD, Direction.REPLY]),
            )
            .order_by(messages.c.id.desc())
            .limit(limit)
        )
        if after:
            query = query.where(messages.c.id < after)
        if states:
            query = query.where(messages.c.state.in_(states))
        async with self._reading.connect() as connection:
            rows = (await connection.execute(query)).all()
        return [await self._record(row) for row in rows]

    async def known_thread_ids(self, relay_id: str, candidates: Iterable[str]) -> set[str]:
        """Return which Message-IDs the correspondents of a relay address have used or been sent."""
        by_digest = {_digest(relay_id, candidate): candidate for candidate in candidates}
        query = select(thread_ids.c.digest).where(thread_ids.c.digest.in_(list(by_digest)))
        async with self._reading.connect() as connection:
            return {by_digest[digest] for digest in (await connection.execute(query)).scalars()}

    async def depth(self) -> dict[State, int]:
        """Return how many messages are in each state that is not final."""
        query = (
            select(messages.c.state, func.count())
            .where(messages.c.state.not_in(list(FINAL)))
            .group_by(messages.c.state)
        )
        async with self._reading.connect() as connection:
            return {State(state): count for state, count in (await connection.execute(query)).all()}

    async def purge(self, before: datetime) -> int:
        """Forget messages that came to an end before a time, and threads older than it."""
        old = delete(messages).where(messages.c.state.in_(list(FINAL)), messages.c.updated_at < before)
        async with self._engine.begin() as connection:
            gone = (await connection.execute(old)).rowcount
            await connection.execute(delete(thread_ids).where(thread_ids.c.seen_at < before))
        return gone

    async def _finish(  # noqa: PLR0913, PLR0917 - one place for every last change of a message
        self,
        worker_id: str | None,
        message_id: str,
        state: State,
        error: str,
        reports: Sequence[NewMessage],
        thread: Iterable[tuple[str, str]] = (),
        values: Mapping[str, Any] | None = None,
    ) -> bool:
        now = self._clock()
        rows = [await self._row(report, State.QUEUED, now) for report in reports]
        condition = messages.c.state == State.DELIVERED if worker_id is None else _held_by(worker_id)
        changes: dict[str, Any] = {"state": state, "last_error": error, **(values or {})}
        if state in FINAL:
            changes["body"] = None
        async with self._engine.begin() as connection:
            changed = await self._change(connection, condition, message_id, changes)
            if changed and rows:
                await connection.execute(insert(messages), rows)
            if changed:
                await self._remember(connection, {_digest(*pair) for pair in thread}, now)
        if rows:
            self.wakeup.set()
        return changed

    async def _change(
        self, connection: AsyncConnection, condition: Any, message_id: str, values: dict[str, Any]
    ) -> bool:
        statement = (
            update(messages)
            .where(messages.c.id == message_id, condition)
            .values(updated_at=self._clock(), leased_by="", lease_until=None, **values)
            .returning(messages.c.direction)
        )
        direction = (await connection.execute(statement)).scalar()
        if direction is not None:
            _STATES.labels(direction, values["state"]).inc()
        return direction is not None

    async def _remember(self, connection: AsyncConnection, digests: Iterable[bytes], now: datetime) -> None:
        rows = [{"digest": digest, "seen_at": now} for digest in sorted(digests)]
        if rows:
            dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
            await connection.execute(dialect.insert(thread_ids).on_conflict_do_nothing(), rows)

    async def _row(self, message: NewMessage, state: State, now: datetime) -> dict[str, Any]:
        envelope = orjson.dumps({"reverse_path": message.reverse_path, "recipient": message.recipient})
        keeps_body = state not in FINAL
        seal = self._cipher.seal
        return {
            "id": new_message_id(now),
            "direction": message.direction,
            "state": state,
            "owner_id": message.owner_id,
            "relay_id": message.relay_id,
            "reply_id": message.reply_id,
            "about_id": message.about_id,
            "envelope": await seal(message.owner_id, envelope),
            "body": await seal(message.owner_id, message.raw) if keeps_body else None,
            "size_octets": message.size_octets,
            "verdicts": [
                {"check": note.check, "action": note.action, "reason": note.reason}
                for note in message.verdicts
            ],
            "authentication": await seal(message.owner_id, message.authentication.encode()),
            "spf": message.spf,
            "attempts": 0,
            "last_error": "",
            "received_at": now,
            "updated_at": now,
            "next_attempt_at": now,
            "leased_by": "",
            "lease_until": None,
        }

    async def _opened(self, row: Row[Any], worker_id: str) -> QueuedMessage | None:
        try:
            envelope = orjson.loads(await self._cipher.open(row.owner_id, row.envelope))
            raw = await self._cipher.open(row.owner_id, row.body)
            authentication = (await self._cipher.open(row.owner_id, row.authentication)).decode()
        except KeyDestroyed:
            # Erased with its owner: nobody can read it, and nobody is left to tell.
            await self._finish(worker_id, row.id, State.DISCARDED, "owner-erased", ())
            return None
        return QueuedMessage(
            id=row.id,
            direction=Direction(row.direction),
            owner_id=row.owner_id,
            relay_id=row.relay_id,
            reply_id=row.reply_id,
            about_id=row.about_id,
            recipient=envelope["recipient"],
            reverse_path=envelope["reverse_path"],
            raw=raw,
            verdicts=_notes(row.verdicts),
            authentication=authentication,
            spf=row.spf,
            attempts=row.attempts - 1,
            received_at=row.received_at,
        )

    async def _record(self, row: Row[Any]) -> MessageRecord:
        try:
            envelope = orjson.loads(await self._cipher.open(row.owner_id, row.envelope))
        except KeyDestroyed:
            envelope = {"reverse_path": "", "recipient": ""}
        return MessageRecord(
            id=row.id,
            direction=Direction(row.direction),
            state=State(row.state),
            owner_id=row.owner_id,
            relay_id=row.relay_id,
            sender=envelope["reverse_path"],
            recipient=envelope["recipient"],
            size_octets=row.size_octets,
            verdicts=_notes(row.verdicts),
            spf=row.spf,
            attempts=row.attempts,
            last_error=row.last_error,
            received_at=row.received_at,
            updated_at=row.updated_at,
        )


_SHOWN = tuple(column for column in messages.c if column.name not in {"body", "authentication"})


def new_message_id(now: datetime) -> str:
    """Return `msg_` and 26 characters: 48 bits of milliseconds, 80 random bits."""
    milliseconds = int(now.timestamp() * 1000)
    return f"msg_{base32(milliseconds << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS), 26)}"


def _held_by(worker_id: str) -> Any:
    return and_(messages.c.state == State.DELIVERING, messages.c.leased_by == worker_id)


def _digest(relay_id: str, message_id: str) -> bytes:
    return hashlib.sha256(f"{relay_id}\0{message_id}".encode()).digest()


def _notes(verdicts: Iterable[dict[str, str]]) -> tuple[NoteOfVerdict, ...]:
    return tuple(NoteOfVerdict(one["check"], one["action"], one["reason"]) for one in verdicts)
