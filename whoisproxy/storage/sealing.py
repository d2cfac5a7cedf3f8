"""Sealing inside a transaction: a connection, the keys of owners, and the blind index."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from whoisproxy.storage.keyring import SYSTEM, Keyring
from whoisproxy.storage.vault import Vault, blind_index, derived


# Of the one key that the blind index has; a few for tests and processes with several storages.
@lru_cache(maxsize=8)
def _index_key(key: bytes) -> bytes:
    return derived(key, "blind-index")


def index_of(system_key: bytes, purpose: str, text: str) -> bytes:
    """Return the blind index of a text under the data key of SYSTEM."""
    return blind_index(_index_key(system_key), purpose, text)


@dataclass(frozen=True, slots=True)
class Sealing:
    """What repositories use to write and read secrets.

    Attributes:
        read_only: Whether nothing is written, so that no row needs to be locked.
    """

    connection: AsyncConnection
    vault: Vault
    keyring: Keyring
    read_only: bool
    _seen: dict[str, bytes] = field(default_factory=dict)

    async def seal(self, owner_id: str, purpose: str, plaintext: bytes) -> bytes:
        """Seal for an owner; his key is made when he has none yet."""
        return self.vault.seal(await self._key(owner_id, create=True), plaintext, f"{purpose}:{owner_id}")

    async def open(self, owner_id: str, purpose: str, sealed: bytes) -> bytes:
        """Open what `seal` made, or raise Unreadable."""
        return self.vault.open(await self._key(owner_id), sealed, f"{purpose}:{owner_id}")

    async def seal_json(self, owner_id: str, purpose: str, value: object) -> bytes:
        """Seal a JSON value."""
        return await self.seal(owner_id, purpose, orjson.dumps(value))

    async def open_json(self, owner_id: str, purpose: str, sealed: bytes) -> dict[str, object]:
        """Open a JSON object."""
        value: dict[str, object] = orjson.loads(await self.open(owner_id, purpose, sealed))
        return value

    async def index(self, purpose: str, text: str) -> bytes:
        """Return the blind index of a text: the same for every registrant, so that it can be looked up."""
        return index_of(await self.system_key(), purpose, text)

    async def system_key(self) -> bytes:
        """Return the key of blind indexes."""
        return await self._key(SYSTEM)

    async def ensure_key(self, owner_id: str) -> None:
        """Make the owner's key where there is none."""
        await self._key(owner_id, create=True)

    async def make_keys(self, owner_ids: Iterable[str]) -> None:
        """Make the keys of owners who have none, in one statement."""
        self._seen.update(await self.keyring.make(self.connection, owner_ids))

    async def fetch_keys(self, owner_ids: Iterable[str]) -> None:
        """Fetch the keys of many owners in one statement, before their values are opened one by one."""
        self._seen.update(await self.keyring.keys(self.connection, owner_ids))

    def forget(self) -> None:
        """Forget the keys that were seen, so that the next transaction looks again."""
        self._seen.clear()

    async def destroy(self, owner_id: str) -> None:
        """Destroy the owner's key: everything sealed for him is unreadable for ever."""
        self._seen.pop(owner_id, None)
        await self.keyring.destroy(self.connection, owner_id)

    async def _key(self, owner_id: str, *, create: bool = False) -> bytes:
        key = self._seen.get(owner_id)
        if key is None:
            key = await self.keyring.key(self.connection, owner_id, create=create)
            self._seen[owner_id] = key
        return key
