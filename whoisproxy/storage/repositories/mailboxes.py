"""Suspect mailboxes, known by blind index only, and which correspondents were told of them."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from whoisproxy.domain.mailbox_health import SuspectMailbox
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import registrants, suspect_mailboxes, told_correspondents
from whoisproxy.storage.vault import normalised_mailbox


class SuspectMailboxes:
    """Rows of mailboxes that refused mail; they go when the mailbox works, or with the registrant."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def index(self, mailbox: str) -> bytes:
        """Return the blind index of a mailbox."""
        return await self._sealing.index("mailbox", normalised_mailbox(mailbox))

    async def all(self) -> list[SuspectMailbox]:
        """Return every suspect mailbox."""
        return [_suspect(row) for row in (await self._connection.execute(select(suspect_mailboxes))).all()]

    async def get(self, owner_id: str, mailbox_index: bytes) -> SuspectMailbox | None:
        """Return a mailbox where it is suspect."""
        query = select(suspect_mailboxes).where(*_same(owner_id, mailbox_index))
        row = (await self._connection.execute(query)).first()
        return None if row is None else _suspect(row)

    async def of_owner(
        self, registrar_id: str, owner_index: bytes, indexes: Iterable[bytes]
    ) -> dict[bytes, SuspectMailbox]:
        """Return which of these mailboxes refused mail of any of an owner's domains, by their indexes.

        Of several suspicions about one, the oldest.
        """
        owner = (registrants.c.registrar_id == registrar_id, registrants.c.email_index == owner_index)
        query = (
            select(suspect_mailboxes)
            .join(registrants, registrants.c.id == suspect_mailboxes.c.owner_id)
            .where(*owner, suspect_mailboxes.c.mailbox_index.in_(list(indexes)))
            .order_by(suspect_mailboxes.c.since.desc())
        )
        rows = (await self._connection.execute(query)).all()
        return {row.mailbox_index: _suspect(row) for row in rows}

    async def add(self, suspect: SuspectMailbox) -> None:
        """Store a new suspect."""
        await self._connection.execute(
            insert(suspect_mailboxes).values(
                owner_id=suspect.owner_id,
                mailbox_index=suspect.mailbox_index,
                since=suspect.since,
                failures=suspect.failures,
                try_at=suspect.try_at,
            )
        )

    async def update(self, suspect: SuspectMailbox) -> None:
        """Store a further failure."""
        same = _same(suspect.owner_id, suspect.mailbox_index)
        changed = {"failures": suspect.failures, "try_at": suspect.try_at}
        await self._connection.execute(update(suspect_mailboxes).where(*same).values(changed))

    async def remove(self, owner_id: str, mailbox_index: bytes) -> None:
        """Forget a suspicion, and who was told of it."""
        await self._connection.execute(delete(suspect_mailboxes).where(*_same(owner_id, mailbox_index)))
        told = told_correspondents.c.owner_id == owner_id
        await self._connection.execute(delete(told_correspondents).where(told))

    async def tell(self, owner_id: str, relay_id: str, correspondent: str, now: datetime) -> bool:
        """Note that a correspondent of a relay address is told; False where he was before."""
        index = await self._sealing.index("correspondent", normalised_mailbox(correspondent))
        dialect = postgresql if self._connection.dialect.name == "postgresql" else sqlite
        values = {"relay_id": relay_id, "correspondent_index": index, "owner_id": owner_id, "told_at": now}
        statement = dialect.insert(told_correspondents).values(values).on_conflict_do_nothing()
        return (await self._connection.execute(statement)).rowcount > 0

    async def purge(self, before: datetime) -> None:
        """Forget mailboxes that nobody has tried for long, and who was told where none is left."""
        old = suspect_mailboxes.c.try_at < before
        await self._connection.execute(delete(suspect_mailboxes).where(old))
        left = select(suspect_mailboxes.c.owner_id)
        await self._connection.execute(
            delete(told_correspondents).where(told_correspondents.c.owner_id.not_in(left))
        )


def _same(owner_id: str, mailbox_index: bytes) -> tuple[ColumnElement[bool], ...]:
    return (
        suspect_mailboxes.c.owner_id == owner_id,
        suspect_mailboxes.c.mailbox_index == mailbox_index,
    )


def _suspect(row: Row[tuple[object, ...]]) -> SuspectMailbox:
    return SuspectMailbox(row.owner_id, row.mailbox_index, row.since, row.failures, row.try_at)
