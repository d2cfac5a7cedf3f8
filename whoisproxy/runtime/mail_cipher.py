"""The mail queue's cipher: messages are sealed under the key of the registrant they are for."""

from dataclasses import dataclass

from mailrelay.queue.cipher import RELAY_OWNER, KeyDestroyed, SealingKey
from whoisproxy.storage.keyring import SYSTEM
from whoisproxy.storage.unit_of_work import Storage
from whoisproxy.storage.vault import Unreadable, Vault


class MailCipher:
    """Implements `mailrelay.queue.cipher.BodyCipher`."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def key(self, owner_id: str) -> SealingKey:
        """Return the key of a registrant; raise KeyDestroyed where he was erased."""
        owner = SYSTEM if owner_id == RELAY_OWNER else owner_id
        try:
            return _Key(self._storage.vault, await self._storage.message_key(owner), f"message:{owner}")
        except Unreadable as error:
            raise KeyDestroyed from error


@dataclass(frozen=True, slots=True)
class _Key:
    vault: Vault
    data_key: bytes
    purpose: str

    def seal(self, plaintext: bytes) -> bytes:
        """Seal octets."""
        return self.vault.seal(self.data_key, plaintext, self.purpose)

    def open(self, sealed: bytes) -> bytes:
        """Open what was sealed."""
        try:
            return self.vault.open(self.data_key, sealed, self.purpose)
        except Unreadable as error:
            raise KeyDestroyed from error
