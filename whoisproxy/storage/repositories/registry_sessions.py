"""Who has a session at a registry account, who waits for one, and how the account stands."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from registries.epp.leases import Demand
from registries.epp.standing import Standing
from whoisproxy.storage.ordering import in_order
from whoisproxy.storage.tables import registry_accounts, registry_sessions

_FIELDS = tuple(field.name for field in fields(Standing))


@dataclass(frozen=True, slots=True)
class Guest:
    """One row: a process that has a session (`held`), or waits for one."""

    id: str
    holder: str
    held: bool


@dataclass(frozen=True, slots=True)
class Guests:
    """All rows of an account, the eldest first."""

    rows: tuple[Guest, ...]

    @property
    def held(self) -> int:
        """How many sessions are held."""
        return sum(row.held for row in self.rows)

    def ahead_of(self, row_id: str) -> int:
        """Return how many wait for longer than a row; all that wait, where there is no such row."""
        waiting = [row.id for row in self.rows if not row.held]
        return waiting.index(row_id) if row_id in waiting else len(waiting)

    def demand_on(self, holder: str) -> Demand:
        """Return what processes other than `holder` want."""
        having = {row.holder for row in self.rows if row.held}
        waiting = {row.holder for row in self.rows if not row.held} - {holder}
        if not waiting:
            return Demand.NONE
        return Demand.MORE if waiting <= having else Demand.FIRST


class RegistrySessions:
    """Rows of all accounts; what decides on one account begins with `enter`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def enter(self, account: str) -> datetime:
        """Wait until nobody else decides on the account, strike off what has ended, and return the time.

        The time is that of the database's server, which all machines share; SQLite has but one machine.
        """
        await in_order(self._connection, f"registry-sessions:{account}")
        now = datetime.now(UTC)
        if self._connection.dialect.name == "postgresql":
            now = (await self._connection.execute(select(func.clock_timestamp()))).scalar_one()
        ended = and_(registry_sessions.c.account == account, registry_sessions.c.expires_at <= now)
        await self._connection.execute(delete(registry_sessions).where(ended))
        return now

    async def guests(self, account: str) -> Guests:
        """Return who has a session, and who waits for one."""
        query = select(registry_sessions).where(registry_sessions.c.account == account)
        rows = await self._connection.execute(
            query.order_by(registry_sessions.c.since, registry_sessions.c.id)
        )
        return Guests(tuple(Guest(row.id, row.holder, row.held) for row in rows))

    async def add(self, account: str, guest: Guest, since: datetime, expires_at: datetime) -> None:
        """Note that a process has a session, or waits for one."""
        await self._connection.execute(
            insert(registry_sessions).values(
                **asdict(guest), account=account, since=since, expires_at=expires_at
            )
        )

    async def prolong(self, row_ids: Collection[str], expires_at: datetime) -> frozenset[str]:
        """Let rows end later; return the ids of those that there still were."""
        statement = (
            update(registry_sessions)
            .where(registry_sessions.c.id.in_(row_ids))
            .values(expires_at=expires_at)
            .returning(registry_sessions.c.id)
        )
        return frozenset((await self._connection.execute(statement)).scalars())

    async def remove(self, row_id: str) -> None:
        """Strike a row off."""
        await self._connection.execute(delete(registry_sessions).where(registry_sessions.c.id == row_id))

    async def standing(self, account: str) -> Standing:
        """Return how the account stands."""
        query = select(registry_accounts).where(registry_accounts.c.name == account)
        row = (await self._connection.execute(query)).first()
        return Standing(**{name: getattr(row, name) for name in _FIELDS}) if row else Standing()

    async def save(self, account: str, standing: Standing) -> None:
        """Note how the account stands."""
        values = asdict(standing)
        of_account = registry_accounts.c.name == account
        changed = await self._connection.execute(update(registry_accounts).where(of_account).values(**values))
        if not changed.rowcount:
            await self._connection.execute(insert(registry_accounts).values(name=account, **values))
