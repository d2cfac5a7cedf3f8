"""A certificate authority for the loopback world: the sandbox registry and its clients (RFC 5280, RFC 5734).

EPP servers and clients authenticate each other with certificates. This authority issues both kinds as
PEM files in a folder; asking again returns what is there while it is valid. It is for development and
tests: there is no revocation, and the CA's key lies beside the certificates.
"""

import hashlib
import ipaddress
import os
import re
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALID = timedelta(days=397)
# Reissue before a long demonstration could see the end of a certificate.
_RENEW_BEFORE = timedelta(days=7)
# Clocks of test machines disagree a little.
_BACKDATE = timedelta(hours=1)
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class ClientCertificates(StrEnum):
    """Whether a server asks its clients for certificates."""

    OFF = "off"
    OPTIONAL = "optional"
    REQUIRED = "required"


_VERIFY = {
    ClientCertificates.OFF: ssl.CERT_NONE,
    ClientCertificates.OPTIONAL: ssl.CERT_OPTIONAL,
    ClientCertificates.REQUIRED: ssl.CERT_REQUIRED,
}


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """A certificate and its private key, as PEM files."""

    cert_file: Path
    key_file: Path


def matches(certificate: bytes | None, pin: str) -> bool:
    """Return whether a peer's certificate (DER, verified) has a common name or SHA-256 fingerprint."""
    if certificate is None:
        return False
    if hashlib.sha256(certificate).hexdigest() == pin.replace(":", "").lower():
        return True
    subject = x509.load_der_x509_certificate(certificate).subject
    return [name.value for name in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [pin]


class CertificateAuthority:
    """A CA whose key, certificate and issued certificates live in one folder (mode 0700).

    Attributes:
        ca_file: The CA certificate, PEM; what clients and servers trust.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._folder = folder
        self._clock = clock
        self.ca_file = folder / "ca.pem"
        self._ca_key_file = folder / "ca.key"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._usable(IssuedCertificate(self.ca_file, self._ca_key_file)):
            self._create()

    def issue(self, name: str, *, hosts: Sequence[str] = ()) -> IssuedCertificate:
        """Return a certificate for server and client use, issuing it when there is none yet.

        Args:
            name: Becomes the common name and the name of the files: lower-case letters, digits, `._-`.
            hosts: DNS names and addresses beside localhost, 127.0.0.1 and ::1.

        Raises:
            ValueError: `name` cannot be the name of a file, or is the CA's own.
        """
        if not _NAME.fullmatch(name) or name == "ca":
            raise ValueError(f"{name!r} is not a name for a certificate")
        issued = IssuedCertificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        names = list(dict.fromkeys(["localhost", "127.0.0.1", "::1", *hosts]))
        if not self._usable(issued, names):
            self._sign(name, names, issued)
        return issued

    def server_context(
        self, issued: IssuedCertificate, clients: ClientCertificates = ClientCertificates.OPTIONAL
    ) -> ssl.SSLContext:
        """Return the context of a server; a client certificate that is shown is verified unless it is off."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(issued.cert_file, issued.key_file)
        context.load_verify_locations(self.ca_file)
        context.verify_mode = _VERIFY[clients]
        return context

    def client_context(self, issued: IssuedCertificate | None = None) -> ssl.SSLContext:
        """Return the context of a client that trusts only this CA and shows `issued` when given."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(self.ca_file)
        if issued is not None:
            context.load_cert_chain(issued.cert_file, issued.key_file)
        return context

    def _usable(self, issued: IssuedCertificate, names: Sequence[str] = ()) -> bool:
        if not (issued.cert_file.exists() and issued.key_file.exists()):
            return False
        certificate = x509.load_pem_x509_certificate(issued.cert_file.read_bytes())
        if certificate.not_valid_after_utc - _RENEW_BEFORE < self._clock():
            return False
        if issued.cert_file == self.ca_file:
            return True
        authority = x509.load_pem_x509_certificate(self.ca_file.read_bytes())
        known = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return (
            certificate.issuer == authority.subject
            and certificate.not_valid_before_utc >= authority.not_valid_before_utc
            and set(map(_general_name, names)) <= set(known)
        )

    def _create(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        # The serial makes each authority's name its own: certificates of an earlier one do not chain.
        subject = _subject(f"whoisproxy sandbox CA {x509.random_serial_number():x}"[:64])
        builder = (
            self._builder(subject, key.public_key(), issuer=subject)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(ca=True), critical=True)
        )
        _write_private(self._ca_key_file, _pem(key))
        self.ca_file.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _sign(self, name: str, hosts: Sequence[str], into: IssuedCertificate) -> None:
        authority = x509.load_pem_x509_certificate(self.ca_file.read_bytes())
        ca_key = serialization.load_pem_private_key(self._ca_key_file.read_bytes(), password=None)
        if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{self._ca_key_file} does not hold a key on an elliptic curve")
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            self._builder(_subject(name), key.public_key(), issuer=authority.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.SubjectAlternativeName(list(map(_general_name, hosts))), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False
            )
            .sign(ca_key, hashes.SHA256())
        )
        _write_private(into.key_file, _pem(key))
        into.cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, issuer: x509.Name
    ) -> x509.CertificateBuilder:
        now = self._clock()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATE)
            .not_valid_after(now + _VALID)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_private(path: Path, content: bytes) -> None:
    # The mode is set when the file is made: a key is at no time readable by others.
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
