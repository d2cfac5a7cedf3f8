"""The mail queue's cipher: messages are sealed under the key of the registrant they are for.

The relay directory has just read that key with the address, so nearly always it is at hand.
"""

from mailrelay.queue.cipher import RELAY_OWNER, KeyDestroyed, SealingKey
from whoisproxy.storage.keyring import SYSTEM
from whoisproxy.storage.unit_of_work import Storage
from whoisproxy.storage.vault import Sealer, Unreadable


class MailCipher:
    """Implements `mailrelay.queue.cipher.BodyCipher`."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def key(self, owner_id: str) -> SealingKey:
        """Return the key of a registrant; raise KeyDestroyed where he was erased."""
        owner = SYSTEM if owner_id == RELAY_OWNER else owner_id
        try:
            data_key = self._storage.known_key(owner) or await self._storage.fetched_key(owner)
        except Unreadable as error:
            raise KeyDestroyed from error
        return _Key(data_key, f"message:{owner}")


class _Key(Sealer):
    def open(self, sealed: bytes) -> bytes:
        """Open what was sealed."""
        try:
            return super().open(sealed)
        except Unreadable as error:
            raise KeyDestroyed from error
