"""Verify DKIM signatures (RFC 6376, RFC 8301, RFC 8463) with keys fetched through our resolver.

Verification runs on `cryptography`: constant-time RSA and Ed25519. Beyond the RFCs: rsa-sha1 and RSA
keys below 1,024 bits do not count (RFC 8301 sections 3.1 and 3.2), nor do signatures that leave the end
of the body unsigned (`l=`, RFC 6376 section 8.2) or From; only the first signatures are looked at.
Canonicalisation is in `canonical`.
"""

import asyncio
import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mailrelay.authentication.canonical import (
    canonical_body,
    canonical_header,
    signed_fields,
    without_signature,
)
from mailrelay.authentication.results import DkimResult, Result
from mailrelay.authentication.tags import parse_tags
from mailrelay.dns import DnsTemporaryError, Resolver
from mailrelay.message import HeaderField, RawMessage

MAX_SIGNATURES = 5
_MIN_RSA_BITS = 1024
_MAX_RSA_BITS = 4096
_MAX_EXPONENT = 2**32  # a public exponent as long as the modulus would cost seconds per signature
_CLOCK_SKEW_S = 300
_THREAD_FROM_OCTETS = 256 * 1024
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?")
_REQUIRED = ("v", "a", "b", "bh", "d", "h", "s")

PublicKey = rsa.RSAPublicKey | ed25519.Ed25519PublicKey


class _Unusable(Exception):
    """The signature or its key does not count; says with which result and why."""

    def __init__(self, result: Result, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Signature:
    field: HeaderField
    tags: dict[str, str]
    algorithm: str
    domain: str
    selector: str
    signed: tuple[str, ...]
    header_method: str
    body_method: str


async def verify_dkim(message: RawMessage, resolver: Resolver, now: datetime) -> tuple[DkimResult, ...]:
    """Return one result for each of the first signatures, from the top; never raises."""
    fields = [field for field in message.fields if field.name.lower() == "dkim-signature"][:MAX_SIGNATURES]
    return tuple(await asyncio.gather(*(_verify_one(message, field, resolver, now) for field in fields)))


async def _verify_one(
    message: RawMessage, field: HeaderField, resolver: Resolver, now: datetime
) -> DkimResult:
    tags = parse_tags(field.raw.partition(b":")[2].decode("latin-1"))
    domain, selector = (tags or {}).get("d", "").lower(), (tags or {}).get("s", "").lower()
    if not _NAME.fullmatch(domain) or not _NAME.fullmatch(selector):
        return DkimResult(Result.PERMERROR, "", "", "no-domain-or-selector")
    try:
        signature = _read_signature(field, tags or {}, domain, selector, now)
        key = _read_key(await _key_record(signature, resolver), signature)
        if len(message.body) < _THREAD_FROM_OCTETS:
            _check(message, signature, key)
        else:
            await asyncio.to_thread(_check, message, signature, key)
    except DnsTemporaryError:
        return DkimResult(Result.TEMPERROR, domain, selector, "key-lookup-failed")
    except _Unusable as why:
        return DkimResult(why.result, domain, selector, why.reason)
    return DkimResult(Result.PASS, domain, selector)


def _read_signature(
    field: HeaderField, tags: dict[str, str], domain: str, selector: str, now: datetime
) -> _Signature:
    """Check the tags of RFC 6376 section 3.5."""
    if any(not tags.get(name) for name in _REQUIRED) or tags["v"] != "1":
        raise _Unusable(Result.PERMERROR, "tags")
    algorithm = tags["a"].lower()
    if algorithm == "rsa-sha1":
        raise _Unusable(Result.POLICY, "rsa-sha1")  # RFC 8301 section 3.1
    if algorithm not in {"rsa-sha256", "ed25519-sha256"}:
        raise _Unusable(Result.PERMERROR, "algorithm")
    signed = tuple(name.strip().lower() for name in tags["h"].split(":"))
    if "from" not in signed:
        raise _Unusable(Result.PERMERROR, "from-not-signed")
    header_method, _, body_method = tags.get("c", "simple").lower().partition("/")
    if not {header_method, body_method or "simple"} <= {"simple", "relaxed"}:
        raise _Unusable(Result.PERMERROR, "canonicalisation")
    if "dns/txt" not in tags.get("q", "dns/txt").lower().split(":"):
        raise _Unusable(Result.PERMERROR, "query-method")
    _check_identity(tags.get("i", ""), domain)
    _check_times(tags, now)
    if "l" in tags:
        raise _Unusable(Result.POLICY, "body-length")
    return _Signature(
        field, tags, algorithm, domain, selector, signed, header_method, body_method or "simple"
    )


def _check_identity(identity: str, domain: str) -> None:
    host = identity.rpartition("@")[2].lower()
    if identity and host != domain and not host.endswith("." + domain):
        raise _Unusable(Result.PERMERROR, "identity")


def _check_times(tags: dict[str, str], now: datetime) -> None:
    times = {name: tags[name] for name in ("t", "x") if name in tags}
    if any(not re.fullmatch(r"\d{1,12}", value) for value in times.values()):
        raise _Unusable(Result.PERMERROR, "time")
    if "x" in times and int(times["x"]) + _CLOCK_SKEW_S < now.timestamp():
        raise _Unusable(Result.FAIL, "expired")
    if "t" in times and "x" in times and int(times["x"]) < int(times["t"]):
        raise _Unusable(Result.PERMERROR, "time")


async def _key_record(signature: _Signature, resolver: Resolver) -> dict[str, str]:
    for text in await resolver.txt(f"{signature.selector}._domainkey.{signature.domain}"):
        tags = parse_tags(text)
        if tags is not None and tags.get("v", "DKIM1") == "DKIM1" and "p" in tags:
            return tags
    raise _Unusable(Result.PERMERROR, "no-key")


def _read_key(tags: dict[str, str], signature: _Signature) -> PublicKey:
    """Check a key record (RFC 6376 section 3.6.1) against the signature."""
    kind = signature.algorithm.partition("-")[0]
    if tags.get("k", "rsa").lower() != kind:
        raise _Unusable(Result.PERMERROR, "key-type")
    if "h" in tags and "sha256" not in [name.strip().lower() for name in tags["h"].split(":")]:
        raise _Unusable(Result.PERMERROR, "key-hash")
    if "s" in tags and not {"*", "email"} & {name.strip().lower() for name in tags["s"].split(":")}:
        raise _Unusable(Result.PERMERROR, "key-service")
    identity = signature.tags.get("i", "").rpartition("@")[2].lower()
    if "s" in tags.get("t", "").lower().split(":") and identity not in {"", signature.domain}:
        raise _Unusable(Result.PERMERROR, "key-subdomain")
    if not tags["p"]:
        raise _Unusable(Result.FAIL, "key-revoked")
    key = _load_key(kind, tags["p"])
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < _MIN_RSA_BITS:
            raise _Unusable(Result.POLICY, "weak-key")  # RFC 8301 section 3.2
        if key.key_size > _MAX_RSA_BITS or key.public_numbers().e > _MAX_EXPONENT:
            raise _Unusable(Result.POLICY, "oversized-key")
    return key


def _load_key(kind: str, text: str) -> PublicKey:
    octets = _base64(text, "key-syntax")
    try:
        if kind == "ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(octets)
        key = load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm):
        try:
            # RFC 6376 section 3.6.1 speaks of RSAPublicKey, its examples of SubjectPublicKeyInfo: both occur.
            key = load_der_public_key(_spki(octets))
        except (ValueError, UnsupportedAlgorithm):
            raise _Unusable(Result.PERMERROR, "key-syntax") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise _Unusable(Result.PERMERROR, "key-type")
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


def _check(message: RawMessage, signature: _Signature, key: PublicKey) -> None:
    """Compare the body hash, then the signature over the header (RFC 6376 section 3.7)."""
    body = canonical_body(message.body, signature.body_method)
    if hashlib.sha256(body).digest() != _base64(signature.tags["bh"], "body-hash-syntax"):
        raise _Unusable(Result.FAIL, "body-hash")
    digest = hashlib.sha256()
    for field in signed_fields(message.fields, signature.signed):
        digest.update(canonical_header(field.raw, signature.header_method))
    own = canonical_header(without_signature(signature.field.raw), signature.header_method)
    digest.update(own.removesuffix(b"\r\n"))
    proof = _base64(signature.tags["b"], "signature-syntax")
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(proof, digest.digest(), padding.PKCS1v15(), Prehashed(hashes.SHA256()))
        else:
            key.verify(proof, digest.digest())
    except (InvalidSignature, ValueError):
        raise _Unusable(Result.FAIL, "signature") from None


def _base64(text: str, reason: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\s+", "", text), validate=True)
    except (binascii.Error, ValueError):
        raise _Unusable(Result.PERMERROR, reason) from None
