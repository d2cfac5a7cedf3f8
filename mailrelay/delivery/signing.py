"""Sign what we send with DKIM (RFC 6376; Ed25519 by RFC 8463), relaxed/relaxed; seal with ARC (RFC 8617).

From and the other fields a reader relies on are named once more than they occur, so that a second one
cannot be added without breaking the signature (RFC 6376 section 8.15). Several keys sign one after the other,
and the body is hashed once for all of them. A seal comes last, since it covers these signatures.
"""

import hashlib
import os
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from mailrelay.authentication.arc_sealing import Findings, Sealer, seal
from mailrelay.authentication.canonical import canonical_body, canonical_header
from mailrelay.message import HeaderField, RawMessage

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

RSA_BITS = 2048
_OVERSIGNED = (
    "From", "Reply-To", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
    "Cc", "List-Unsubscribe", "List-Unsubscribe-Post",
)  # fmt: skip
_OVERSIGNED_LOWER = tuple((name, name.lower()) for name in _OVERSIGNED)
_LINE = 72
_NAMES_IN_A_LINE = 5
_PADDING, _SHA256 = padding.PKCS1v15(), hashes.SHA256()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key under its selector (`s=`)."""

    selector: str
    key: PrivateKey = field(repr=False)

    @property
    def algorithm(self) -> str:
        """`a=` (RFC 6376 section 3.3, RFC 8463 section 3)."""
        return "rsa-sha256" if isinstance(self.key, rsa.RSAPrivateKey) else "ed25519-sha256"

    def proof(self, data: bytes) -> bytes:
        """Return the signature of what is covered."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, _PADDING, _SHA256)
        return self.key.sign(hashlib.sha256(data).digest())

    def dns_record(self, domain: str) -> tuple[str, str]:
        """Return name and text of the TXT record that must stand in the DNS (RFC 6376 section 3.6.1)."""
        public = self.key.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            octets = public.public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        else:
            octets = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        kind = self.algorithm.partition("-")[0]
        return f"{self.selector}._domainkey.{domain}", f"v=DKIM1; k={kind}; p={b64encode(octets).decode()}"


class Signer:
    """Signs for one domain with one key.

    Args:
        domain: `d=`, the relay domain.
        selector: `s=`.
        key: RSA of 2048 bits or Ed25519.
        clock: Gives aware UTC, for `t=`.
    """

    def __init__(self, domain: str, selector: str, key: PrivateKey, clock: Callable[[], datetime]) -> None:
        self._domain = domain
        self._keys: Sequence[SigningKey] = (SigningKey(selector, key),)
        self._clock = clock

    @classmethod
    def load_or_create(cls, path: Path, domain: str, selector: str, clock: Callable[[], datetime]) -> Self:
        """Read the key in PEM form, or make an RSA key with mode 0600.

        Raises:
            ValueError: The file holds no such key.
            OSError: It cannot be read or written.
        """
        if not path.exists():
            write_key(path, rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS))
        return cls(domain, selector, read_key(path), clock)

    def dns_record(self) -> tuple[str, str]:
        """Return name and text of the TXT record of the first key that signs."""
        return self.keys()[0].dns_record(self._domain)

    def keys(self) -> Sequence[SigningKey]:
        """Return the keys that sign now."""
        return self._keys

    def sign(self, message: RawMessage, findings: Findings | None = None) -> RawMessage:
        """Return the message with a DKIM-Signature per key before its header, sealed by the first key.

        Args:
            message: Its line ends are CRLF already.
            findings: What an ARC set says of the message when it came; None adds no set.
        """
        names, covered = _covered(message)
        body_hash = hashlib.sha256(canonical_body(message.body, "relaxed")).digest()
        now, keys = self._clock(), self.keys()
        tail = f"t={int(now.timestamp())}; h={names};\r\n\tbh={b64encode(body_hash).decode()};\r\n\tb="
        signed = message.with_first(*[self._field(key, tail, covered) for key in keys])
        if findings is None:
            return signed
        sealer = Sealer(self._domain, keys[0].selector, keys[0].key)
        return seal(signed, findings.results, findings.status, sealer, now, body_hash=body_hash)

    def _field(self, key: SigningKey, tail: str, covered: bytes) -> HeaderField:
        unsigned = (
            f"v=1; a={key.algorithm}; c=relaxed/relaxed; d={self._domain}; s={key.selector};\r\n\t{tail}"
        )
        # RFC 6376 3.7: the signature's own field comes last and without its line end. Every fold is a tab.
        own = f"dkim-signature:{unsigned}".replace("\r\n\t", " ").encode()
        signature = b64encode(key.proof(covered + own)).decode()
        folded = "\r\n\t".join([signature[at : at + _LINE] for at in range(0, len(signature), _LINE)])
        return HeaderField("DKIM-Signature", f"DKIM-Signature: {unsigned}{folded}\r\n".encode())


def _covered(message: RawMessage) -> tuple[str, bytes]:
    """Return the value of `h=`, folded, and the canonical fields in its order, the last of a name first."""
    names: list[str] = []
    covered: list[bytes] = []
    for name, lower in _OVERSIGNED_LOWER:
        fields = message.named(lower)
        names += [name] * (len(fields) + 1)
        covered += [canonical_header(one.raw, "relaxed") for one in reversed(fields)]
    lines = [":".join(names[at : at + _NAMES_IN_A_LINE]) for at in range(0, len(names), _NAMES_IN_A_LINE)]
    return ":\r\n\t".join(lines), b"".join(covered)


def read_key(path: Path) -> PrivateKey:
    """Return the key of a PEM file.

    Raises:
        ValueError: The file holds no RSA or Ed25519 key.
        OSError: It cannot be read.
    """
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise ValueError(f"{path}: not an RSA or Ed25519 key")  # noqa: TRY004 - a bad file, not a bad call
    return key


def write_key(path: Path, key: PrivateKey) -> None:
    """Write a new PEM file of mode 0600, in a folder of mode 0700 where that is new too."""
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
