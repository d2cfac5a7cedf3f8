"""The outbox: work that was committed with the change that demands it, and is done until it succeeds.

A worker claims rows with a lease; when it dies the lease ends and another takes over. Rows of one key are
done in order, one at a time.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, bindparam, delete, exists, insert, or_, select, update
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
# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_HOLDS = select(outbox.c.id).where(_CLAIM).with_for_update()


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
        await in_order(self._connection, f"outbox:{key}")
        statement = (
            insert(outbox)
            .values(
                kind=kind,
                key=key,
                payload=dict(payload),
                state="waiting",
                attempts=0,
                run_at=run_at,
                problem_code="",
            )
            .returning(outbox.c.id)
        )
        self.added = True
        item_id: int = (await self._connection.execute(statement)).scalar_one()
        return item_id

    async def claim(
        self, worker_id: str, kinds: Collection[str], lease_s: float, limit: int, now: datetime
    ) -> list[OutboxItem]:
        """Take up to `limit` rows that are due, or whose lease has ended, for `lease_s` seconds."""
        due = or_(
            and_(outbox.c.state == "waiting", outbox.c.run_at <= now),
            and_(outbox.c.state == "claimed", outbox.c.lease_until <= now),
        )
        earlier = outbox.alias("earlier")
        behind = exists().where(
            earlier.c.key == outbox.c.key, earlier.c.id < outbox.c.id, earlier.c.state.in_(_OPEN)
        )
        chosen = (
            select(outbox.c.id)
            .where(due, outbox.c.kind.in_(kinds), ~behind)
            .order_by(outbox.c.run_at, outbox.c.id)
            .limit(limit)
            # SQLite ignores this: there the unit of work holds the only write lock.
            .with_for_update(skip_locked=True)
        )
        ids = (await self._connection.execute(chosen)).scalars().all()
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
        held = and_(outbox.c.id.in_(ids), outbox.c.worker_id == worker_id, outbox.c.state == "claimed")
        statement = update(outbox).where(held).values(lease_until=lease_until).returning(outbox.c.id)
        return set((await self._connection.execute(statement)).scalars())

    async def holds(self, item: OutboxItem) -> bool:
        """Whether the claim that gave out `item` still stands; it does until this unit of work ends."""
        claim = {"item_id": item.id, "attempt": item.attempts}
        return (await self._connection.execute(_HOLDS, claim)).first() is not None

    async def done(self, item: OutboxItem) -> bool:
        """Mark a row as done; False, and nothing is changed, where the claim does not stand any more."""
        return await self._finish(item, state="done", lease_until=None)

    async def retry(self, item: OutboxItem, run_at: datetime, problem_code: str) -> bool:
        """Let a row be claimed again from `run_at` on; False as for `done`."""
        return await self._finish(
            item, state="waiting", lease_until=None, run_at=run_at, problem_code=problem_code
        )

    async def bury(self, item: OutboxItem, problem_code: str) -> bool:
        """Give a row up for good; it stays to be looked at. False as for `done`."""
        return await self._finish(item, state="buried", lease_until=None, problem_code=problem_code)

    async def wake(self, key: str, now: datetime) -> None:
        """Let the waiting work of a key be done at once: what it waits for may have come."""
        waiting = and_(outbox.c.key == key, outbox.c.state == "waiting", outbox.c.run_at > now)
        woken = await self._connection.execute(update(outbox).where(waiting).values(run_at=now))
        self.added = self.added or woken.rowcount > 0

    async def withdraw(self, key: str) -> None:
        """Strike off the work of a key that no worker has claimed: what replaces it need not wait for it."""
        waiting = and_(outbox.c.key == key, outbox.c.state == "waiting")
        await self._connection.execute(update(outbox).where(waiting).values(state="done"))

    async def purge(self, before: datetime) -> int:
        """Delete work that was due before `before` and is done; return how many rows."""
        done = and_(outbox.c.state == "done", outbox.c.run_at < before)
        return (await self._connection.execute(delete(outbox).where(done))).rowcount

    async def _finish(self, item: OutboxItem, **values: object) -> bool:
        statement = update(outbox).where(_CLAIM).values(**values)
        claim = {"item_id": item.id, "attempt": item.attempts}
        return (await self._connection.execute(statement, claim)).rowcount == 1
