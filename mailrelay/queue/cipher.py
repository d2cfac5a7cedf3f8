"""Encryption of what the queue holds: the protocol by which the relay asks its host for it."""

from typing import Protocol

RELAY_OWNER = ""
"""Owner id of the relay's own mail, such as letters to postmaster: no registrant stands behind it."""


class KeyDestroyed(Exception):
    """The owner was erased and his key with him; what he sealed can never be read again."""


class BodyCipher(Protocol):
    """Seals octets under the key of one owner (or of the relay, for `RELAY_OWNER`)."""

    async def seal(self, owner_id: str, plaintext: bytes) -> bytes:
        """Return `plaintext` encrypted and authenticated.

        Raises:
            KeyDestroyed: The owner was erased.
        """
        ...

    async def open(self, owner_id: str, sealed: bytes) -> bytes:
        """Return what was sealed.

        Raises:
            KeyDestroyed: The owner was erased.
        """
        ...
