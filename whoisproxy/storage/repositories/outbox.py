"""The outbox: work that was committed with the change that demands it, and is done until it succeeds.

A worker claims rows with a lease; when it dies the lease ends and another takes over. Rows of one key are
done in order, one at a time.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, Integer, Select, and_, bindparam, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from whoisproxy.storage.ordering import in_order
from whoisproxy.storage.tables import outbox

_OPEN = ("waiting", "claimed")

# Each claim counts one more attempt: the number tells a claim from every other of the row.
_CLAIM = and_(
    outbox.c.id == bindparam("item_id"),
    outbox.c.attempts == bindparam("attempt"),
    outbox.c.state == "claimed",
)
_CLAIMED = and_(outbox.c.id.in_(bindparam("ids", expanding=True)), outbox.c.state == "claimed")
# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it. Rows are locked in
# one order, so that nobody waits for one who waits for him.
_HELD = select(outbox.c.id, outbox.c.attempts).where(_CLAIMED).order_by(outbox.c.id).with_for_update()
_HELD_BY = _HELD.where(outbox.c.worker_id == bindparam("of_worker"))
_IDS = outbox.c.id.in_(bindparam("ids", expanding=True))
_DONE = update(outbox).where(_IDS).values(state="done", lease_until=None)
_PROLONG = update(outbox).where(_IDS).values(lease_until=bindparam("until"))


def _due(state: str, at: Column[datetime]) -> Select[int]:
    """Return the statement that finds rows whose time `at` has come; each the first open one of its key."""
    earlier = outbox.alias("earlier")
    behind = exists().where(
        earlier.c.key == outbox.c.key, earlier.c.id < outbox.c.id, earlier.c.state.in_(_OPEN)
    )
    return (
        select(outbox.c.id)
        .where(outbox.c.state == state, at <= bindparam("now"))
        .where(outbox.c.kind.in_(bindparam("kinds", expanding=True)), ~behind)
        .order_by(outbox.c.run_at, outbox.c.id)
        .limit(bindparam("limit", type_=Integer))
        # SQLite ignores this: there the unit of work holds the only write lock.
        .with_for_update(skip_locked=True)
    )


_WAITING = _due("waiting", outbox.c.run_at)
_LEASE_ENDED = _due("claimed", outbox.c.lease_until)
# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_ADD = insert(outbox).returning(outbox.c.id, sort_by_parameter_order=True)
_WITHDRAW = (
    update(outbox)
    .where(outbox.c.key == bindparam("of_key"), outbox.c.state == "waiting")
    .values(state="done")
)


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """A claimed piece of work.

    Attributes:
        attempts: How often it was claimed, this time included.
    """

    id: int
    kind: str
    key: str
    payload: Mapping[str, object]
    attempts: int


class Outbox:
    """Rows of the outbox; `added` tells whether this unit of work added or woke any."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.added = False

    async def add(self, kind: str, key: str, payload: Mapping[str, object], run_at: datetime) -> int:
        """Add a piece of work that may be done from `run_at` on; the payload names no person."""
        [item_id] = await self.add_all(kind, {key: payload}, run_at)
        return item_id

    async def add_all(
        self, kind: str, work: Mapping[str, Mapping[str, object]], run_at: datetime
    ) -> Sequence[int]:
        """Add a piece of work for each key, in their order; return the ids."""
        if not work:
            return []
        await in_order(self._connection, *(f"outbox:{key}" for key in work))
        fresh = {"kind": kind, "state": "waiting", "attempts": 0, "run_at": run_at, "problem_code": ""}
        rows = [{**fresh, "key": key, "payload": dict(payload)} for key, payload in work.items()]
        self.added = True
        ids: Sequence[int] = (await self._connection.execute(_ADD, rows)).scalars().all()
        return ids

    async def claim(
        self, worker_id: str, kinds: Collection[str], lease_s: float, limit: int, now: datetime
    ) -> list[OutboxItem]:
        """Take up to `limit` rows that are due, or whose lease has ended, for `lease_s` seconds."""
        # Two statements, each read in the order of an index: one with OR would sort the whole queue.
        ids = await self._due(_LEASE_ENDED, kinds, limit, now)
        if len(ids) < limit:
            ids += await self._due(_WAITING, kinds, limit - len(ids), now)
        if not ids:
            return []
        statement = (
            update(outbox)
            .where(outbox.c.id.in_(ids))
            .values(
                state="claimed",
                worker_id=worker_id,
                lease_until=now + timedelta(seconds=lease_s),
                attempts=outbox.c.attempts + 1,
            )
            .returning(outbox)
        )
        rows = (await self._connection.execute(statement)).all()
        claimed = [OutboxItem(row.id, row.kind, row.key, row.payload, row.attempts) for row in rows]
        return sorted(claimed, key=lambda item: item.id)

    async def heartbeat(self, worker_id: str, ids: Sequence[int], lease_until: datetime) -> set[int]:
        """Prolong the lease of rows that this worker still holds, and return which these are."""
        found = await self._connection.execute(_HELD_BY, {"ids": list(ids), "of_worker": worker_id})
        held = set(found.scalars())
        await self._connection.execute(_PROLONG, {"ids": list(held), "until": lease_until})
        return held

    async def held(self, *items: OutboxItem) -> set[int]:
        """Return the ids of those whose claim still stands; it does until this unit of work ends.

        Args:
            items: Each of another row.
        """
        claims = {item.id: item.attempts for item in items}
        found = await self._connection.execute(_HELD, {"ids": list(claims)})
        return {row.id for row in found if row.attempts == claims[row.id]}

    async def done(self, *items: OutboxItem) -> set[int]:
        """Mark rows as done, and return the ids; those whose claim stands no more are left alone."""
        held = await self.held(*items)
        await self._connection.execute(_DONE, {"ids": list(held)})
        return held

    async def retry(self, item: OutboxItem, run_at: datetime, problem_code: str) -> bool:
        """Let a row be claimed again from `run_at` on; False, and nothing is changed, as for `done`."""
        return await self._finish(
            item, state="waiting", lease_until=None, run_at=run_at, problem_code=problem_code
        )

    async def bury(self, item: OutboxItem, problem_code: str) -> bool:
        """Give a row up for good; it stays to be looked at. False as for `retry`."""
        return await self._finish(item, state="buried", lease_until=None, problem_code=problem_code)

    async def wake(self, key: str, now: datetime) -> None:
        """Let the waiting work of a key be done at once: what it waits for may have come."""
        waiting = and_(outbox.c.key == key, outbox.c.state == "waiting", outbox.c.run_at > now)
        woken = await self._connection.execute(update(outbox).where(waiting).values(run_at=now))
        self.added = self.added or woken.rowcount > 0

    async def withdraw(self, *keys: str) -> None:
        """Strike off the work of keys that no worker has claimed: what replaces it need not wait for it."""
        if keys:
            await self._connection.execute(_WITHDRAW, [{"of_key": key} for key in keys])

    async def purge(self, before: datetime) -> int:
        """Delete work that was due before `before` and is done; return how many rows."""
        done = and_(outbox.c.state == "done", outbox.c.run_at < before)
        return (await self._connection.execute(delete(outbox).where(done))).rowcount

    async def _due(
        self, statement: Select[int], kinds: Collection[str], limit: int, now: datetime
    ) -> list[int]:
        values = {"now": now, "kinds": list(kinds), "limit": limit}
        return list((await self._connection.execute(statement, values)).scalars())

    async def _finish(self, item: OutboxItem, **values: object) -> bool:
        statement = update(outbox).where(_CLAIM).values(**values)
        claim = {"item_id": item.id, "attempt": item.attempts}
        return (await self._connection.execute(statement, claim)).rowcount == 1
