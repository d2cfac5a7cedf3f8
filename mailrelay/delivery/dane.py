"""Match a mail server's certificate against TLSA records (RFC 6698, RFC 7671, RFC 7672).

Usages DANE-TA(2) and DANE-EE(3) serve, the others are unusable for mail (RFC 7672 section 3.1.3). A trust
anchor must be in the chain that the server sends, as RFC 7672 section 3.1.2 asks of servers; a chain up to
it is verified by cryptography's X.509 verifier, which also wants what the web's certificates have (a subject
alternative name, no SHA-1). That the records themselves are secure (DNSSEC) was seen by the resolver.
"""

import hashlib
import ssl
from collections.abc import Sequence
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from mailrelay.dns import Tlsa

TRUST_ANCHOR = 2
END_ENTITY = 3
_WHOLE_CERTIFICATE = 0
_PUBLIC_KEY = 1
_DIGESTS = {1: hashlib.sha256, 2: hashlib.sha512}
_EXACT = 0
_DIGEST_OCTETS = {1: 32, 2: 64}


def is_usable(record: Tlsa) -> bool:
    """Return whether a record can be used for mail (RFC 7672 section 3.1)."""
    return (
        record.usage in {TRUST_ANCHOR, END_ENTITY}
        and record.selector in {_WHOLE_CERTIFICATE, _PUBLIC_KEY}
        and (record.matching_type == _EXACT or len(record.data) == _DIGEST_OCTETS.get(record.matching_type))
    )


def matches(record: Tlsa, certificate: x509.Certificate) -> bool:
    """Return whether a certificate is the one that a usable record names."""
    if record.selector == _WHOLE_CERTIFICATE:
        selected = certificate.public_bytes(Encoding.DER)
    else:
        selected = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = _DIGESTS.get(record.matching_type)
    return record.data == (digest(selected).digest() if digest else selected)


def chain_of(tls: ssl.SSLObject) -> list[bytes]:
    """Return the certificates that the server sent, in DER, its own first."""
    if hasattr(tls, "get_unverified_chain"):
        return cast("list[bytes]", tls.get_unverified_chain())
    # Public since Python 3.13; the same method stands below in 3.11 and 3.12.
    shown = cast("Any", tls)._sslobj.get_unverified_chain()  # noqa: SLF001 - see above
    return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in shown or ()]


def is_authentic(records: Sequence[Tlsa], chain: Sequence[bytes], names: Sequence[str]) -> bool:
    """Return whether one of the usable records vouches for a chain.

    Args:
        records: Of one host and port.
        chain: What the server sent, in DER, its own certificate first.
        names: Of which the certificate must bear one where a trust anchor vouches for it; DANE-EE looks
            at neither names nor dates (RFC 7672 section 3.1.1).
    """
    try:
        certificates = [x509.load_der_x509_certificate(one) for one in chain]
    except ValueError:
        return False
    for record in records:
        if record.usage == END_ENTITY and certificates and matches(record, certificates[0]):
            return True
        if record.usage == TRUST_ANCHOR and _anchored(record, certificates, names):
            return True
    return False


def _anchored(record: Tlsa, chain: Sequence[x509.Certificate], names: Sequence[str]) -> bool:
    anchors = [one for one in chain[1:] if matches(record, one)]
    return any(_verifies(anchor, chain, name) for anchor in anchors for name in names)


def _verifies(anchor: x509.Certificate, chain: Sequence[x509.Certificate], name: str) -> bool:
    try:
        verifier = PolicyBuilder().store(Store([anchor])).build_server_verifier(x509.DNSName(name))
        verifier.verify(chain[0], list(chain[1:]))
    except (VerificationError, ValueError):
        return False
    return True
