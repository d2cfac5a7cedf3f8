"""The key that an owner gives for his mail: an OpenPGP certificate or one of X.509."""

from datetime import datetime
from typing import Protocol

from mailrelay.rewriting.encryption.errors import UnusableKey
from mailrelay.rewriting.encryption.facts import KeyFacts
from mailrelay.rewriting.encryption.openpgp import read_openpgp
from mailrelay.rewriting.encryption.smime import read_certificate
from mailrelay.rewriting.entity import Entity

__all__ = ["EncryptionKey", "UnusableKey", "read_key"]

_MOST_OCTETS = 256 * 1024
_X509_PEM = b"-----BEGIN CERTIFICATE-----"
_DER_SEQUENCE = b"\x30"


class EncryptionKey(Protocol):
    """Encrypts to one owner."""

    @property
    def method(self) -> str:
        """`openpgp` or `smime`."""
        ...

    @property
    def fingerprint(self) -> str:
        """In lower-case hexadecimal, to compare by eye; it names its owner to whoever looks it up."""
        ...

    def facts(self) -> KeyFacts:
        """Return what its owner is shown of it."""
        ...

    def enveloped(self, payload: bytes) -> Entity:
        """Return the entity that holds an encrypted entity.

        Raises:
            UnusableKey: It cannot be encrypted.
        """
        ...


def read_key(octets: bytes, now: datetime) -> EncryptionKey:
    """Return the key that a file holds, OpenPGP or X.509, in text or binary form.

    Raises:
        UnusableKey: There is not exactly one, or mail must not be encrypted with it now.
    """
    if len(octets) > _MOST_OCTETS:
        raise UnusableKey("too-large")
    # No OpenPGP packet begins like DER: its first bit is always set (RFC 9580 section 4.2).
    if _X509_PEM in octets or octets.startswith(_DER_SEQUENCE):
        return read_certificate(octets, now)
    return read_openpgp(octets, now)
