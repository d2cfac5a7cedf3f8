"""Encryption of what the queue holds: the protocol by which the relay asks its host for it."""

from typing import Protocol

RELAY_OWNER = ""
"""Owner id of the relay's own mail, such as letters to postmaster: no registrant stands behind it."""


class KeyDestroyed(Exception):
    """The owner was erased and his key with him; what he sealed can never be read again."""


class SealingKey(Protocol):
    """The key of one owner, ready to use."""

    def seal(self, plaintext: bytes) -> bytes:
        """Return `plaintext` encrypted and authenticated."""
        ...

    def open(self, sealed: bytes) -> bytes:
        """Return what was sealed.

        Raises:
            KeyDestroyed: It does not open: the key it was sealed under is gone.
        """
        ...


class BodyCipher(Protocol):
    """Gives out the keys of owners."""

    async def key(self, owner_id: str) -> SealingKey:
        """Return the key of an owner (or of the relay, for `RELAY_OWNER`).

        It is asked for each message, so that a key that is known comes without waiting for anything.

        Raises:
            KeyDestroyed: The owner was erased.
        """
        ...
