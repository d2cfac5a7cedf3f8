"""Verify DKIM signatures (RFC 6376, RFC 8301, RFC 8463) with keys fetched through our resolver.

Verification runs on `cryptography`: constant-time RSA and Ed25519. Beyond the RFCs: signatures that leave the
end of the body unsigned (`l=`, RFC 6376 section 8.2) do not count, nor do those without From; only the first
signatures are looked at. What DKIM shares with ARC is in `signature`, keys are in `keys`.
"""

import asyncio
from datetime import datetime

from mailrelay.authentication.keys import KeyRecord, KeyTexts, Unusable, key_texts
from mailrelay.authentication.results import DkimResult, Result
from mailrelay.authentication.signature import THREAD_FROM_OCTETS, Signature, SignedMessage
from mailrelay.dns import Resolver
from mailrelay.message import HeaderField

MAX_SIGNATURES = 5
_REQUIRED = ("v", "a", "b", "bh", "d", "h", "s")


async def verify_dkim(signed: SignedMessage, resolver: Resolver, now: datetime) -> tuple[DkimResult, ...]:
    """Return one result for each of the first signatures, from the top; never raises."""
    fields = signed.named("dkim-signature")[:MAX_SIGNATURES]
    if not fields:
        return ()
    if signed.too_long:
        return tuple(
            _result(signed, field, Unusable(Result.PERMERROR, "header-too-long")) for field in fields
        )
    read = [_read(signed, field, now) for field in fields]
    usable = [one for one in read if isinstance(one, Signature)]
    texts = await key_texts({one.key_name for one in usable}, resolver)
    if len(signed.body) >= THREAD_FROM_OCTETS:
        for method in {one.methods[1] for one in usable}:
            await asyncio.to_thread(signed.body_hash, method)
    return tuple(one if isinstance(one, DkimResult) else _verify(one, signed, texts) for one in read)


def _read(signed: SignedMessage, field: HeaderField, now: datetime) -> Signature | DkimResult:
    try:
        signature = Signature.read(signed, field, _REQUIRED, now)
        _check_tags(signature)
    except Unusable as why:
        return _result(signed, field, why)
    return signature


def _verify(signature: Signature, signed: SignedMessage, texts: KeyTexts) -> DkimResult:
    try:
        key = signature.key(texts)
        _check_subdomain(signature, key)
        signature.check(signed, key)
    except Unusable as why:
        return DkimResult(why.result, signature.domain, signature.selector, why.reason)
    return DkimResult(Result.PASS, signature.domain, signature.selector)


def _result(signed: SignedMessage, field: HeaderField, why: Unusable) -> DkimResult:
    """Return the result of a signature that cannot be used, with the names it claims."""
    try:
        tags = signed.tags(field)
    except Unusable:
        tags = {}
    return DkimResult(why.result, tags.get("d", "").lower(), tags.get("s", "").lower(), why.reason)


def _check_tags(signature: Signature) -> None:
    """Check the tags of RFC 6376 section 3.5 that ARC does not have."""
    tags = signature.tags
    if tags["v"] != "1":
        raise Unusable(Result.PERMERROR, "tags")
    if "from" not in signature.names:
        raise Unusable(Result.PERMERROR, "from-not-signed")
    if "dns/txt" not in [method.strip() for method in tags.get("q", "dns/txt").lower().split(":")]:
        raise Unusable(Result.PERMERROR, "query-method")
    host = _identity_host(signature)
    if host != signature.domain and not host.endswith("." + signature.domain):
        raise Unusable(Result.PERMERROR, "identity")
    if "l" in tags:
        raise Unusable(Result.POLICY, "body-length")


def _check_subdomain(signature: Signature, key: KeyRecord) -> None:
    # RFC 6376 section 3.6.1, `t=s`: the domain of `i=` must be that of `d=` itself.
    if key.exact_domain and _identity_host(signature) != signature.domain:
        raise Unusable(Result.PERMERROR, "key-subdomain")


def _identity_host(signature: Signature) -> str:
    identity = signature.tags.get("i", "")
    return identity.rpartition("@")[2].lower() if identity else signature.domain
