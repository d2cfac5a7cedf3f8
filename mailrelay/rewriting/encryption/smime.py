"""S/MIME (RFC 8551): EnvelopedData of AES-256-CBC, with `cryptography`.

The owner gives his certificate himself, so that nobody has to vouch for it; it only must be good for mail.
"""

from base64 import encodebytes
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mailrelay.rewriting.encryption.errors import UnusableKey
from mailrelay.rewriting.encryption.facts import KeyFacts, shown_names
from mailrelay.rewriting.entity import Entity

_LEAST_BITS = 2048  # RFC 8551 section 4.2
_PEM = b"-----BEGIN "
_PRIVATE = b"PRIVATE KEY-----"
_FOR_MAIL = frozenset({ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})


@dataclass(frozen=True, slots=True)
class SmimeCertificate:
    """A certificate of RSA that is valid now."""

    certificate: x509.Certificate = field(repr=False)
    method: str = "smime"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def facts(self) -> KeyFacts:
        """Return what its owner is shown of it."""
        certificate, key = self.certificate, self.certificate.public_key()
        names = [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
        text = certificate.public_bytes(Encoding.PEM).decode()
        algorithm = f"RSA {key.key_size}" if isinstance(key, rsa.RSAPublicKey) else ""
        return KeyFacts(
            shown_names([*names, *_mailboxes(certificate)]),
            algorithm,
            certificate.not_valid_after_utc,
            text,
        )

    def enveloped(self, payload: bytes) -> Entity:
        """Return an application/pkcs7-mime."""
        builder = PKCS7EnvelopeBuilder().set_data(payload).add_recipient(self.certificate)
        der = builder.set_content_encryption_algorithm(algorithms.AES256).encrypt(
            Encoding.DER, [PKCS7Options.Binary]
        )
        return Entity.make(
            encodebytes(der).replace(b"\n", b"\r\n"),
            content_type='application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"',
            content_transfer_encoding="base64",
            content_disposition='attachment; filename="smime.p7m"',
        )


def read_certificate(octets: bytes, now: datetime) -> SmimeCertificate:
    """Return the certificate of a PEM or DER file; of a chain in PEM the first, which is the owner's.

    Raises:
        UnusableKey: There is none, or it is not for mail to him now.
    """
    if _PRIVATE in octets:
        raise UnusableKey("secret-key")
    load = x509.load_pem_x509_certificate if _PEM in octets else x509.load_der_x509_certificate
    try:
        certificate = load(octets)
        key = certificate.public_key()
        for_mail = _is_for_mail(certificate)
    except (ValueError, x509.DuplicateExtension):
        raise UnusableKey("not-a-key") from None
    if now < certificate.not_valid_before_utc:
        raise UnusableKey("not-yet-valid")
    if certificate.not_valid_after_utc <= now:
        raise UnusableKey("expired")
    if not isinstance(key, rsa.RSAPublicKey):
        raise UnusableKey("unsupported-algorithm")
    if key.key_size < _LEAST_BITS:
        raise UnusableKey("key-too-short")
    if not for_mail:
        raise UnusableKey("not-for-encryption")
    return SmimeCertificate(certificate)


def _mailboxes(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return names.value.get_values_for_type(x509.RFC822Name)


def _is_for_mail(certificate: x509.Certificate) -> bool:
    """RFC 8550 section 4.4: what the extensions say, where they are there."""
    usage: x509.KeyUsage | None = None
    purposes: x509.ExtendedKeyUsage | None = None
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.KeyUsage):
            usage = extension.value
        elif isinstance(extension.value, x509.ExtendedKeyUsage):
            purposes = extension.value
    return (usage is None or usage.key_encipherment) and (
        purposes is None or not _FOR_MAIL.isdisjoint(purposes)
    )
