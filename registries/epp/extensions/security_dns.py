"""DNSSEC data of domains (RFC 5910, secDNS-1.1): read only, for our updates leave them alone."""

from dataclasses import dataclass

from registries.epp.markup import SECDNS, Element, find, find_all, text_of


@dataclass(frozen=True, slots=True)
class DsRecord:
    """A delegation signer record (RFC 4034 section 5), numbers as the registry writes them."""

    key_tag: str
    algorithm: str
    digest_type: str
    digest: str


@dataclass(frozen=True, slots=True)
class DnsKey:
    """A public key (RFC 4034 section 2), for registries that make the DS record themselves."""

    flags: str
    protocol: str
    algorithm: str
    public_key: str


@dataclass(frozen=True, slots=True)
class SecureDelegation:
    """What a domain's info shows of DNSSEC.

    Attributes:
        max_signature_life: In seconds, as written; "" where none is set.
    """

    ds: tuple[DsRecord, ...] = ()
    keys: tuple[DnsKey, ...] = ()
    max_signature_life: str = ""


def read_delegation(extension: Element | None) -> SecureDelegation | None:
    """Return the DNSSEC data of an info answer; None where it has none."""
    data = find(extension, SECDNS, "infData")
    if data is None:
        return None
    return SecureDelegation(
        ds=tuple(
            DsRecord(*(text_of(ds, SECDNS, tag) for tag in ("keyTag", "alg", "digestType", "digest")))
            for ds in find_all(data, SECDNS, "dsData")
        ),
        keys=tuple(
            DnsKey(*(text_of(key, SECDNS, tag) for tag in ("flags", "protocol", "alg", "pubKey")))
            for key in find_all(data, SECDNS, "keyData")
        ),
        max_signature_life=text_of(data, SECDNS, "maxSigLife"),
    )
