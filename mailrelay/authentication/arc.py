"""Validate Authenticated Received Chains (RFC 8617 section 5.2) and ask what trusted sealers say.

ARC is on its way to Historic. All that knows it here is this module, `arc_sealing`, one field of
`AuthenticationResults` and one look in the check of DMARC policies: it can be taken out again.
"""

import asyncio
import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailrelay.authentication.canonical import canonical_header, without_signature
from mailrelay.authentication.keys import KeyTexts, Unusable, key_texts
from mailrelay.authentication.results import ArcResult, ArcSet, Result
from mailrelay.authentication.results_field import Statement, authserv_id, statements
from mailrelay.authentication.signature import THREAD_FROM_OCTETS, Signature, SignedMessage
from mailrelay.dns import Resolver
from mailrelay.message import HeaderField

SEAL, SIGNATURE, RESULTS = "arc-seal", "arc-message-signature", "arc-authentication-results"
KEY_LOOKUP_FAILED = "key-lookup-failed"
MAX_SETS = 50

_INSTANCE = re.compile(r"0?([1-9][0-9]?)")
_RESULTS_INSTANCE = re.compile(r"\s*i\s*=\s*([0-9]+)\s*;")
_SEAL_TAGS = ("a", "b", "cv", "d", "i", "s")
_SIGNATURE_TAGS = ("a", "b", "bh", "d", "i", "s")
# Where a statement of a sealer names the domain that it is about.
_SUBJECTS = {
    "dmarc": ("header.from",),
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom", "smtp.mfrom"),
}

_SET = {SEAL, SIGNATURE, RESULTS}
_Fields = dict[str, HeaderField]


@dataclass(frozen=True, slots=True)
class _Link:
    """One ARC set: its three fields and what could be read of them.

    Attributes:
        signature: None where it is of no use any more; only the latest must be.
    """

    fields: _Fields
    signature: Signature | None
    seal: Signature


async def validate_arc(signed: SignedMessage, resolver: Resolver, now: datetime) -> ArcResult:
    """Return the chain validation status and what the sealers testify; never raises.

    All failures are permanent, those of the DNS included (section 5.2.1); `reason` tells these apart.
    """
    if not any(signed.named(name) for name in (SEAL, SIGNATURE, RESULTS)):
        return ArcResult(Result.NONE)
    sets: tuple[ArcSet, ...] = ()
    try:
        links = _read_chain(signed, now)
        sets = tuple(_testimony(link) for link in links)
        oldest_pass = await _verify_chain(links, signed, resolver)
    except Unusable as why:
        return ArcResult(Result.FAIL, sets, reason=why.reason)
    return ArcResult(Result.PASS, sets, oldest_pass)


def vouched_for(arc: ArcResult, author_domain: str, organization: str, trusted: Collection[str]) -> bool:
    """Return whether trusted sealers saw mail of the author's domain authenticated.

    The chain is valid, its latest signature covers From, and one of the sealers from the latest back to the
    last trusted one says that DMARC passed for the author's domain, or DKIM or SPF for an aligned one.

    Args:
        arc: What `validate_arc` returned.
        author_domain: Domain of the From field.
        organization: Its organisational domain (RFC 9989), for relaxed alignment.
        trusted: Domains of sealers, lower case.
    """
    if arc.result is not Result.PASS or not arc.sets[-1].covers_author:
        return False
    for one in reversed(arc.sets):
        if one.sealer not in trusted:
            return False
        if any(_is_about(subject, method, author_domain, organization) for method, subject in passed(one)):
            return True
    return False


def passed(one: ArcSet) -> list[tuple[str, str]]:
    """Return (method, domain) of each DMARC, DKIM and SPF result that a sealer calls a pass."""
    return [
        (said.method, subject)
        for said in statements(one.results)
        if said.result == "pass" and said.method in _SUBJECTS and (subject := _subject(said))
    ]


def may_be_vouched_for(arc: ArcResult, trusted: Collection[str]) -> bool:
    """Return whether only a failed look-up of a key kept a trusted sealer's chain from being valid."""
    return arc.reason == KEY_LOOKUP_FAILED and bool(arc.sets) and arc.sets[-1].sealer in trusted


def _is_about(subject: str, method: str, author_domain: str, organization: str) -> bool:
    if subject == author_domain:
        return True
    return method != "dmarc" and (subject == organization or subject.endswith("." + organization))


def _read_chain(signed: SignedMessage, now: datetime) -> list[_Link]:
    """Return the sets in order (section 5.2, steps 1 to 3).

    Raises:
        Unusable: The structure is broken, or the chain was found broken before.
    """
    fields = collect_sets(signed)
    latest = fields.get(max(fields), {}).get(SEAL)
    if latest is not None and signed.tags(latest).get("cv", "").lower() == "fail":
        raise Unusable(Result.FAIL, "chain-failed-before")
    if max(fields) != len(fields) or any(set(one) != _SET for one in fields.values()):
        raise Unusable(Result.FAIL, "structure")
    return [
        _link(signed, number, fields[number], now, is_latest=number == len(fields))
        for number in sorted(fields)
    ]


def collect_sets(signed: SignedMessage) -> dict[int, dict[str, HeaderField]]:
    """Return the fields of each ARC set by lower-case name, sets by number.

    Raises:
        Unusable: A field has no number, or there are two of a kind in a set.
    """
    found: dict[int, _Fields] = {}
    if signed.too_long:
        raise Unusable(Result.FAIL, "header-too-long")
    for name in (SEAL, SIGNATURE, RESULTS):
        if len(signed.named(name)) > MAX_SETS:
            raise Unusable(Result.FAIL, "too-many-sets")
        for field in signed.named(name):
            if found.setdefault(_instance(signed, field, name), {}).setdefault(name, field) is not field:
                raise Unusable(Result.FAIL, "structure")
    return found


def _instance(signed: SignedMessage, field: HeaderField, name: str) -> int:
    if name == RESULTS:
        start = _RESULTS_INSTANCE.match(field.value)
        text = start[1] if start else ""
    else:
        text = signed.tags(field).get("i", "")
    number = _INSTANCE.fullmatch(text)
    if number is None or int(number[1]) > MAX_SETS:
        raise Unusable(Result.FAIL, "instance")
    return int(number[1])


def _link(signed: SignedMessage, number: int, fields: _Fields, now: datetime, *, is_latest: bool) -> _Link:
    seal = Signature.read(signed, fields[SEAL], _SEAL_TAGS, now)
    if seal.tags["cv"].lower() != ("none" if number == 1 else "pass"):
        raise Unusable(Result.FAIL, "chain-status")
    # Section 4.1.3: a seal covers a fixed list of fields, and no body.
    if "h" in seal.tags:
        raise Unusable(Result.FAIL, "seal-names-fields")
    try:
        signature = _read_signature(signed, fields[SIGNATURE], now)
    except Unusable:
        if is_latest:
            raise
        signature = None
    return _Link(fields, signature, seal)


def _read_signature(signed: SignedMessage, field: HeaderField, now: datetime) -> Signature:
    # The RFC takes DKIM's default over; the sealers and ValiMail's suite do not.
    signature = Signature.read(signed, field, _SIGNATURE_TAGS, now, unsaid="relaxed/relaxed")
    if "h" not in signature.tags or SEAL in signature.names:
        raise Unusable(Result.FAIL, "signed-names")
    return signature


async def _verify_chain(links: Sequence[_Link], signed: SignedMessage, resolver: Resolver) -> int:
    """Verify the latest signature, then all seals; return `oldest-pass` (section 5.2, steps 4 to 6).

    Raises:
        Unusable: One of them does not verify.
    """
    signatures = [link.signature for link in links if link.signature is not None]
    names = {one.key_name for one in (*signatures, *(link.seal for link in links))}
    texts = await key_texts(names, resolver)
    latest = signatures[-1]
    if len(signed.body) >= THREAD_FROM_OCTETS:
        await asyncio.to_thread(signed.body_hash, latest.methods[1])
    latest.check(signed, latest.key(texts))
    for link, digest in zip(links, _seal_hashes(links, signed), strict=True):
        link.seal.check_proof(digest, link.seal.key(texts))
    return _oldest_pass(links, signed, texts)


def _seal_hashes(links: Sequence[_Link], signed: SignedMessage) -> list[bytes]:
    """Return what each seal signs (section 5.1.1): all sets before it, and its own without `b=`."""
    hashes: list[bytes] = []
    before = hashlib.sha256()
    for link in links:
        before.update(signed.canonical(link.fields[RESULTS], "relaxed"))
        before.update(signed.canonical(link.fields[SIGNATURE], "relaxed"))
        digest = before.copy()
        unsealed = canonical_header(without_signature(link.seal.field.raw), "relaxed")
        digest.update(unsealed.removesuffix(b"\r\n"))
        hashes.append(digest.digest())
        before.update(signed.canonical(link.seal.field, "relaxed"))
    return hashes


def _oldest_pass(links: Sequence[_Link], signed: SignedMessage, texts: KeyTexts) -> int:
    """Return the number of the oldest set whose signature still fits the message, 0 where all do."""
    for number in range(len(links) - 1, 0, -1):
        signature = links[number - 1].signature
        if signature is None:
            return number + 1
        try:
            signature.check(signed, signature.key(texts))
        except Unusable:
            return number + 1
    return 0


def _testimony(link: _Link) -> ArcSet:
    value = link.fields[RESULTS].value.partition(";")[2]
    covers_author = link.signature is not None and "from" in link.signature.names
    return ArcSet(link.seal.domain, authserv_id(value), value, covers_author)


def _subject(statement: Statement) -> str:
    values = [statement.properties.get(name, "") for name in _SUBJECTS[statement.method]]
    text = next((value for value in values if value), "")
    return text.rpartition("@")[2].rstrip(".").lower()
