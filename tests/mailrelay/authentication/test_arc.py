"""ARC chains: sealed by us and verified by dkimpy, validated by us, and what trusted sealers may say."""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailrelay.authentication import ArcResult, Result, authenticate, results_header
from mailrelay.authentication.arc import MAX_SETS, may_be_vouched_for, passed, validate_arc, vouched_for
from mailrelay.authentication.arc_sealing import Sealer, seal
from mailrelay.authentication.authors import read_authors
from mailrelay.authentication.canonical import canonical_header
from mailrelay.authentication.results import ArcSet
from mailrelay.authentication.signature import SignedMessage
from mailrelay.dns import Resolver
from mailrelay.message import HeaderField, RawMessage
from whoisproxy.demo.dns_server import DnsServer

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - the smallest that counts, and quickly made
LIST = Sealer("list.example", "arc", KEY)
FORWARDER = Sealer("forwarder.example", "arc", ed25519.Ed25519PrivateKey.generate())
SEEN = "mx.list.example; spf=pass smtp.mailfrom=ann@home.example; dkim=pass header.d=home.example"
LETTER = RawMessage.parse(
    b"From: Ann <ann@home.example>\r\nTo: b@c.example\r\nSubject:  a  b \r\n\r\nHello  you \r\n\r\n"
)
TRUSTED = frozenset({"list.example"})


def _record(sealer: Sealer) -> str:
    public = sealer.key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()
    return "v=DKIM1; k=ed25519; p=" + base64.b64encode(public.public_bytes_raw()).decode()


@pytest.fixture
def published(dns_server: DnsServer) -> DnsServer:
    for sealer in (LIST, FORWARDER):
        dns_server.set(f"arc._domainkey.{sealer.domain}", "TXT", _record(sealer))
    return dns_server


async def _validated(message: RawMessage, resolver: Resolver) -> ArcResult:
    return await validate_arc(SignedMessage(RawMessage.parse(message.raw)), resolver, NOW)


def _sealed(*sealers: Sealer, message: RawMessage = LETTER) -> RawMessage:
    status = Result.NONE
    for sealer in sealers:
        message = seal(message, SEEN, status, sealer, NOW)
        status = Result.PASS
    return message


def _key_for_dkimpy(name: bytes, timeout: int = 5) -> bytes:
    del name, timeout
    return _record(LIST).encode()


def test_another_implementation_verifies_what_we_seal() -> None:
    status, sets, _ = dkim.arc_verify(_sealed(LIST, LIST, LIST).raw, dnsfunc=_key_for_dkimpy)
    assert status == b"pass"
    assert [one["as-valid"] and one["ams-valid"] for one in sets] == [True, True, True]


def test_another_implementation_verifies_the_seal_on_a_broken_chain() -> None:
    broken = RawMessage.parse(_sealed(LIST).raw.replace(b"Hello", b"Hullo"))
    raw = seal(broken, SEEN, Result.FAIL, LIST, NOW).raw
    assert b"cv=fail" in raw
    status, _, _ = dkim.arc_verify(raw, dnsfunc=_key_for_dkimpy)
    assert status != b"pass"


@pytest.mark.usefixtures("published")
async def test_a_chain_of_several_sealers_holds(resolver: Resolver) -> None:
    found = await _validated(_sealed(LIST, FORWARDER), resolver)
    assert (found.result, found.oldest_pass) == (Result.PASS, 0)
    assert [one.sealer for one in found.sets] == ["list.example", "forwarder.example"]
    assert found.sets[0].authserv_id == "mx.list.example"
    assert passed(found.sets[0]) == [("spf", "home.example"), ("dkim", "home.example")]
    assert all(one.covers_author for one in found.sets)


@pytest.mark.usefixtures("published")
async def test_a_change_between_two_sealers_shows_in_the_oldest_signature(resolver: Resolver) -> None:
    first = _sealed(LIST)
    changed = RawMessage.parse(first.raw.replace(b"Subject:  a  b", b"Subject: [list] a b"))
    found = await _validated(seal(changed, SEEN, Result.PASS, FORWARDER, NOW), resolver)
    assert (found.result, found.oldest_pass) == (Result.PASS, 2)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("old", "new"), [(b"rsa-sha256", b"rsa-sha1"), (b" t=", b" x=1; t="), (b"h=", b"g=")]
)
async def test_only_the_latest_signature_must_still_be_of_use(
    old: bytes, new: bytes, resolver: Resolver
) -> None:
    """RFC 8617 section 5.2: older ones only tell how far back the message is unchanged."""
    aged = _with_another_signature(_sealed(LIST), old, new)
    assert (await _validated(aged, resolver)).result is Result.FAIL
    found = await _validated(seal(aged, SEEN, Result.PASS, FORWARDER, NOW), resolver)
    assert (found.result, found.oldest_pass) == (Result.PASS, 2)
    assert [one.covers_author for one in found.sets] == [False, True]


def _with_another_signature(message: RawMessage, old: bytes, new: bytes) -> RawMessage:
    """Change the signature of the only set, and seal the set again as it then is."""
    _, signature, told, *others = message.fields
    changed = HeaderField(signature.name, signature.raw.replace(old, new))
    unsealed = b"ARC-Seal: a=rsa-sha256; cv=none; d=list.example; i=1; s=arc; b="
    covered = b"".join(canonical_header(field.raw, "relaxed") for field in (told, changed))
    covered += canonical_header(unsealed + b"\r\n", "relaxed").removesuffix(b"\r\n")
    proof = LIST.sign(hashlib.sha256(covered).digest()).encode()
    sealed = HeaderField("ARC-Seal", unsealed + proof + b"\r\n")
    return RawMessage.assemble([sealed, changed, told, *others], message.body)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"Hello", b"Hullo", "body-hash"),
        (b"ann@home.example>", b"eve@home.example>", "signature"),
        (b"spf=pass", b"spf=fail", "signature"),
        (b"cv=pass", b"cv=fail", "chain-failed-before"),
        (b"i=2; ", b"i=3; ", "structure"),
        (b"i=1; ", b"i=01x; ", "instance"),
        (b"a=rsa-sha256", b"a=rsa-sha1", "rsa-sha1"),
    ],
)
async def test_a_changed_chain_does_not_hold(old: bytes, new: bytes, reason: str, resolver: Resolver) -> None:
    raw = _sealed(LIST, FORWARDER).raw
    assert old in raw
    found = await _validated(RawMessage.parse(raw.replace(old, new)), resolver)
    assert (found.result, found.reason) == (Result.FAIL, reason)


_SEALED = seal(seal(LETTER, SEEN, Result.NONE, LIST, NOW), SEEN, Result.PASS, FORWARDER, NOW).raw


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, _SEALED.index(b"\r\n\r\n") - 1), st.binary(max_size=4), st.integers(0, 40))
async def test_no_damage_to_a_chain_goes_unseen_or_raises(
    published: DnsServer, resolver: Resolver, at: int, put: bytes, taken: int
) -> None:
    del published
    damaged = RawMessage.parse(_SEALED[:at] + put + _SEALED[at + taken :])
    found = await _validated(damaged, resolver)
    assert found.result in {Result.PASS, Result.FAIL, Result.NONE}
    if found.result is Result.PASS:
        # What may change is case of names, blanks, and what no signature covers.
        assert vouched_for(found, "home.example", "home.example", TRUSTED | {"forwarder.example"})
        assert read_authors(damaged.all("From")) == ("ann@home.example",)


async def test_a_message_without_a_chain_has_no_result_to_tell(resolver: Resolver) -> None:
    assert await _validated(LETTER, resolver) == ArcResult(Result.NONE)


async def test_a_chain_that_failed_or_is_full_is_not_continued() -> None:
    failed = seal(_sealed(LIST), SEEN, Result.FAIL, LIST, NOW)
    assert seal(failed, SEEN, Result.FAIL, LIST, NOW) is failed
    full = _sealed(*[FORWARDER] * MAX_SETS)
    assert seal(full, SEEN, Result.PASS, FORWARDER, NOW) is full


@pytest.mark.usefixtures("published")
async def test_the_longest_chain_is_validated_and_a_longer_one_is_not(resolver: Resolver) -> None:
    full = _sealed(*[FORWARDER] * MAX_SETS)
    assert (await _validated(full, resolver)).result is Result.PASS
    seals = [field for field in full.fields if field.name == "ARC-Seal"]
    longer = await _validated(full.with_first(seals[0]), resolver)
    assert (longer.result, longer.reason) == (Result.FAIL, "too-many-sets")


async def test_a_failed_look_up_fails_the_chain_and_says_so(published: DnsServer, resolver: Resolver) -> None:
    published.fail("arc._domainkey.list.example")
    found = await _validated(_sealed(LIST), resolver)
    assert (found.result, found.reason) == (Result.FAIL, "key-lookup-failed")
    assert may_be_vouched_for(found, TRUSTED)
    assert not may_be_vouched_for(found, frozenset({"other.example"}))


async def test_each_key_is_asked_for_once(published: DnsServer, resolver: Resolver) -> None:
    await _validated(_sealed(LIST, FORWARDER, LIST, FORWARDER), resolver)
    assert sorted(published.queries) == [
        ("arc._domainkey.forwarder.example", "TXT"),
        ("arc._domainkey.list.example", "TXT"),
    ]


@pytest.mark.usefixtures("published")
async def test_the_results_header_tells_of_the_chain(resolver: Resolver) -> None:
    message = RawMessage.parse(_sealed(LIST).raw)
    found = await authenticate(message, "192.0.2.1", "mx.list.example", "x@list.example", resolver, NOW)
    assert results_header(found, "mx.relay.example").endswith(";\r\n\tarc=pass header.oldest-pass=0")
    off = await authenticate(
        message, "192.0.2.1", "mx.list.example", "x@list.example", resolver, NOW, validates_arc=False
    )
    assert off.arc is None
    assert "\tarc=" not in results_header(off, "mx.relay.example")


def _chain(*sets: ArcSet) -> ArcResult:
    return ArcResult(Result.PASS, sets)


def _set(sealer: str, *saw: tuple[str, str]) -> ArcSet:
    names = {"dmarc": "header.from", "dkim": "header.i", "spf": "smtp.mailfrom"}
    said = [f"{method}=pass {names[method]}=x@{domain}" for method, domain in saw]
    text = "; ".join([f"mx.{sealer}", "dmarc=fail header.from=mail.home.example", *said])
    return ArcSet(sealer, f"mx.{sealer}", text, covers_author=True)


_AUTHOR = ("dmarc", "mail.home.example")


@pytest.mark.parametrize(
    ("arc", "vouched"),
    [
        (_chain(_set("list.example", _AUTHOR)), True),
        (_chain(_set("list.example", ("dkim", "home.example"))), True),
        (_chain(_set("list.example", ("spf", "bounce.home.example"))), True),
        # DMARC of a neighbour says nothing of the author's domain.
        (_chain(_set("list.example", ("dmarc", "home.example"))), False),
        (_chain(_set("list.example", ("dkim", "evilhome.example"))), False),
        (_chain(_set("list.example")), False),
        (_chain(_set("other.example", _AUTHOR)), False),
        # What was said before a sealer that nobody trusts may be his own invention.
        (_chain(_set("list.example", _AUTHOR), _set("other.example", _AUTHOR)), False),
        (_chain(_set("other.example", _AUTHOR), _set("list.example")), False),
        (_chain(_set("list.example", _AUTHOR), _set("list.example")), True),
        (replace(_chain(_set("list.example", _AUTHOR)), result=Result.FAIL), False),
        (_chain(replace(_set("list.example", _AUTHOR), covers_author=False)), False),
        (ArcResult(Result.NONE), False),
    ],
)
def test_only_trusted_sealers_of_an_unbroken_chain_vouch(arc: ArcResult, *, vouched: bool) -> None:
    assert vouched_for(arc, "mail.home.example", "home.example", TRUSTED) is vouched
