"""The owner's log: what came for his relay addresses, what left by them, and what became of each message.

The rows of the queue are the log. What is told of a message was written by the commit that made it so, and
nothing can tell otherwise. When a message is forgotten, that commit adds it to the numbers of its day: charts
reach further back than the log, and agree with it where both are.

An owner may have thousands of addresses: which they are is one parameter, and what is chosen by stands in one
index.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    Row,
    String,
    bindparam,
    delete,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite

from mailrelay.queue.entry import Direction, State
from mailrelay.queue.ids import first_id
from mailrelay.queue.tables import days, messages

DAY_US = 86_400_000_000
LOGGED = (Direction.FORWARD, Direction.REPLY)


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which messages are meant.

    Attributes:
        relay_ids: By which they came or left.
        owner_ids: Whose they were; a relay address may have had others before.
        directions: Some of LOGGED.
        states: Empty for all.
        since: They were taken then or later; None for no such limit.
        until: They were taken before; None likewise.
    """

    relay_ids: Sequence[str]
    owner_ids: Sequence[str]
    directions: tuple[Direction, ...] = LOGGED
    states: tuple[State, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DayNumber:
    """How many messages of one kind were taken on a day.

    Attributes:
        day: Days since 1970, UTC.
        state: Where they stand now, or stood when they were forgotten.
    """

    day: int
    direction: Direction
    state: State
    messages: int


def day_of(at: datetime) -> int:
    """Return the day of a time, in days since 1970, UTC."""
    return (at.astimezone(UTC).date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days


def page(connection: Connection, query: LogQuery, before: str, limit: int) -> Sequence[Row[Any]]:
    """Return up to `limit` messages, newest first, from below the id `before` on; empty for the newest."""
    found = select(messages.c.id).where(*_chosen(connection, query))
    if before:
        found = found.where(messages.c.id < before)
    # As an expression: by the primary key alone, the messages of everybody would be gone through.
    found = found.order_by((messages.c.id + "").desc()).limit(limit)
    rows = select(messages).where(messages.c.id.in_(found)).order_by(messages.c.id.desc())
    return connection.execute(rows).all()


def numbers(connection: Connection, query: LogQuery) -> list[DayNumber]:
    """Return how many messages were taken on each day, kept and forgotten ones; a kind may come twice."""
    day = (type_coerce(messages.c.received_at, BigInteger) // DAY_US).label("day")
    kinds = (messages.c.direction, messages.c.state)
    kept = select(day, *kinds, func.count()).where(*_chosen(connection, query)).group_by(day, *kinds)
    gone = select(days.c.day, days.c.direction, days.c.state, func.sum(days.c.messages)).where(
        *_chosen_days(connection, query)
    )
    both = [*connection.execute(kept), *connection.execute(gone.group_by(*list(gone.selected_columns)[:3]))]
    return [DayNumber(int(at), Direction(way), State(state), int(count)) for at, way, state, count in both]


def keep_numbers(connection: Connection, ids: Collection[str]) -> None:
    """Add messages that are about to be forgotten to the numbers of their days."""
    day = type_coerce(messages.c.received_at, BigInteger) // DAY_US
    kinds = (messages.c.relay_id, messages.c.owner_id, day, messages.c.direction, messages.c.state)
    counted = (
        select(*kinds, func.count())
        .where(messages.c.id.in_(ids), messages.c.direction.in_(LOGGED))
        .group_by(*kinds)
        # Whoever adds to the same rows at the same time does so in the same order.
        .order_by(*kinds)
    )
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    new = dialect.insert(days).from_select([column.name for column in days.c], counted)
    key = [column.name for column in days.primary_key]
    more = {"messages": days.c.messages + new.excluded.messages}
    connection.execute(new.on_conflict_do_update(index_elements=key, set_=more))


def forget_numbers(connection: Connection, before: datetime) -> None:
    """Forget the numbers of days before a time."""
    connection.execute(delete(days).where(days.c.day < day_of(before)))


def _chosen(connection: Connection, query: LogQuery) -> list[Any]:
    kept = messages.c
    conditions: list[Any] = [
        _among(connection, kept.relay_id, query.relay_ids),
        _among(connection, kept.owner_id, query.owner_ids),
        kept.direction.in_(query.directions),
    ]
    if query.states:
        conditions.append(kept.state.in_(query.states))
    if query.since is not None:
        conditions.append(kept.id >= first_id(query.since))
    if query.until is not None:
        conditions.append(kept.id < first_id(query.until))
    return conditions


def _chosen_days(connection: Connection, query: LogQuery) -> list[Any]:
    conditions: list[Any] = [
        _among(connection, days.c.relay_id, query.relay_ids),
        _among(connection, days.c.owner_id, query.owner_ids),
        days.c.direction.in_(query.directions),
    ]
    if query.states:
        conditions.append(days.c.state.in_(query.states))
    if query.since is not None:
        conditions.append(days.c.day >= day_of(query.since))
    if query.until is not None:
        conditions.append(days.c.day < day_of(query.until))
    return conditions


def _among(connection: Connection, column: Any, values: Sequence[str]) -> Any:
    """Return the condition that a column has one of any number of values; they are one parameter."""
    if connection.dialect.name == "postgresql":
        # Not as `= ANY`, which compares a row with one after the other in a plan that is made once for all.
        return column.in_(select(func.unnest(bindparam(None, list(values), type_=ARRAY(String)))))
    listed = func.json_each(bindparam(None, orjson.dumps(list(values)).decode())).table_valued("value")
    return column.in_(select(listed.c.value))
