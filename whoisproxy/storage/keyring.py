"""Data keys of owners, fetched from the database, kept open in memory for a while.

An owner whom this process erases is forgotten at once; one erased by another process, within a minute.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import Row, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from whoisproxy.storage.direct import Reader
from whoisproxy.storage.tables import data_keys
from whoisproxy.storage.vault import Unreadable, Vault, WrappedKey

SYSTEM = "system"
"""Owner of what belongs to no registrant: webhook secrets, kept answers, the blind index."""

_CACHED = 4096
_BELIEVED_S = 60.0  # since a key was last seen in the database

# Made once, because SQLAlchemy takes longer to make a statement than SQLite to answer it.
_OF_OWNERS = select(data_keys).where(data_keys.c.owner_id.in_(bindparam("owner_ids", expanding=True)))

_ADD = insert(data_keys)


class Keyring:
    """Gives out open data keys; an erased owner's key is gone from memory too."""

    def __init__(self, vault: Vault, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._vault = vault
        self._monotonic = monotonic
        self._open: OrderedDict[str, tuple[bytes, float]] = OrderedDict()  # key, when it was last seen

    async def key(self, connection: AsyncConnection, owner_id: str, *, create: bool) -> bytes:
        """Return the owner's data key, made when `create` and there is none.

        A key that was found is kept in memory. One that was made is not, since its transaction may yet fail;
        who made it remembers it until then.

        Raises:
            Unreadable: There is none: it was never made, or it was destroyed.
        """
        known = (await self.keys(connection, [owner_id])).get(owner_id)
        if known is not None:
            return known
        if not create:
            raise Unreadable("the data key does not exist any more")
        return (await self.make(connection, [owner_id]))[owner_id]

    async def make(self, connection: AsyncConnection, owner_ids: Iterable[str]) -> dict[str, bytes]:
        """Return new data keys of owners who have none; they are kept in memory as `key` keeps them."""
        made = {owner_id: self._vault.new_data_key(owner_id) for owner_id in owner_ids}
        rows = [
            {"owner_id": owner_id, "wrapped": wrapped.wrapped, "master_key_id": wrapped.master_key_id}
            for owner_id, (_, wrapped) in made.items()
        ]
        if rows:
            await connection.execute(_ADD, rows)
        return {owner_id: key for owner_id, (key, _) in made.items()}

    async def keys(self, connection: Reader, owner_ids: Iterable[str]) -> dict[str, bytes]:
        """Return the data keys of those owners who have one, fetched in one statement.

        Raises:
            Unreadable: One does not open.
        """
        wanted = set(owner_ids)
        known = {owner_id: key for owner_id in wanted if (key := self.known(owner_id)) is not None}
        missing = sorted(wanted - known.keys())
        if missing:
            rows = (await connection.execute(_OF_OWNERS, {"owner_ids": missing})).all()
            fetched = {row.owner_id: self._unwrapped(row) for row in rows}
            for owner_id in missing:
                self._open.pop(owner_id, None)
            self._remember(fetched)
            known |= fetched
        return known

    def known(self, owner_id: str) -> bytes | None:
        """Return a key that is in memory and was in the database a moment ago."""
        key, seen = self._open.get(owner_id, (None, 0.0))
        return key if self._monotonic() - seen < _BELIEVED_S else None

    def opened(self, owner_id: str, wrapped: bytes, master_key_id: str) -> bytes:
        """Return the key of a row that the caller has just read: it is not destroyed.

        Raises:
            Unreadable: It does not open.
        """
        key, _ = self._open.get(owner_id, (None, 0.0))
        if key is None:
            key = self._vault.unwrap(owner_id, WrappedKey(wrapped, master_key_id))
        self._remember({owner_id: key})
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
            key = self._unwrapped(row)
            wrapped = self._vault.wrap(row.owner_id, key)
            await connection.execute(
                update(data_keys)
                .where(data_keys.c.owner_id == row.owner_id)
                .values(wrapped=wrapped.wrapped, master_key_id=wrapped.master_key_id)
            )
        return len(rows)

    def _unwrapped(self, row: Row[tuple[object, ...]]) -> bytes:
        return self._vault.unwrap(row.owner_id, WrappedKey(row.wrapped, row.master_key_id))

    def _remember(self, keys: Mapping[str, bytes]) -> None:
        """Keep keys open that were just seen; those not seen for the longest are forgotten."""
        now = self._monotonic()
        for owner_id, key in keys.items():
            self._open[owner_id] = (key, now)
            self._open.move_to_end(owner_id)
        while len(self._open) > _CACHED:
            self._open.popitem(last=False)
