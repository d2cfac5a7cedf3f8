"""Mailboxes that owners have named for their mail; they are sealed under the key of the account."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from whoisproxy.domain.owner_mailbox import OwnerMailbox
from whoisproxy.storage.sealing import Sealing
from whoisproxy.storage.tables import owner_mailboxes
from whoisproxy.storage.vault import normalised_mailbox

_PURPOSE = "owner-mailbox"


class OwnerMailboxes:
    """A few rows an account; they go with it."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._connection = sealing.connection

    async def index(self, mailbox: str) -> bytes:
        """Return the blind index of a mailbox, which is that of `suspect_mailboxes`."""
        return await self._sealing.index("mailbox", normalised_mailbox(mailbox))

    async def add(self, new: OwnerMailbox) -> None:
        """Store a new one."""
        await self._connection.execute(
            insert(owner_mailboxes).values(
                id=new.id,
                account_id=new.account_id,
                mailbox_index=new.mailbox_index,
                sealed=await self._sealing.seal(new.account_id, _PURPOSE, new.mailbox.encode()),
                added_at=new.added_at,
                verified_at=new.verified_at,
            )
        )

    async def by_id(self, mailbox_id: str) -> OwnerMailbox | None:
        """Return a mailbox, whosever it is."""
        found = await self._many(owner_mailboxes.c.id == mailbox_id)
        return found[0] if found else None

    async def of_account(self, account_id: str) -> Sequence[OwnerMailbox]:
        """Return an owner's mailboxes, the oldest first."""
        return await self._many(owner_mailboxes.c.account_id == account_id)

    async def verify(self, mailbox_id: str, now: datetime) -> None:
        """Write down that a mailbox is its owner's; once it is, it stays so."""
        new = (owner_mailboxes.c.id == mailbox_id, owner_mailboxes.c.verified_at.is_(None))
        await self._connection.execute(update(owner_mailboxes).where(*new).values(verified_at=now))

    async def renew(self, mailbox_id: str, now: datetime) -> None:
        """Write down that another letter goes to a mailbox that is not confirmed."""
        same = owner_mailboxes.c.id == mailbox_id
        await self._connection.execute(update(owner_mailboxes).where(same).values(added_at=now))

    async def remove(self, mailbox_id: str) -> None:
        """Forget a mailbox; the caller has led its mail elsewhere."""
        await self._connection.execute(delete(owner_mailboxes).where(owner_mailboxes.c.id == mailbox_id))

    async def purge(self, before: datetime) -> None:
        """Forget mailboxes that nobody has confirmed."""
        old = (owner_mailboxes.c.verified_at.is_(None), owner_mailboxes.c.added_at < before)
        await self._connection.execute(delete(owner_mailboxes).where(*old))

    async def _many(self, condition: Any) -> list[OwnerMailbox]:
        query = select(owner_mailboxes).where(condition).order_by(owner_mailboxes.c.id)
        return [await self._opened(row) for row in (await self._connection.execute(query)).all()]

    async def _opened(self, row: Row[Any]) -> OwnerMailbox:
        mailbox = await self._sealing.open(row.account_id, _PURPOSE, row.sealed)
        return OwnerMailbox(
            row.id, row.account_id, mailbox.decode(), row.mailbox_index, row.added_at, row.verified_at
        )
