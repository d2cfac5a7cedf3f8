"""OpenPGP (RFC 9580) with pysequoia, as PGP/MIME (RFC 3156 section 4).

pysequoia proves the signatures in a certificate and chooses among its keys, but encrypts with expired ones,
too: those are taken out before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

import pysequoia
from pysequoia.packet import Packet, PacketPile, SignatureType, Tag

from mailrelay.rewriting.encryption.errors import UnusableKey
from mailrelay.rewriting.encryption.facts import KeyFacts, shown_names
from mailrelay.rewriting.entity import Entity, multipart

_SECRET = (Tag.SecretKey, Tag.SecretSubkey)
_PUBLIC = (Tag.PublicKey, Tag.PublicSubkey)
# RFC 9580 section 9.1, and the post-quantum ones that the library knows: those that encrypt, by its names.
_ENCRYPTING = {
    "RSAEncryptSign": "RSA",
    "RSAEncrypt": "RSA",
    "ElGamalEncrypt": "ElGamal",
    "ECDH": "ECDH",
    "X25519": "X25519",
    "X448": "X448",
    "MLKEM768_X25519": "ML-KEM-768 + X25519",
    "MLKEM1024_X448": "ML-KEM-1024 + X448",
}


@dataclass(frozen=True, slots=True)
class OpenPgpKey:
    """A certificate whose keys are all good now."""

    cert: pysequoia.Cert = field(repr=False)
    algorithm: str
    method: str = "openpgp"

    @property
    def fingerprint(self) -> str:
        """Of the primary key."""
        return self.cert.fingerprint

    def facts(self) -> KeyFacts:
        """Return what its owner is shown of it."""
        lines = str(self.cert).splitlines()
        # Comments of the armour repeat the names, in any script.
        text = "\n".join([one for one in lines if not one.startswith("Comment:")])
        names = shown_names(str(one) for one in self.cert.user_ids)
        return KeyFacts(names, self.algorithm, self.cert.expiration, text)

    def enveloped(self, payload: bytes) -> Entity:
        """Return a multipart/encrypted.

        Raises:
            UnusableKey: No key of the certificate can encrypt.
        """
        try:
            armored = pysequoia.encrypt(payload, recipients=[self.cert])
        except RuntimeError:
            # Its text goes on for pages and names the key.
            raise UnusableKey("no-encryption-key") from None
        control = Entity.make(b"Version: 1\r\n", content_type="application/pgp-encrypted")
        message = Entity.make(
            armored.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
            content_type='application/octet-stream; name="encrypted.asc"',
            content_disposition='inline; filename="encrypted.asc"',
        )
        return multipart("encrypted", (control, message), '; protocol="application/pgp-encrypted"')


def read_openpgp(octets: bytes, now: datetime) -> OpenPgpKey:
    """Return the key in a certificate, binary or with ASCII armor.

    Raises:
        UnusableKey: There is not exactly one, it is secret, revoked or expired, or none of it encrypts.
    """
    try:
        packets = list(PacketPile.from_bytes(octets))
    except RuntimeError:
        raise UnusableKey("not-a-key") from None
    if any(one.tag in _SECRET for one in packets):
        raise UnusableKey("secret-key")
    if sum(one.tag == Tag.PublicKey for one in packets) > 1:
        raise UnusableKey("several-keys")
    good = _good(packets, now)
    try:
        cert = pysequoia.Cert.from_packets(good)
    except RuntimeError:
        raise UnusableKey("not-a-key") from None
    if cert.is_revoked:
        raise UnusableKey("revoked")
    if cert.expiration is not None and cert.expiration <= now:
        raise UnusableKey("expired")
    key = OpenPgpKey(cert, _algorithm(good))
    key.enveloped(b"")
    return key


def _algorithm(packets: Sequence[Packet]) -> str:
    """Return by which algorithm a certificate encrypts; the newest of its keys is the last."""
    names = [str(one.key_algorithm).rpartition(".")[2] for one in packets if one.tag in _PUBLIC]
    used = [_ENCRYPTING.get(name, "") for name in names]
    return next(filter(None, reversed(used)), "")


def _good(packets: Sequence[Packet], now: datetime) -> list[Packet]:
    """Return the packets without those of subkeys that are revoked or expired."""
    starts = [at for at, one in enumerate(packets) if one.tag == Tag.PublicSubkey]
    ends = [*starts, len(packets)]
    kept = list(packets[: ends[0]])
    for start, end in pairwise(ends):
        if _is_good(packets[start], packets[start + 1 : end], now):
            kept += packets[start:end]
    return kept


def _is_good(subkey: Packet, signatures: Sequence[Packet], now: datetime) -> bool:
    if any(one.signature_type == SignatureType.SubkeyRevocation for one in signatures):
        return False
    bindings = [
        (one.signature_created, one.key_validity_period)
        for one in signatures
        if one.signature_type == SignatureType.SubkeyBinding and one.signature_created is not None
    ]
    # RFC 9580 section 5.2.3.10: the newest signature says how long the key lives, from its making on.
    _, lifetime = max(bindings, key=lambda one: one[0], default=(None, None))
    return lifetime is None or subkey.key_created is None or subkey.key_created + lifetime > now
