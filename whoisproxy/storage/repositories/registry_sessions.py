"""Who has a session at a registry account, who waits for one, and how the account stands."""

from collections.abc import Collection
from dataclasses import asdict, fields
from datetime import UTC, datetime

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from registries.epp.leases import Demand
from registries.epp.standing import Standing
from whoisproxy.storage.ordering import in_order
from whoisproxy.storage.tables import registry_accounts, registry_sessions

_FIELDS = tuple(field.name for field in fields(Standing))


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

    async def held(self, account: str) -> int:
        """Return how many sessions are held."""
        of_account = and_(registry_sessions.c.account == account, registry_sessions.c.held)
        count = select(func.count()).select_from(registry_sessions).where(of_account)
        found: int = (await self._connection.execute(count)).scalar_one()
        return found

    async def add(
        self, lease_id: str, account: str, holder: str, expires_at: datetime, *, held: bool
    ) -> None:
        """Note that a process has a session, or waits for one."""
        await self._connection.execute(
            insert(registry_sessions).values(
                id=lease_id, account=account, holder=holder, held=held, expires_at=expires_at
            )
        )

    async def prolong(self, lease_ids: Collection[str], expires_at: datetime) -> frozenset[str]:
        """Let rows end later; return the ids of those that there still were."""
        statement = (
            update(registry_sessions)
            .where(registry_sessions.c.id.in_(lease_ids))
            .values(expires_at=expires_at)
            .returning(registry_sessions.c.id)
        )
        return frozenset((await self._connection.execute(statement)).scalars())

    async def remove(self, lease_id: str) -> None:
        """Strike a row off."""
        await self._connection.execute(delete(registry_sessions).where(registry_sessions.c.id == lease_id))

    async def demand(self, account: str, holder: str) -> Demand:
        """Return what processes other than `holder` want."""
        rows = select(registry_sessions).where(registry_sessions.c.account == account)
        held: set[str] = set()
        waiting: set[str] = set()
        for row in await self._connection.execute(rows):
            (held if row.held else waiting).add(row.holder)
        waiting.discard(holder)
        if not waiting:
            return Demand.NONE
        return Demand.MORE if waiting <= held else Demand.FIRST

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
