"""Sign what we send with DKIM (RFC 6376; Ed25519 by RFC 8463), relaxed/relaxed.

From and the other fields a reader relies on are named once more than they occur, so that a second one
cannot be added without breaking the signature (RFC 6376 section 8.15).
"""

import hashlib
import os
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from mailrelay.authentication.canonical import canonical_body, canonical_header, signed_fields
from mailrelay.message import HeaderField, RawMessage

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

_RSA_BITS = 2048
_OVERSIGNED = (
    "From", "Reply-To", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
)  # fmt: skip
_LINE = 72


class Signer:
    """Signs for one domain.

    Args:
        domain: `d=`, the relay domain.
        selector: `s=`.
        key: RSA of 2048 bits or Ed25519.
        clock: Gives aware UTC, for `t=`.
    """

    def __init__(self, domain: str, selector: str, key: PrivateKey, clock: Callable[[], datetime]) -> None:
        self._domain = domain
        self._selector = selector
        self._key = key
        self._clock = clock

    @classmethod
    def load_or_create(cls, path: Path, domain: str, selector: str, clock: Callable[[], datetime]) -> Self:
        """Read the key in PEM form, or make an RSA key with mode 0600.

        Raises:
            ValueError: The file holds no such key.
            OSError: It cannot be read or written.
        """
        if not path.exists():
            _write_key(path, rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS))
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
            raise ValueError(f"{path}: not an RSA or Ed25519 key")  # noqa: TRY004 - a bad file, not a bad call
        return cls(domain, selector, key, clock)

    def dns_record(self) -> tuple[str, str]:
        """Return name and text of the TXT record that must stand in the DNS (RFC 6376 section 3.6.1)."""
        public = self._key.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            octets = public.public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            kind = "rsa"
        else:
            octets = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            kind = "ed25519"
        name = f"{self._selector}._domainkey.{self._domain}"
        return name, f"v=DKIM1; k={kind}; p={b64encode(octets).decode()}"

    def sign(self, message: RawMessage) -> RawMessage:
        """Return the message with a DKIM-Signature before its header; line ends must be CRLF already."""
        names = _names(message)
        body_hash = b64encode(hashlib.sha256(canonical_body(message.body, "relaxed")).digest()).decode()
        algorithm = "rsa-sha256" if isinstance(self._key, rsa.RSAPrivateKey) else "ed25519-sha256"
        covered = ":\r\n\t ".join(_lines(names))
        unsigned = (
            f"v=1; a={algorithm}; c=relaxed/relaxed; d={self._domain}; s={self._selector};\r\n"
            f"\tt={int(self._clock().timestamp())}; h={covered};\r\n"
            f"\tbh={body_hash};\r\n\tb="
        )
        signed = b"".join(
            canonical_header(field.raw, "relaxed")
            for field in signed_fields(message.fields, [name.lower() for name in names])
        )
        # RFC 6376 3.7: the signature's own field comes last and without its line end.
        own = canonical_header(f"DKIM-Signature: {unsigned}\r\n".encode(), "relaxed").removesuffix(b"\r\n")
        signature = b64encode(self._signature(signed + own)).decode()
        folded = "\r\n\t ".join(signature[at : at + _LINE] for at in range(0, len(signature), _LINE))
        return message.with_first(HeaderField.make("DKIM-Signature", unsigned + folded))

    def _signature(self, data: bytes) -> bytes:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(hashlib.sha256(data).digest())


def _names(message: RawMessage) -> list[str]:
    return [name for name in _OVERSIGNED for _ in range(message.count(name) + 1)]


def _lines(names: list[str]) -> list[str]:
    return [":".join(names[at : at + 5]) for at in range(0, len(names), 5)]


def _write_key(path: Path, key: rsa.RSAPrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
