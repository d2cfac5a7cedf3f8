"""What an owner wishes for the mail of a domain; it is sealed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from whoisproxy.domain.mail_settings import DigestWish, MailSettings
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import mail_settings


class Correspondence:
    """One row of wishes a domain, gone with its holder."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def settings(self, domain_id: str, owner_id: str) -> MailSettings:
        """Return an owner's wishes, the default where he has none."""
        query = select(mail_settings.c.sealed).where(mail_settings.c.domain_id == domain_id)
        sealed = (await self._connection.execute(query)).scalar_one_or_none()
        return MailSettings() if sealed is None else await self.opened(owner_id, sealed)

    async def settings_of(self, owners: Mapping[str, str]) -> dict[str, MailSettings]:
        """Return the wishes of the owners of domains, by the ids of the domains; see `settings`."""
        query = select(mail_settings).where(mail_settings.c.domain_id.in_(owners))
        rows = (await self._connection.execute(query)).all()
        await self._sealing.fetch_keys(owners[row.domain_id] for row in rows)
        stored = {row.domain_id: await self.opened(owners[row.domain_id], row.sealed) for row in rows}
        return {domain_id: stored.get(domain_id, MailSettings()) for domain_id in owners}

    async def opened(self, owner_id: str, sealed: bytes) -> MailSettings:
        """Return wishes as they stand in a row."""
        return MailSettings.parse(await self._sealing.open_json(owner_id, "mail-settings", sealed))

    async def wish_digests(self, owners: Mapping[str, str], wish: DigestWish, now: datetime) -> None:
        """Store how often owners of domains want to be told of held mail; their other wishes stay.

        Args:
            owners: Registrants by the ids of their domains.
            wish: What is wanted for each.
            now: When.
        """
        changed = {
            domain_id: replace(before, digest=wish)
            for domain_id, before in (await self.settings_of(owners)).items()
            if before.digest is not wish
        }
        rows = [
            {"domain_id": each, "sealed": await self._sealed(owners[each], settings), "updated_at": now}
            for each, settings in changed.items()
        ]
        if rows:
            await self._connection.execute(self._upsert(), rows)

    async def put_settings(
        self, domain_id: str, owner_id: str, settings: MailSettings, now: datetime
    ) -> None:
        """Store an owner's wishes in place of those before."""
        row = {"domain_id": domain_id, "sealed": await self._sealed(owner_id, settings), "updated_at": now}
        await self._connection.execute(self._upsert(), [row])

    async def _sealed(self, owner_id: str, settings: MailSettings) -> bytes:
        return await self._sealing.seal_json(owner_id, "mail-settings", settings.as_dict())

    def _upsert(self) -> Any:
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        new = dialect.insert(mail_settings)
        changed = {name: new.excluded[name] for name in ("sealed", "updated_at")}
        return new.on_conflict_do_update(index_elements=[mail_settings.c.domain_id], set_=changed)
