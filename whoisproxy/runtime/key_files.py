"""Keys that are files beside the master key: made on the first start, readable by their owner only."""

import os
import secrets
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from whoisproxy.config import ConfigurationError

_KEY_OCTETS = 32
_VALID = timedelta(days=3650)


def secret_key(file: Path) -> bytes:
    """Return 32 octets from `file`, made there when it does not exist.

    Raises:
        ConfigurationError: The file holds something else.
    """
    if not file.exists():
        write_private(file, secrets.token_bytes(_KEY_OCTETS))
    key = file.read_bytes()
    if len(key) != _KEY_OCTETS:
        raise ConfigurationError(f"{file}: is damaged; restore it from a backup")
    return key


def server_tls(certificate: Path | None, key: Path | None, own: Path, hostname: str) -> ssl.SSLContext:
    """Return the context for STARTTLS: the given certificate, or a self-signed one kept in `own`.

    A self-signed certificate serves opportunistic encryption between mail servers (RFC 7435).

    Raises:
        ConfigurationError: The files cannot be read or hold no certificate with its key.
    """
    if certificate is None:
        certificate = own
        if not own.exists():
            write_private(own, _self_signed(hostname))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError:
        raise ConfigurationError(f"{certificate}: holds no certificate in PEM form with its key") from None
    except OSError as error:
        raise ConfigurationError(f"{certificate} or its key: {error.strerror}") from None
    return context


def write_private(file: Path, content: bytes) -> None:
    """Write a new file of mode 0600 in a folder of mode 0700."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _self_signed(hostname: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(hostname)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
