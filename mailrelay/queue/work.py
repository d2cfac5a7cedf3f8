"""The statements of the queue that are not on the path of every message; the same on both engines.

Each is a function of a connection that is in a transaction. What is on the path of every message is written
by hand for each engine, in `sqlite_file` and `postgresql`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    LargeBinary,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from mailrelay.queue import log
from mailrelay.queue.entry import FINAL, KEPT, PRIORITIES, Direction, State
from mailrelay.queue.ids import first_id
from mailrelay.queue.operations import Change
from mailrelay.queue.rows import COLUMNS, DIGEST_OCTETS, digests_in, trail_line
from mailrelay.queue.rows import Row as NewRow
from mailrelay.queue.tables import ACTIVE, Instant, bodies, messages, microseconds

_CLAIM_OCTETS = 32 << 20
_NEWEST = 10_000

SHOWN = tuple(messages.c)
# Rows carry their times as they are kept.
_ADD = insert(messages).values(
    {
        name: bindparam(name, type_=BigInteger() if isinstance(messages.c[name].type, Instant) else None)
        for name in COLUMNS
    }
)


def held_by(worker_id: str) -> Any:
    """Return the condition that a message is claimed by a worker."""
    return and_(messages.c.state == State.DELIVERING, messages.c.leased_by == worker_id)


def add(connection: Connection, rows: Sequence[NewRow]) -> None:
    """Write new messages."""
    connection.execute(_ADD, [row.columns() for row in rows])
    if with_body := [{"id": row.id, "body": row.body} for row in rows if row.body is not None]:
        connection.execute(insert(bodies), with_body)


def claim(
    connection: Connection, worker_id: str, now: datetime, lease: timedelta, limit: int
) -> list[tuple[Row[Any], bytes]]:
    """Take what is due, protected mail first, and what a worker lost its lease of."""
    found = [row for priority in PRIORITIES for row in connection.execute(_due(priority, now, limit))][:limit]
    due = _that_fit(found)
    if not due:
        return []
    claimed = (
        update(messages)
        .where(messages.c.id.in_(due))
        .values(
            state=State.DELIVERING, leased_by=worker_id, next_attempt_at=now + lease, updated_at=now,
            attempts=messages.c.attempts + 1, trail=_trail(now, "claimed"),
        )
        .returning(*SHOWN)
    )  # fmt: skip
    rows = {row.id: row for row in connection.execute(claimed)}
    texts = {row.id: row.body for row in connection.execute(select(bodies).where(bodies.c.id.in_(due)))}
    return [(rows[one], texts[one]) for one in due]


def _that_fit(rows: Sequence[Row[Any]]) -> list[str]:
    """Return the first message, and those behind it that fit into memory together."""
    sizes = accumulate(row.size_octets for row in rows)
    return [row.id for row, octets in zip(rows, sizes, strict=True) if octets <= _CLAIM_OCTETS] or [
        row.id for row in rows[:1]
    ]


def _due(priority: int, now: datetime, limit: int) -> Select[Any]:
    # One priority at a time: so the index is read from its beginning to the first that is not due.
    return (
        select(messages.c.id, messages.c.size_octets)
        .where(ACTIVE, messages.c.priority == priority, messages.c.next_attempt_at <= now)
        .order_by(messages.c.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _trail(now: datetime, event: str) -> Any:
    return messages.c.trail + trail_line(microseconds(now), event)


def extend(connection: Connection, worker_id: str, ids: Collection[str], until: datetime) -> None:
    """Move the end of leases."""
    condition = and_(held_by(worker_id), messages.c.id.in_(ids))
    connection.execute(update(messages).where(condition).values(next_attempt_at=until))


def give_back(connection: Connection, worker_id: str, ids: Collection[str], now: datetime) -> None:
    """Undo claims of which nothing was tried."""
    connection.execute(
        update(messages)
        .where(held_by(worker_id), messages.c.id.in_(ids))
        .values(
            state=State.QUEUED, leased_by="", next_attempt_at=now, updated_at=now,
            attempts=messages.c.attempts - 1, trail=_trail(now, "given-back"),
        )
    )  # fmt: skip


def take_over(connection: Connection, worker_id: str, sent: Collection[str], now: datetime) -> int:
    """Settle what a dead worker left: what it had sent is delivered, the rest is due now.

    Returns:
        How many messages had been sent without a record of it.
    """
    event = trail_line(microseconds(now), "delivered-before-the-worker-died")
    delivered = change(connection, sent, held_by(worker_id), State.DELIVERED, now, event, last_error="")
    connection.execute(
        update(messages)
        .where(ACTIVE, held_by(worker_id))
        .values(next_attempt_at=now, trail=_trail(now, "lost-its-worker"))
    )
    return len(delivered)


def change(  # noqa: PLR0913, PLR0917 - one place for every change of a message that is not on the hot path
    connection: Connection,
    ids: Collection[str],
    condition: Any,
    state: State,
    now: datetime,
    event: str,
    **values: Any,
) -> list[tuple[str, str]]:
    """Bring those messages that meet a condition to a state; return their ids and directions.

    The body goes where the state is final; a worker that had claimed one of them has lost it.
    """
    statement = (
        update(messages)
        .where(messages.c.id.in_(ids), condition)
        .values(
            state=state, updated_at=now, leased_by="", trail=messages.c.trail + event,
            **{"next_attempt_at": now, **values},
        )
        .returning(messages.c.id, messages.c.direction)
    )  # fmt: skip
    changed = [(row.id, row.direction) for row in connection.execute(statement)]
    if changed and state in FINAL:
        connection.execute(delete(bodies).where(bodies.c.id.in_([one for one, _ in changed])))
    return changed


def settle(  # noqa: PLR0913, PLR0917 - by name
    connection: Connection,
    asked: Change,
    now: datetime,
    reports: Sequence[NewRow],
    learned: bytes,
    values: dict[str, Any],
) -> str | None:
    """Carry out a change together with what follows from it; return the direction, None without the lease."""
    changed = change(
        connection, [asked.id], held_by(asked.worker_id), asked.state, now, asked.event,
        last_error=asked.error, **values,
    )  # fmt: skip
    if not changed:
        return None
    if reports:
        add(connection, reports)
    if learned:
        known = connection.scalar(select(messages.c.thread_ids).where(messages.c.id == asked.id)) or b""
        connection.execute(
            update(messages).where(messages.c.id == asked.id).values(thread_ids=known + learned)
        )
    return changed[0][1]


def failed_later(
    connection: Connection, message_id: str, error: str, reports: Sequence[NewRow], now: datetime
) -> list[tuple[str, str]]:
    """Turn a delivered message into a bounced one, once."""
    changed = change(
        connection, [message_id], messages.c.state == State.DELIVERED, State.BOUNCED, now,
        trail_line(microseconds(now), error), last_error=error,
    )  # fmt: skip
    if changed and reports:
        add(connection, reports)
    return changed


def note(connection: Connection, worker_id: str, message_id: str, event: str) -> bool:
    """Append to the trail of a claimed message."""
    statement = update(messages).where(messages.c.id == message_id, held_by(worker_id))
    return connection.execute(statement.values(trail=messages.c.trail + event)).rowcount > 0


def one(connection: Connection, message_id: str) -> Row[Any] | None:
    """Return the row of a message."""
    return connection.execute(select(*SHOWN).where(messages.c.id == message_id)).first()


def whole(connection: Connection, message_id: str) -> tuple[Row[Any], bytes] | None:
    """Return the row of a message and its body, or None where either is gone."""
    row = one(connection, message_id)
    body = connection.scalar(select(bodies.c.body).where(bodies.c.id == message_id))
    return None if row is None or body is None else (row, body)


def of_relay(
    connection: Connection, relay_ids: Collection[str], limit: int, after: str, states: Collection[State]
) -> Sequence[Row[Any]]:
    """Return what came and went for relay addresses, newest first, before the id `after`."""
    query = _newest(limit, after, states).where(
        messages.c.relay_id.in_(relay_ids), messages.c.direction.in_([Direction.FORWARD, Direction.REPLY])
    )
    return connection.execute(query).all()


def listed(  # noqa: PLR0913, PLR0917 - the filters of a list
    connection: Connection,
    limit: int,
    after: str,
    states: Collection[State],
    relay_ids: Collection[str],
    before: datetime | None,
) -> Sequence[Row[Any]]:
    """Return messages of every kind, newest first; those taken before a time where one is given."""
    query = _newest(limit, after, states)
    if relay_ids:
        query = query.where(messages.c.relay_id.in_(relay_ids))
    if before is not None:
        query = query.where(messages.c.id < first_id(before))
    return connection.execute(query).all()


def _newest(limit: int, after: str, states: Collection[State]) -> Select[Any]:
    query = select(*SHOWN).order_by(messages.c.id.desc()).limit(limit)
    if after:
        query = query.where(messages.c.id < after)
    if states:
        query = query.where(messages.c.state.in_(states))
    return query


def threads(connection: Connection, relay_id: str) -> set[bytes]:
    """Return the digests of the Message-IDs that anybody knows who writes by a relay address."""
    query = select(messages.c.thread_ids).where(messages.c.relay_id == relay_id)
    return {digest for joined in connection.scalars(query) for digest in digests_in(joined)}


def beginning(connection: Connection, relay_id: str, digest: bytes) -> Row[Any] | None:
    """Return the first message of a stranger to a relay address that named a Message-ID."""
    kept = messages.c
    query = (
        select(kept.id, kept.thread_ids)
        .where(kept.relay_id == relay_id, kept.direction == Direction.FORWARD)
        .order_by(kept.id)
        .limit(_NEWEST)
    )
    found = next((row.id for row in connection.execute(query) if digest in digests_in(row.thread_ids)), None)
    return None if found is None else one(connection, found)


def answers(
    connection: Connection, owner_id: str, relay_id: str, sent_as: Collection[bytes]
) -> list[tuple[bytes, bytes]]:
    """Return the answers of an owner that went out under one of the Message-IDs.

    Strangers ask: no more is looked at than a conversation can need.

    Args:
        connection: Of the database.
        owner_id: A relay address may have had others before.
        relay_id: By which they went out.
        sent_as: Digests of the ids.

    Returns:
        Digest of the id, and envelope.
    """
    kept = messages.c
    newest = (
        select(kept.direction, kept.owner_id, kept.envelope, kept.thread_ids)
        .where(kept.relay_id == relay_id)
        .order_by(kept.id.desc())
        .limit(_NEWEST)
        .subquery()
    )
    # Behind the digest of the owner's own id, which is there from the beginning.
    learned = func.substr(newest.c.thread_ids, DIGEST_OCTETS + 1, type_=LargeBinary)
    query = select(learned, newest.c.envelope).where(
        newest.c.direction == Direction.REPLY, newest.c.owner_id == owner_id, learned.in_(sent_as)
    )
    return [(digest, envelope) for digest, envelope in connection.execute(query)]


def depth(connection: Connection) -> dict[State, int]:
    """Return how many messages are in each state that is not final."""
    counts: dict[State, int] = {}
    for states in (ACTIVE, messages.c.state.in_(KEPT)):
        query = select(messages.c.state, func.count()).where(states).group_by(messages.c.state)
        counts |= {State(state): count for state, count in connection.execute(query)}
    return counts


def ids_set_aside(
    connection: Connection, states: Collection[State], before: datetime, limit: int
) -> list[str]:
    """Return messages that nobody has touched since a time."""
    query = (
        select(messages.c.id).where(messages.c.state.in_(states), messages.c.updated_at < before).limit(limit)
    )
    return list(connection.scalars(query))


def owners_of_held(connection: Connection, since: datetime) -> list[tuple[str, datetime]]:
    """Return for whom strangers' mail is held that was set aside since a time, and when last."""
    last = func.max(messages.c.updated_at, type_=Instant())
    query = (
        select(messages.c.owner_id, last)
        .where(
            messages.c.state.in_([State.QUARANTINED, State.HELD]),
            messages.c.updated_at >= since,
            messages.c.direction == Direction.FORWARD,
        )
        .group_by(messages.c.owner_id)
    )
    return [(owner_id, at) for owner_id, at in connection.execute(query)]


def ids_deferred(connection: Connection, after: str, limit: int) -> list[str]:
    """Return deferred messages behind the id `after`."""
    query = select(messages.c.id).where(ACTIVE, messages.c.state == State.DEFERRED, messages.c.id > after)
    return list(connection.scalars(query.order_by(messages.c.id).limit(limit)))


def ended(connection: Connection, before: datetime, after: str, limit: int) -> tuple[list[str], str]:
    """Return messages that came to an end before a time, of up to `limit` behind the id `after`.

    Returns:
        Their ids; and the last id that was looked at, empty where there is nothing behind it.
    """
    query = (
        select(messages.c.id, messages.c.state, messages.c.updated_at)
        .where(messages.c.id > after, messages.c.id < first_id(before))
        .order_by(messages.c.id)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    old = [row.id for row in rows if State(row.state) in FINAL and row.updated_at < before]
    return old, rows[-1].id if len(rows) == limit else ""


def forget(connection: Connection, ids: Collection[str]) -> int:
    """Delete messages; how many there were on each day is kept."""
    log.keep_numbers(connection, ids)
    return connection.execute(delete(messages).where(messages.c.id.in_(ids))).rowcount
