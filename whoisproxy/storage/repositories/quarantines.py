"""Owners' quarantines: whose held mail is told of together, when, and what he was told of."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, exists, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from whoisproxy.domain.ids import new_id
from whoisproxy.domain.quarantine import Quarantine
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import quarantines, registrants, told_messages
from whoisproxy.storage.vault import normalised_mailbox

_CHUNK = 500


class Quarantines:
    """One row for each owner and mailbox; it names nobody, and goes with the last of his domains."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def index(self, mailbox: str) -> bytes:
        """Return the blind index of a registrant's mailbox."""
        return await self._sealing.index("registrant-email", normalised_mailbox(mailbox))

    async def find(self, registrar_id: str, owner: str, mailbox: str) -> Quarantine | None:
        """Return the quarantine of an owner where there is one.

        Args:
            registrar_id: Whose domains they are.
            owner: Mailbox of the registrant.
            mailbox: To which his mail goes.
        """
        same = await self._key(registrar_id, owner, mailbox)
        query = select(quarantines).where(*(quarantines.c[name] == value for name, value in same.items()))
        row = (await self._connection.execute(query)).first()
        return None if row is None else _quarantine(row)

    async def ensure(self, registrar_id: str, owner: str, mailbox: str, now: datetime) -> Quarantine:
        """Return the same, made when needed."""
        same = await self._key(registrar_id, owner, mailbox)
        new = self._insert().values(id=new_id("qua", now), digest_id="", **same).on_conflict_do_nothing()
        await self._connection.execute(new)
        query = select(quarantines).where(*(quarantines.c[name] == value for name, value in same.items()))
        return _quarantine((await self._connection.execute(query)).one())

    async def by_id(self, quarantine_id: str) -> Quarantine | None:
        """Return a quarantine by id."""
        query = select(quarantines).where(quarantines.c.id == quarantine_id)
        row = (await self._connection.execute(query)).first()
        return None if row is None else _quarantine(row)

    async def make_due(self, quarantine_id: str, due_at: datetime) -> bool:
        """Say when the next digest is to be sent; False where one is due already."""
        none_due = and_(quarantines.c.id == quarantine_id, quarantines.c.due_at.is_(None))
        return (
            await self._connection.execute(update(quarantines).where(none_due).values(due_at=due_at))
        ).rowcount > 0

    async def told(self, message_ids: Collection[str]) -> set[str]:
        """Return of which of the messages their owner was told."""
        ids, found = list(message_ids), set[str]()
        for start in range(0, len(ids), _CHUNK):
            some = told_messages.c.message_id.in_(ids[start : start + _CHUNK])
            found.update(
                (await self._connection.execute(select(told_messages.c.message_id).where(some))).scalars()
            )
        return found

    async def begin(
        self, quarantine_id: str, digest_id: str, message_ids: Sequence[str], now: datetime
    ) -> None:
        """Write down a digest and what it tells of, before it is queued."""
        rows = [{"message_id": one, "digest_id": digest_id, "told_at": now} for one in message_ids]
        await self._connection.execute(insert(told_messages), rows)
        await self._set(quarantine_id, digest_id=digest_id)

    async def undo(self, quarantine: Quarantine) -> None:
        """Forget a digest that was begun and never queued."""
        of_digest = told_messages.c.digest_id == quarantine.digest_id
        await self._connection.execute(delete(told_messages).where(of_digest))
        await self._set(quarantine.id, digest_id="")

    async def sent(self, quarantine_id: str, now: datetime) -> None:
        """Write down that the digest that was begun is queued."""
        await self._set(quarantine_id, digest_id="", told_at=now, due_at=None)

    async def nothing_due(self, quarantine_id: str) -> None:
        """Write down that there was nothing to tell."""
        await self._set(quarantine_id, due_at=None)

    async def purge(self, before: datetime) -> None:
        """Forget of what was told before a time, and the quarantines of those who have no domain any more."""
        await self._connection.execute(delete(told_messages).where(told_messages.c.told_at < before))
        anybody = exists().where(
            registrants.c.registrar_id == quarantines.c.registrar_id,
            registrants.c.email_index == quarantines.c.owner_index,
        )
        await self._connection.execute(delete(quarantines).where(~anybody))

    async def _set(self, quarantine_id: str, **values: object) -> None:
        await self._connection.execute(
            update(quarantines).where(quarantines.c.id == quarantine_id).values(**values)
        )

    async def _key(self, registrar_id: str, owner: str, mailbox: str) -> dict[str, object]:
        return {
            "registrar_id": registrar_id,
            "owner_index": await self.index(owner),
            "mailbox_index": await self.index(mailbox),
        }

    def _insert(self) -> Any:
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        return dialect.insert(quarantines)


def _quarantine(row: Row[Any]) -> Quarantine:
    return Quarantine(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented accessor
