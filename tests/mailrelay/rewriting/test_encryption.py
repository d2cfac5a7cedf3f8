"""Mail is encrypted so that other programs than ours can read it, and never with a key that is no good."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pysequoia
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mailrelay.rewriting.encryption import EncryptionKey, UnusableKey, read_key
from tests.mailrelay.rewriting.test_forward import FACTS
from tests.mailrelay.rewriting.test_forward_additions import ALTERNATIVE, forward

NOW = datetime.now(UTC)
LETTER = (
    b"Received: from x by y; z\r\nFrom: Ada <ada@offers.example>\r\nTo: abc@relay.example\r\n"
    b"Subject: Secret\r\n offer\r\nThread-Topic: Secret\r\nDate: Mon, 1 Jun 2026 10:00:00 +0200\r\n"
    b"Message-ID: <1@x>\r\nReferences: <0@x>\r\n"
) + ALTERNATIVE

Gpg = Callable[..., bytes]
pgp = pytest.mark.skipif(shutil.which("gpg") is None, reason="GnuPG is not installed")


@pytest.fixture
def gpg(tmp_path: Path) -> Iterator[Gpg]:
    """Run GnuPG in a home of its own; its path must be short, for it holds a socket."""
    home = tmp_path / "g"
    home.mkdir(mode=0o700)
    environment = {**os.environ, "GNUPGHOME": str(home)}

    def run(*arguments: str, stdin: bytes = b"") -> bytes:
        command = ["gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", *arguments]
        return subprocess.run(command, env=environment, input=stdin, capture_output=True, check=True).stdout

    yield run
    subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=True)


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    *extensions: x509.ExtensionType,
    days: tuple[int, int] = (-1, 30),
) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Owner")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1)
    builder = builder.not_valid_before(NOW + timedelta(days[0])).not_valid_after(NOW + timedelta(days[1]))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def usage(*, encipherment: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def encrypted_letter(key: EncryptionKey) -> Message:
    return message_from_bytes(forward(LETTER, replace(FACTS, key=key, banner=True)).raw)


def check_outside(message: Message) -> None:
    """Of the header, hosts and threads get what they need and nobody gets the subject."""
    assert message.get_all("Subject") == ["..."]
    assert message["Thread-Topic"] is None
    assert message["From"].endswith(" <r1@relay.example>")
    assert (message["Message-ID"], message["References"]) == ("<1@x>", "<0@x>")
    assert message["X-Whoisproxy-Domain"] == "example.org"
    assert b"Secret" not in message.as_bytes()
    assert message["MIME-Version"] == "1.0"


def check_inside(payload: bytes) -> None:
    """RFC 9788: the header as it was, what stands of it outside, and the content octet for octet."""
    inside = message_from_bytes(payload)
    assert inside.get_all("Subject") == ["Secret\r\n offer"]
    assert inside["Thread-Topic"] == "Secret"
    assert inside["Received"] is None
    assert inside.get_param("hp") == "cipher"
    outer = inside.get_all("HP-Outer", [])
    assert "Subject: ..." in outer
    assert "Message-ID: <1@x>" in outer
    assert not [one for one in outer if one.startswith("Thread-Topic")]
    content, banner = inside.get_payload(0), inside.get_payload(1)
    assert isinstance(content, Message)
    assert isinstance(banner, Message)
    assert content.get_content_type() == "multipart/alternative"
    assert ALTERNATIVE.partition(b"\r\n\r\n")[2] in payload
    assert b"Sent to the owner of example.org" in payload


@pgp
@pytest.mark.parametrize("algorithm", ["default", "future-default"])
def test_gnupg_reads_what_is_encrypted_with_openpgp(gpg: Gpg, algorithm: str) -> None:
    gpg("--quick-gen-key", "Owner <owner@home.example>", algorithm, "default", "never")
    for octets in (gpg("--export"), gpg("--export", "--armor")):
        message = encrypted_letter(read_key(octets, NOW))
        check_outside(message)
        assert message.get_content_type() == "multipart/encrypted"
        assert message.get_param("protocol") == "application/pgp-encrypted"
        control, content = message.get_payload(0), message.get_payload(1)
        assert isinstance(control, Message)
        assert isinstance(content, Message)
        assert (control.get_content_type(), control.get_payload()) == (
            "application/pgp-encrypted",
            "Version: 1\r\n",
        )
        check_inside(gpg("--decrypt", stdin=str(content.get_payload()).encode()))


@pgp
def test_an_openpgp_key_that_is_no_good_is_refused_with_the_reason(gpg: Gpg) -> None:
    gpg("--quick-gen-key", "Owner <owner@home.example>", "ed25519", "sign", "never")
    signing = gpg("--export", "--armor")
    assert reason_of(signing) == "no-encryption-key"
    assert reason_of(gpg("--export-secret-keys", "--armor")) == "secret-key"

    fingerprint = read_fingerprint(gpg)
    gpg("--quick-add-key", fingerprint, "cv25519", "encr", "2d")
    good_for_two_days = gpg("--export")
    assert read_key(good_for_two_days, NOW).fingerprint == fingerprint.lower()
    assert reason_of(good_for_two_days, NOW + timedelta(days=3)) == "no-encryption-key"

    gpg("--quick-gen-key", "Other <other@home.example>", "ed25519", "default", "2d")
    assert reason_of(gpg("--export")) == "several-keys"
    assert reason_of(gpg("--export", "other@home.example"), NOW + timedelta(days=3)) == "expired"


def read_fingerprint(gpg: Gpg) -> str:
    lines = gpg("--list-keys", "--with-colons").decode().splitlines()
    return next(line.split(":")[9] for line in lines if line.startswith("fpr"))


def test_a_revoked_openpgp_key_is_refused() -> None:
    key = pysequoia.Tsk.generate("Owner <owner@home.example>")
    revocation = key.extract_certificate().revoke(key.certifier())
    assert reason_of(bytes(key.extract_certificate()) + bytes(revocation)) == "revoked"


def test_a_key_says_whose_it_is_and_how_long(rsa_key: rsa.RSAPrivateKey) -> None:
    """What it is shown by can be kept in its place."""
    cert = pysequoia.Tsk.generate("Zoë Owner\u202e\r\n <owner@home.example>").extract_certificate()
    key = read_key(bytes(cert), NOW)
    facts = key.facts()
    assert (facts.names, facts.algorithm) == (("Zoë Owner <owner@home.example>",), "ECDH")
    assert facts.text.isascii()
    assert read_key(facts.text.encode(), NOW).fingerprint == key.fingerprint

    mailbox = x509.SubjectAlternativeName([x509.RFC822Name("owner@home.example")])
    key = read_key(certificate(rsa_key, mailbox), NOW)
    facts = key.facts()
    assert (facts.names, facts.algorithm) == (("Owner", "owner@home.example"), "RSA 2048")
    assert facts.expires_at == (NOW + timedelta(30)).replace(microsecond=0)
    assert read_key(facts.text.encode(), NOW).fingerprint == key.fingerprint
    assert read_key(certificate(rsa_key), NOW).facts().names == ("Owner",)


def reason_of(octets: bytes, now: datetime = NOW) -> str:
    with pytest.raises(UnusableKey) as refused:
        read_key(octets, now)
    assert str(refused.value) == refused.value.reason
    return refused.value.reason


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"hello",
        b"\x99\x00",
        b"\x30\x82",
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxsBN\n-----END PGP PUBLIC KEY BLOCK-----\n",
        b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    ],
)
def test_what_is_no_key_is_refused(octets: bytes) -> None:
    assert reason_of(octets) == "not-a-key"


def test_a_file_beyond_all_keys_is_not_read() -> None:
    assert reason_of(b"x" * 300_000) == "too-large"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="OpenSSL is not installed")
def test_openssl_reads_what_is_encrypted_with_smime(rsa_key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    pem = certificate(rsa_key, usage(encipherment=True))
    private = rsa_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "key.pem").write_bytes(private)
    der = x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
    for octets in (pem, der, pem + certificate(rsa_key)):
        message = encrypted_letter(read_key(octets, NOW))
        check_outside(message)
        assert message.get_content_type() == "application/pkcs7-mime"
        assert message.get_param("smime-type") == "enveloped-data"
        opened = subprocess.run(
            ["openssl", "cms", "-decrypt", "-inkey", str(tmp_path / "key.pem")],
            input=message.as_bytes(),
            capture_output=True,
            check=True,
        )
        check_inside(opened.stdout)


def test_a_certificate_that_is_no_good_is_refused_with_the_reason(rsa_key: rsa.RSAPrivateKey) -> None:
    web = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    mail = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - it is to be refused
    private = rsa_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert reason_of(certificate(rsa_key, days=(-30, -1))) == "expired"
    assert reason_of(certificate(rsa_key, days=(1, 30))) == "not-yet-valid"
    assert reason_of(certificate(ec.generate_private_key(ec.SECP256R1()))) == "unsupported-algorithm"
    assert reason_of(certificate(weak)) == "key-too-short"
    assert reason_of(certificate(rsa_key, usage(encipherment=False))) == "not-for-encryption"
    assert reason_of(certificate(rsa_key, web)) == "not-for-encryption"
    assert reason_of(certificate(rsa_key) + private) == "secret-key"
    assert read_key(certificate(rsa_key, mail, usage(encipherment=True)), NOW).method == "smime"


def test_a_key_shows_nothing_of_its_owner_where_it_is_printed(rsa_key: rsa.RSAPrivateKey) -> None:
    key = pysequoia.Tsk.generate("Owner <owner@home.example>").extract_certificate()
    assert "Owner" not in repr(read_key(bytes(key), NOW))
    assert "Owner" not in repr(read_key(certificate(rsa_key), NOW))
