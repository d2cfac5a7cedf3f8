"""Sealing of fields: AES-256-GCM (NIST SP 800-38D) under a data key per owner, wrapped by a master key.

A sealed value is `version || nonce || ciphertext and tag`; its owner and purpose are authenticated with it,
so that a value cannot be moved to another row or column. Equality look-ups go through a keyed blind index.
"""

import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from whoisproxy.storage.keys import MasterKeys

_VERSION = b"\x01"
_NONCE_OCTETS = 12
_KEY_OCTETS = 32


class Unreadable(Exception):
    """A sealed value does not open: its key was destroyed, or the value was changed. Do not retry."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key as it is stored."""

    wrapped: bytes
    master_key_id: str


class Vault:
    """Seals, opens, wraps; knows nothing of the database."""

    def __init__(self, keys: MasterKeys) -> None:
        self._keys = keys

    @property
    def current_master_key_id(self) -> str:
        """The master key under which new data keys are wrapped."""
        return self._keys.current_id

    def new_data_key(self, owner_id: str) -> tuple[bytes, WrappedKey]:
        """Return a fresh data key, open and wrapped."""
        # The operator may have rotated the master key since this process read the file.
        self._keys = self._keys.reread()
        key = secrets.token_bytes(_KEY_OCTETS)
        return key, self.wrap(owner_id, key)

    def wrap(self, owner_id: str, key: bytes) -> WrappedKey:
        """Wrap a data key under the current master key."""
        sealer = Sealer(self._keys.current, f"key:{owner_id}")
        return WrappedKey(sealer.seal(key), self._keys.current_id)

    def unwrap(self, owner_id: str, wrapped: WrappedKey) -> bytes:
        """Return the data key.

        Raises:
            Unreadable: Its master key is not among ours, or the value was changed.
        """
        if wrapped.master_key_id not in self._keys.keys:
            # The operator has rotated the master key since this process read the file.
            self._keys = self._keys.reread()
        master = self._keys.keys.get(wrapped.master_key_id)
        if master is None:
            raise Unreadable("the master key of a data key is missing")
        return Sealer(master, f"key:{owner_id}").open(wrapped.wrapped)

    def seal(self, data_key: bytes, plaintext: bytes, purpose: str) -> bytes:
        """Seal a value; `purpose` names what and whose it is and must be the same on opening."""
        return Sealer(data_key, purpose).seal(plaintext)

    def open(self, data_key: bytes, sealed: bytes, purpose: str) -> bytes:
        """Open a value, or raise Unreadable."""
        return Sealer(data_key, purpose).open(sealed)


def blind_index(key: bytes, purpose: str, text: str) -> bytes:
    """Return 32 octets that are equal for equal texts and say nothing else without `key`."""
    return hmac.digest(key, purpose.encode() + b"\0" + text.encode(), "sha256")


def derived(key: bytes, purpose: str) -> bytes:
    """Return a key of its own for a purpose (HKDF, RFC 5869)."""
    return HKDF(hashes.SHA256(), _KEY_OCTETS, None, purpose.encode()).derive(key)


def normalised_mailbox(mailbox: str) -> str:
    """Return the form that is compared: the domain without case, the local part as it is (RFC 5321 2.4)."""
    local, _, domain = mailbox.rpartition("@")
    return f"{local}@{domain.lower()}"


class Sealer:
    """Seals and opens many values under one data key and for one purpose."""

    def __init__(self, data_key: bytes, purpose: str) -> None:
        self._cipher = AESGCM(data_key)
        self._purpose = purpose.encode()

    def seal(self, plaintext: bytes) -> bytes:
        """Seal a value."""
        nonce = secrets.token_bytes(_NONCE_OCTETS)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plaintext, self._purpose)

    def open(self, sealed: bytes) -> bytes:
        """Open a value, or raise Unreadable."""
        start = len(_VERSION) + _NONCE_OCTETS
        if sealed[: len(_VERSION)] != _VERSION or len(sealed) < start:
            raise Unreadable("a sealed value has an unknown form")
        try:
            return self._cipher.decrypt(sealed[len(_VERSION) : start], sealed[start:], self._purpose)
        except InvalidTag:
            raise Unreadable("a sealed value was changed or belongs elsewhere") from None
