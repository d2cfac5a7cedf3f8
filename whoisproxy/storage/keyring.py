"""Data keys of owners, fetched from the database, kept open in memory for a while."""

from collections import OrderedDict

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from whoisproxy.storage.tables import data_keys
from whoisproxy.storage.vault import Unreadable, Vault, WrappedKey

SYSTEM = "system"
"""Owner of what belongs to no registrant: webhook secrets, kept answers, the blind index."""

_CACHED = 4096


class Keyring:
    """Gives out open data keys; an erased owner's key is gone from memory too."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._open: OrderedDict[str, bytes] = OrderedDict()

    async def key(self, connection: AsyncConnection, owner_id: str, *, create: bool) -> bytes:
        """Return the owner's data key, made when `create` and there is none.

        A key that was found is kept in memory. One that was made is not, since its transaction may yet fail;
        who made it remembers it until then.

        Raises:
            Unreadable: There is none: it was never made, or it was destroyed.
        """
        known = self._open.get(owner_id)
        if known is not None:
            self._open.move_to_end(owner_id)
            return known
        row = (await connection.execute(select(data_keys).where(data_keys.c.owner_id == owner_id))).first()
        if row is not None:
            key = self._vault.unwrap(owner_id, WrappedKey(row.wrapped, row.master_key_id))
        elif create:
            key, wrapped = self._vault.new_data_key(owner_id)
            await connection.execute(
                insert(data_keys).values(
                    owner_id=owner_id, wrapped=wrapped.wrapped, master_key_id=wrapped.master_key_id
                )
            )
            return key
        else:
            raise Unreadable("the data key does not exist any more")
        self._open[owner_id] = key
        if len(self._open) > _CACHED:
            self._open.popitem(last=False)
        return key

    async def destroy(self, connection: AsyncConnection, owner_id: str) -> None:
        """Make everything sealed for the owner unreadable for ever."""
        await connection.execute(delete(data_keys).where(data_keys.c.owner_id == owner_id))
        self._open.pop(owner_id, None)

    async def rewrap(self, connection: AsyncConnection, limit: int) -> int:
        """Wrap up to `limit` keys of older master keys under the current one; return how many."""
        current = self._vault.current_master_key_id
        stale = select(data_keys).where(data_keys.c.master_key_id != current).limit(limit)
        rows = (await connection.execute(stale)).all()
        for row in rows:
            key = self._vault.unwrap(row.owner_id, WrappedKey(row.wrapped, row.master_key_id))
            wrapped = self._vault.wrap(row.owner_id, key)
            await connection.execute(
                update(data_keys)
                .where(data_keys.c.owner_id == row.owner_id)
                .values(wrapped=wrapped.wrapped, master_key_id=wrapped.master_key_id)
            )
        return len(rows)
