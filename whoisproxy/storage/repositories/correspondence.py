"""What an owner wishes for the mail of a domain, and whose mail he does not want; both are sealed."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from whoisproxy.domain.ids import new_id
from whoisproxy.domain.mail_settings import MailSettings
from whoisproxy.domain.relay import Blocked
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import blocked_correspondents, mail_settings
from whoisproxy.storage.vault import normalised_mailbox


class Correspondence:
    """One row of wishes a domain, and one for each correspondent who is blocked; gone with its holder."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def settings(self, domain_id: str, owner_id: str) -> MailSettings:
        """Return an owner's wishes, the default where he has none."""
        query = select(mail_settings.c.sealed).where(mail_settings.c.domain_id == domain_id)
        sealed = (await self._connection.execute(query)).scalar_one_or_none()
        return MailSettings() if sealed is None else await self.opened(owner_id, sealed)

    async def opened(self, owner_id: str, sealed: bytes) -> MailSettings:
        """Return wishes as they stand in a row."""
        return MailSettings.parse(await self._sealing.open_json(owner_id, "mail-settings", sealed))

    async def put_settings(
        self, domain_id: str, owner_id: str, settings: MailSettings, now: datetime
    ) -> None:
        """Store an owner's wishes in place of those before."""
        sealed = await self._sealing.seal_json(owner_id, "mail-settings", settings.as_dict())
        changed = {"sealed": sealed, "updated_at": now}
        statement = self._insert(mail_settings).values(domain_id=domain_id, **changed)
        same = [mail_settings.c.domain_id]
        await self._connection.execute(statement.on_conflict_do_update(index_elements=same, set_=changed))

    async def block(self, domain_id: str, owner_id: str, correspondent: str, now: datetime) -> str:
        """Keep a correspondent's mail from the owner, and return the id of the row that says so."""
        index = await self._sealing.index("correspondent", normalised_mailbox(correspondent))
        sealed = await self._sealing.seal(owner_id, "correspondent", correspondent.encode())
        statement = self._insert(blocked_correspondents).values(
            id=new_id("blk", now),
            domain_id=domain_id,
            correspondent_index=index,
            correspondent=sealed,
            blocked_at=now,
        )
        await self._connection.execute(statement.on_conflict_do_nothing())
        same = (
            blocked_correspondents.c.domain_id == domain_id,
            blocked_correspondents.c.correspondent_index == index,
        )
        query = select(blocked_correspondents.c.id).where(*same)
        blocked_id: str = (await self._connection.execute(query)).scalar_one()
        return blocked_id

    async def unblock(self, domain_id: str, blocked_id: str) -> bool:
        """Let a correspondent's mail through again; False where no row of that id keeps it back."""
        same = (blocked_correspondents.c.id == blocked_id, blocked_correspondents.c.domain_id == domain_id)
        return (await self._connection.execute(delete(blocked_correspondents).where(*same))).rowcount > 0

    async def blocked(self, domain_id: str, owner_id: str) -> list[Blocked]:
        """Return whom an owner has blocked, in the order in which he did."""
        query = (
            select(blocked_correspondents)
            .where(blocked_correspondents.c.domain_id == domain_id)
            .order_by(blocked_correspondents.c.id)
        )
        rows = (await self._connection.execute(query)).all()
        opened = [await self._sealing.open(owner_id, "correspondent", row.correspondent) for row in rows]
        return [
            Blocked(row.id, correspondent.decode(), row.blocked_at)
            for row, correspondent in zip(rows, opened, strict=True)
        ]

    async def count_blocked(self, domain_id: str) -> int:
        """Return how many correspondents an owner has blocked."""
        of_domain = blocked_correspondents.c.domain_id == domain_id
        query = select(func.count()).select_from(blocked_correspondents).where(of_domain)
        return (await self._connection.execute(query)).scalar_one()

    def _insert(self, table: Any) -> Any:
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        return dialect.insert(table)
