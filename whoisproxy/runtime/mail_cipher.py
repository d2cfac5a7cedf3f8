"""The mail queue's cipher: messages are sealed under the key of the registrant they are for."""

from mailrelay.queue.cipher import RELAY_OWNER, KeyDestroyed
from whoisproxy.storage.keyring import SYSTEM
from whoisproxy.storage.unit_of_work import Storage
from whoisproxy.storage.vault import Unreadable


class MailCipher:
    """Implements `mailrelay.queue.cipher.BodyCipher`."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def seal(self, owner_id: str, plaintext: bytes) -> bytes:
        """Seal octets; raise KeyDestroyed where the registrant was erased."""
        try:
            return await self._storage.seal_for(_owner(owner_id), plaintext)
        except Unreadable as error:
            raise KeyDestroyed from error

    async def open(self, owner_id: str, sealed: bytes) -> bytes:
        """Open what was sealed; raise KeyDestroyed where the registrant was erased."""
        try:
            return await self._storage.open_for(_owner(owner_id), sealed)
        except Unreadable as error:
            raise KeyDestroyed from error


def _owner(owner_id: str) -> str:
    return SYSTEM if owner_id == RELAY_OWNER else owner_id
