"""Public keys of signers: TXT records below `_domainkey` (RFC 6376 section 3.6, RFC 8301, RFC 8463).

A record is read once for as long as its text is remembered; how long the DNS keeps it is the business of the
resolver. RSA keys below 1,024 bits do not count (RFC 8301 section 3.2), nor do those that would be costly.
"""

import asyncio
import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mailrelay.authentication.results import Result
from mailrelay.authentication.tags import parse_tags
from mailrelay.dns import DnsTemporaryError, Resolver

PublicKey = rsa.RSAPublicKey | ed25519.Ed25519PublicKey
KeyTexts = Mapping[str, Sequence[str] | None]
"""TXT records by name; None where the DNS gave a temporary error."""

_MIN_RSA_BITS = 1024
_MAX_RSA_BITS = 4096
_MAX_EXPONENT = 2**32  # a public exponent as long as the modulus would cost seconds per signature
_MAX_RECORD_CHARACTERS = 4096  # RSA of 4,096 bits takes 736
_REMEMBERED = 2048
_PADDING, _DIGEST = padding.PKCS1v15(), Prehashed(hashes.SHA256())


class Unusable(Exception):
    """A signature or its key does not count; says with which result and why."""

    def __init__(self, result: Result, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key record as read.

    Attributes:
        kind: `rsa`, `ed25519` or what else `k=` says.
        key: None where there is a fault.
        fault: Why the key does not count.
        exact_domain: `t=s`: no signature for a subdomain counts.
    """

    kind: str
    key: PublicKey | None
    fault: tuple[Result, str] | None = None
    exact_domain: bool = False

    def verifies(self, proof: bytes, digest: bytes) -> bool:
        """Return whether `proof` is this key's signature over a SHA-256 digest."""
        try:
            if isinstance(self.key, rsa.RSAPublicKey):
                self.key.verify(proof, digest, _PADDING, _DIGEST)
            elif self.key is not None:
                self.key.verify(proof, digest)
        except (InvalidSignature, ValueError):
            return False
        return self.key is not None


async def key_texts(names: Iterable[str], resolver: Resolver) -> KeyTexts:
    """Return the TXT records of all names; only those that are not cached are asked for, all at once."""
    texts: dict[str, Sequence[str] | None] = {name: resolver.cached(name, "TXT") for name in names}
    if None in texts.values():
        missing = [name for name, found in texts.items() if found is None]
        texts.update(
            zip(missing, await asyncio.gather(*(_ask(name, resolver) for name in missing)), strict=True)
        )
    return texts


async def _ask(name: str, resolver: Resolver) -> Sequence[str] | None:
    try:
        return await resolver.txt(name)
    except DnsTemporaryError:
        return None


def usable_key(texts: Sequence[str] | None, kind: str) -> KeyRecord:
    """Return the first key among TXT records.

    Args:
        texts: TXT records of the key's name, None where they could not be had.
        kind: `rsa` or `ed25519`.

    Raises:
        Unusable: There is none, or it does not count.
    """
    if texts is None:
        raise Unusable(Result.TEMPERROR, "key-lookup-failed")
    record = next((found for text in texts if (found := read_key(text)) is not None), None)
    if record is None:
        raise Unusable(Result.PERMERROR, "no-key")
    if record.kind != kind:
        raise Unusable(Result.PERMERROR, "key-type")
    if record.fault is not None:
        raise Unusable(*record.fault)
    return record


@lru_cache(_REMEMBERED)
def read_key(text: str) -> KeyRecord | None:
    """Return what a TXT record says, or None where it is no key record."""
    tags = parse_tags(text) if len(text) <= _MAX_RECORD_CHARACTERS else None
    if tags is None or tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags:
        return None
    kind = tags.get("k", "rsa").lower()
    try:
        return KeyRecord(kind, _read_key(tags, kind), None, "s" in _words(tags.get("t", "")))
    except Unusable as why:
        return KeyRecord(kind, None, (why.result, why.reason))


def _read_key(tags: Mapping[str, str], kind: str) -> PublicKey:
    if "h" in tags and "sha256" not in _words(tags["h"]):
        raise Unusable(Result.PERMERROR, "key-hash")
    if "s" in tags and not {"*", "email"} & set(_words(tags["s"])):
        raise Unusable(Result.PERMERROR, "key-service")
    if not tags["p"]:
        raise Unusable(Result.FAIL, "key-revoked")
    key = _load_key(kind, decoded(tags["p"], "key-syntax"))
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < _MIN_RSA_BITS:
            raise Unusable(Result.POLICY, "weak-key")
        if key.key_size > _MAX_RSA_BITS or key.public_numbers().e > _MAX_EXPONENT:
            raise Unusable(Result.POLICY, "oversized-key")
    return key


def _words(text: str) -> list[str]:
    return [word.strip().lower() for word in text.split(":")]


def _load_key(kind: str, octets: bytes) -> PublicKey:
    try:
        if kind == "ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(octets)
        key = load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm):
        try:
            # RFC 6376 section 3.6.1 speaks of RSAPublicKey, its examples of SubjectPublicKeyInfo: both occur.
            key = load_der_public_key(_spki(octets))
        except (ValueError, UnsupportedAlgorithm):
            raise Unusable(Result.PERMERROR, "key-syntax") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise Unusable(Result.PERMERROR, "key-type")
    return key


def _spki(rsa_public_key: bytes) -> bytes:
    """Wrap a PKCS#1 RSAPublicKey as SubjectPublicKeyInfo (RFC 3279 section 2.3.1)."""
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    bits = b"\x03" + _der_length(len(rsa_public_key) + 1) + b"\0" + rsa_public_key
    return b"\x30" + _der_length(len(algorithm) + len(bits)) + algorithm + bits


def _der_length(size: int) -> bytes:
    if size < 0x80:  # noqa: PLR2004 - X.690 section 8.1.3: short form
        return bytes([size])
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def decoded(text: str, reason: str) -> bytes:
    """Return base64 text, blanks left out, as octets.

    Raises:
        Unusable: It is none; with `reason`.
    """
    try:
        return binascii.a2b_base64("".join(text.split()), strict_mode=True)
    except (binascii.Error, ValueError):
        raise Unusable(Result.PERMERROR, reason) from None
