"""TLS of the RDAP server, by ICANN's RDAP Technical Implementation Guide of February 2024."""

import ssl
from pathlib import Path

from mailrelay.server.tls import RenewedCertificate, TlsProvider
from whoisproxy.config import ConfigurationError

# What the guide allows in TLS 1.2 (RFC 5289): ephemeral keys and authenticated encryption.
_SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
)


def rdap_tls(certificate: Path, key: Path | None) -> TlsProvider:
    """Return what gives the context for each connection; it follows its files when they are renewed.

    Args:
        certificate: PEM, the server's own first, then those between it and the root.
        key: PEM; None where it is in the same file.

    Raises:
        ConfigurationError: The files cannot be read or hold no certificate with its key.
    """
    files = [certificate] if key is None else [certificate, key]
    return RenewedCertificate(files, lambda: _context(certificate, key))


def _context(certificate: Path, key: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join(_SUITES))
    context.set_alpn_protocols(["http/1.1"])
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError:
        raise ConfigurationError(f"{certificate}: holds no certificate in PEM form with its key") from None
    except OSError as error:
        raise ConfigurationError(f"{certificate} or its key: {error.strerror}") from None
    return context
