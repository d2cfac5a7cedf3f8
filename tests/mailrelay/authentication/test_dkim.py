"""DKIM signatures, verified with keys from a real DNS server."""

import base64
import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from mailrelay.authentication.canonical import canonical_body, canonical_header
from mailrelay.authentication.dkim import MAX_SIGNATURES, verify_dkim
from mailrelay.authentication.keys import read_key
from mailrelay.authentication.results import DkimResult, Result
from mailrelay.authentication.signature import SignedMessage
from mailrelay.dns import Resolver
from mailrelay.message import RawMessage
from whoisproxy.demo.dns_server import DnsServer

FIXTURES = Path(__file__).parents[4] / "shared/data/mail/auth/dkimpy_tests"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
MESSAGE = b"From: Ann <ann@home.example>\r\nTo: b@c.example\r\nSubject:  a  b \r\n\r\nHello  you \r\n\r\n\r\n"
ED25519 = ed25519.Ed25519PrivateKey.generate()
KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - the smallest that counts, and quickly made


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def _record(key: rsa.RSAPrivateKey) -> str:
    der = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()


def _signed(raw: bytes = MESSAGE, key: rsa.RSAPrivateKey = KEY, form: bytes = b"relaxed/relaxed") -> bytes:
    header, _, body = form.partition(b"/")
    field = dkim.sign(raw, b"s1", b"home.example", _pem(key), canonicalize=(header, body))
    return bytes(field) + raw


async def _one(raw: bytes, resolver: Resolver, now: datetime = NOW) -> DkimResult:
    [result] = await verify_dkim(SignedMessage(RawMessage.parse(raw)), resolver, now)
    return result


@pytest.fixture
def published(dns_server: DnsServer) -> DnsServer:
    dns_server.set("s1._domainkey.home.example", "TXT", _record(KEY))
    return dns_server


@pytest.mark.parametrize("form", [b"simple/simple", b"simple/relaxed", b"relaxed/simple", b"relaxed/relaxed"])
async def test_a_signature_of_another_implementation_passes(
    form: bytes, published: DnsServer, resolver: Resolver
) -> None:
    assert await _one(_signed(form=form), resolver) == DkimResult(Result.PASS, "home.example", "s1")
    assert published.queries == [("s1._domainkey.home.example", "TXT")]


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [(b"Hello", b"Hullo", "body-hash"), (b"ann@", b"eve@", "signature"), (b"v=1;", b"v=2;", "tags")],
)
async def test_a_changed_message_does_not_pass(
    old: bytes, new: bytes, reason: str, resolver: Resolver
) -> None:
    result = await _one(_signed().replace(old, new), resolver)
    assert result.result in {Result.FAIL, Result.PERMERROR}
    assert result.reason == reason


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ((65537, 2**511 + 111), "weak-key"),
        ((65537, 2**5000 + 1), "oversized-key"),
        ((2**40 + 1, 2**2047 + 1), "oversized-key"),
    ],
)
async def test_keys_that_are_too_weak_or_too_costly_do_not_count(
    numbers: tuple[int, int], reason: str, dns_server: DnsServer, resolver: Resolver
) -> None:
    exponent, modulus = (_der_integer(number) for number in numbers)
    body = modulus + exponent
    sequence = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    dns_server.set("s1._domainkey.home.example", "TXT", "p=" + base64.b64encode(sequence).decode())
    result = await _one(_signed(), resolver)
    assert result.result is not Result.PASS
    assert result.reason in {reason, "key-syntax"}


def _der_integer(number: int) -> bytes:
    octets = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return b"\x02\x82" + len(octets).to_bytes(2, "big") + octets


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        ("v=DKIM1; p=", (Result.FAIL, "key-revoked")),
        ("v=DKIM1; k=ed25519; p=AAAA", (Result.PERMERROR, "key-type")),
        ("v=DKIM1; h=sha1; p=AAAA", (Result.PERMERROR, "key-hash")),
        ("v=DKIM1; s=other; p=AAAA", (Result.PERMERROR, "key-service")),
        ("v=DKIM1; p=!!!", (Result.PERMERROR, "key-syntax")),
        ("something else", (Result.PERMERROR, "no-key")),
    ],
)
async def test_a_key_record_that_does_not_fit_is_refused(
    record: str, outcome: tuple[Result, str], dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.set("s1._domainkey.home.example", "TXT", record)
    result = await _one(_signed(), resolver)
    assert (result.result, result.reason) == outcome


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        (b"a=rsa-sha256", b"a=rsa-sha1", (Result.POLICY, "rsa-sha1")),
        (b"v=1;", b"v=1; l=5;", (Result.POLICY, "body-length")),
        (b"v=1;", b"v=1; x=1000000000;", (Result.FAIL, "expired")),
        (b"v=1;", b"v=1; i=@evil.example;", (Result.PERMERROR, "identity")),
        (b"d=home.example", b"d=home..\xff", (Result.PERMERROR, "no-domain-or-selector")),
    ],
)
async def test_a_signature_that_proves_too_little_does_not_count(
    old: bytes, new: bytes, outcome: tuple[Result, str], resolver: Resolver
) -> None:
    raw = _signed().replace(b" i=@home.example;", b"")
    result = await _one(raw.replace(old, new, 1), resolver)
    assert (result.result, result.reason) == outcome


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("old", "new", "outcome"),
    [
        (b"v=1;", b"v=1; d=home.example;", (Result.PERMERROR, "tags")),
        (b"v=1;", b"v=1; 1x=y;", (Result.PERMERROR, "tags")),
        (b"v=1;", b"v=1; unknown=x;", (Result.FAIL, "signature")),
        (b"v=1;", b"v=1; x=100; t=200;", (Result.FAIL, "expired")),
        (b"v=1;", b"v=1; x=4000000000; t=5000000000;", (Result.PERMERROR, "time")),
        (b"v=1;", b"v=1; x=soon;", (Result.PERMERROR, "time")),
        (b"v=1;", b"v=1; q=dns/any;", (Result.PERMERROR, "query-method")),
        (b"relaxed/relaxed", b"relaxed/strict", (Result.PERMERROR, "canonicalisation")),
        (b"rsa-sha256", b"rsa-sha512", (Result.PERMERROR, "algorithm")),
        (b"s=s1", b"s=", (Result.PERMERROR, "tags")),
        (b"s=s1", b"s=..", (Result.PERMERROR, "no-domain-or-selector")),
    ],
)
async def test_tags_are_read_strictly(
    old: bytes, new: bytes, outcome: tuple[Result, str], resolver: Resolver
) -> None:
    raw = re.sub(rb" (?:q=dns/txt|i=@home.example|t=[0-9]+);", b"", _signed())
    assert old in raw
    result = await _one(raw.replace(old, new, 1), resolver)
    assert (result.result, result.reason) == outcome


async def test_the_names_of_signed_fields_may_be_folded_and_spaced(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    """RFC 6376 section 3.5 allows folding white space around the colons of `h=`."""
    raw = _own(dns_server, b"h=from :\r\n to\t:subject:\r\n\t date")
    assert (await _one(raw, resolver)).result is Result.PASS


async def test_a_field_signed_once_more_than_it_occurs_cannot_be_added(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    raw = _own(dns_server, b"h=from:from:to:subject:reply-to")
    assert (await _one(raw, resolver)).result is Result.PASS
    for added in (b"From: Eve <eve@evil.example>\r\n", b"Reply-To: eve@evil.example\r\n"):
        assert (await _one(added + raw, resolver)).reason == "signature"
    assert (await _one(b"X-Unsigned: yes\r\n" + raw, resolver)).result is Result.PASS


async def test_a_signature_never_covers_itself_by_name(dns_server: DnsServer, resolver: Resolver) -> None:
    """`dkim-signature` in `h=` speaks of other signatures; with none there it keeps them out."""
    raw = _own(dns_server, b"h=from:dkim-signature")
    assert (await _one(raw, resolver)).result is Result.PASS


@pytest.mark.parametrize("body", [b"a\rb\nc \n d\r\n", b"\r", b"\n\n", b"x \t \r\n\r\n \r\n"])
@pytest.mark.parametrize("form", [b"simple/simple", b"relaxed/relaxed"])
async def test_bare_line_ends_belong_to_the_text(
    body: bytes, form: bytes, dns_server: DnsServer, resolver: Resolver
) -> None:
    raw = _own(dns_server, b"c=" + form + b"; h=from", body)
    assert (await _one(raw, resolver)).result is Result.PASS
    assert (await _one(raw + b"y", resolver)).reason == "body-hash"


async def test_octets_beyond_ascii_are_signed_as_they_are(dns_server: DnsServer, resolver: Resolver) -> None:
    for octets in ("Zoë".encode(), b"Zo\xeb"):
        raw = _own(dns_server, b"h=from:subject", subject=octets)
        assert (await _one(raw, resolver)).result is Result.PASS
        assert (await _one(raw.replace(octets, b"Zoe"), resolver)).reason == "signature"


@pytest.mark.parametrize(
    ("identity", "flags", "outcome"),
    [
        (b"i=@sub.home.example; ", "", (Result.PASS, "")),
        (b"i=ann@home.example; ", "t=s; ", (Result.PASS, "")),
        (b"", "t=s; ", (Result.PASS, "")),
        (b"i=@sub.home.example; ", "t=y:s; ", (Result.PERMERROR, "key-subdomain")),
        (b"i=@evilhome.example; ", "", (Result.PERMERROR, "identity")),
    ],
)
async def test_the_identity_is_of_the_signing_domain(
    identity: bytes, flags: str, outcome: tuple[Result, str], dns_server: DnsServer, resolver: Resolver
) -> None:
    raw = _own(dns_server, identity + b"h=from")
    public = base64.b64encode(ED25519.public_key().public_bytes_raw()).decode()
    dns_server.set("s2._domainkey.home.example", "TXT", f"v=DKIM1; k=ed25519; {flags}p={public}")
    result = await _one(raw, resolver)
    assert (result.result, result.reason) == outcome


async def test_the_first_key_record_counts_and_other_text_does_not(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    raw = _own(dns_server, b"h=from")
    public = base64.b64encode(ED25519.public_key().public_bytes_raw()).decode()
    dns_server.set("s2._domainkey.home.example", "TXT", "v=spf1 -all", f"k=ed25519; p={public}")
    assert (await _one(raw, resolver)).result is Result.PASS


def _own(server: DnsServer, tags: bytes, body: bytes = b"Hello\r\n", subject: bytes = b"a") -> bytes:
    """Sign with Ed25519 by the letter of RFC 6376 section 3.7, apart from the code under test."""
    public = base64.b64encode(ED25519.public_key().public_bytes_raw()).decode()
    server.set("s2._domainkey.home.example", "TXT", f"v=DKIM1; k=ed25519; p={public}")
    fields = {
        b"from": b"From: ann@home.example\r\n",
        b"to": b"To: b@c.example\r\n",
        b"subject": b"Subject: " + subject + b"\r\n",
    }
    simple = b"c=simple/simple" in tags
    digest = base64.b64encode(hashlib.sha256(_plain_body(body, simple=simple)).digest())
    tags = tags if b"c=" in tags else b"c=relaxed/relaxed; " + tags
    own = b"DKIM-Signature: v=1; a=ed25519-sha256; d=home.example; s=s2; " + tags
    own += b"; bh=" + digest + b"; b="
    names = re.sub(rb"\s", b"", tags.partition(b"h=")[2]).split(b":")
    waiting = dict(fields)
    covered = [_plain_header(waiting.pop(name), simple=simple) for name in names if name in waiting]
    signed = b"\r\n".join([*covered, _plain_header(own, simple=simple)])
    proof = base64.b64encode(ED25519.sign(hashlib.sha256(signed).digest()))
    return own + proof + b"\r\n" + b"".join(fields.values()) + b"\r\n" + body


def _plain_header(raw: bytes, *, simple: bool) -> bytes:
    if simple:
        return raw.removesuffix(b"\r\n")
    name, _, value = raw.partition(b":")
    return name.lower() + b":" + re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" ")


def _plain_body(body: bytes, *, simple: bool) -> bytes:
    lines = body.split(b"\r\n")
    if not simple:
        lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        return b"\r\n" if simple else b""
    return b"\r\n".join(lines) + b"\r\n"


async def test_a_key_that_cannot_be_looked_up_is_a_temporary_error(
    dns_server: DnsServer, resolver: Resolver
) -> None:
    dns_server.fail("s1._domainkey.home.example")
    assert (await _one(_signed(), resolver)).result is Result.TEMPERROR


async def test_an_ed25519_signature_passes(dns_server: DnsServer, resolver: Resolver) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    dns_server.set("s2._domainkey.home.example", "TXT", f"v=DKIM1; k=ed25519; p={public}")
    digest = base64.b64encode(hashlib.sha256(canonical_body(b"Hello\r\n", "relaxed")).digest()).decode()
    unsigned = (
        "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=home.example; s=s2; h=from;"
        f" bh={digest}; b="
    ).encode()
    covered = canonical_header(b"From: ann@home.example\r\n", "relaxed") + canonical_header(
        unsigned + b"\r\n", "relaxed"
    ).removesuffix(b"\r\n")
    proof = base64.b64encode(key.sign(hashlib.sha256(covered).digest()))
    raw = unsigned + proof + b"\r\nFrom: ann@home.example\r\n\r\nHello\r\n"
    assert (await _one(raw, resolver)).result is Result.PASS


@pytest.mark.usefixtures("published")
async def test_only_the_first_signatures_are_looked_at(resolver: Resolver) -> None:
    fake = b"DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=a; h=from; bh=AA==; b=AA==\r\n"
    results = await verify_dkim(SignedMessage(RawMessage.parse(fake * 40 + MESSAGE)), resolver, NOW)
    assert len(results) == MAX_SIGNATURES


async def test_the_signed_message_of_rfc_6376_passes(dns_server: DnsServer, resolver: Resolver) -> None:
    path = FIXTURES / "rfc6376.signed.rsa.msg"
    if not path.exists():
        pytest.skip("the DKIM fixtures are not here")
    # RFC 8463 appendix A.2 publishes this key for the same text.
    dns_server.set(
        "test._domainkey.football.example.com",
        "TXT",
        "v=DKIM1; k=rsa; p="
        "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2"
        "jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2"
        "EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB",
    )
    raw = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert (await _one(raw, resolver)).result is Result.PASS


def test_the_digest_is_the_one_that_is_signed() -> None:
    """Guards the prehashed use of RSA: a signature over the octets themselves verifies over their hash."""
    proof = KEY.sign(b"octets", padding.PKCS1v15(), hashes.SHA256())
    KEY.public_key().verify(proof, b"octets", padding.PKCS1v15(), hashes.SHA256())


_DER = KEY.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
)


@given(
    st.integers(0, len(_DER) - 1),
    st.binary(max_size=6),
    st.integers(0, 6),
    st.sampled_from(["rsa", "ed25519"]),
)
def test_any_octets_can_stand_in_a_key_record(at: int, put: bytes, taken: int, kind: str) -> None:
    """Whatever is read of it, it does not raise and verifies nothing that it did not sign."""
    octets = _DER[:at] + put + _DER[at + taken :]
    record = read_key(f"v=DKIM1; k={kind}; p={base64.b64encode(octets).decode()}")
    assert record is not None
    assert not record.verifies(b"x" * 128, b"y" * 32)


@given(st.text(max_size=200))
def test_any_text_can_be_read_as_a_key_record(text: str) -> None:
    read_key(text)
    read_key("v=DKIM1; p=" + text)


@given(st.text(" \t\r\nab", max_size=60), st.sampled_from(["simple", "relaxed"]))
def test_a_body_is_canonical_by_the_letter_of_the_rfc(text: str, method: str) -> None:
    body = text.encode()
    assert canonical_body(body, method) == _plain_body(body, simple=method == "simple")


@given(st.text(" \tab:é", max_size=40))
def test_a_header_field_is_canonical_by_the_letter_of_the_rfc(text: str) -> None:
    raw = f"Subject:{text}\r\n {text}\r\n".encode()
    assert canonical_header(raw, "relaxed") == _plain_header(raw, simple=False) + b"\r\n"


@given(st.binary(max_size=200), st.sampled_from(["simple", "relaxed"]))
def test_a_canonical_body_is_its_own_canonical_form(body: bytes, method: str) -> None:
    once = canonical_body(body, method)
    assert canonical_body(once, method) == once


@pytest.mark.parametrize(
    ("body", "simple", "relaxed"),
    [
        (b"", b"\r\n", b""),
        (b"\r\n\r\n", b"\r\n", b""),
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C \r\nD \t E\r\n", b" C\r\nD E\r\n"),
        (b"no end", b"no end\r\n", b"no end\r\n"),
    ],
)
def test_bodies_are_hashed_as_rfc_6376_section_3_4_5_shows(
    body: bytes, simple: bytes, relaxed: bytes
) -> None:
    assert canonical_body(body, "simple") == simple
    assert canonical_body(body, "relaxed") == relaxed
