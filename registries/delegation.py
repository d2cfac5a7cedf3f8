"""What a registry tells the DNS of a domain: hosts with their addresses, and delegation signers.

Read leniently from what registries and registrars write: what is not valid gives None, never an error.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

# RFC 5730 section 2.8: `roidType`.
_REGISTRY_ID = re.compile(r"\w{1,80}-\w{1,8}", re.ASCII)
_HEX = re.compile(r"[0-9A-Fa-f]+")
# Digest type -> hexadecimal digits (RFC 3658, 4509, 5933, 6605, 9558, 9563); other types may come.
_DIGITS = {1: 40, 2: 64, 3: 64, 4: 96, 5: 64, 6: 64}
_MOST_DIGITS = 256
_OCTET, _TWO_OCTETS = 0xFF, 0xFFFF


@dataclass(frozen=True, slots=True, order=True)
class DelegationSigner:
    """A DS record (RFC 4034 section 5).

    Attributes:
        digest: Upper-case hexadecimal.
    """

    key_tag: int
    algorithm: int
    digest_type: int
    digest: str


@dataclass(frozen=True, slots=True, order=True)
class Host:
    """A host below a domain, with the addresses that the parent zone has for it (RFC 5732).

    Attributes:
        name: A-labels, lower case, without a final dot.
        addresses: IPv4 and IPv6 in the form of RFC 5952, sorted as text.
    """

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegistryFacts:
    """What a registry says of a domain besides its contacts.

    Attributes:
        registry_id: Repository object id (RFC 5730 section 2.8); "" where it says none.
        delegation_signed: None where it does not say.
        ds: Empty where it makes the records itself, from keys.
        hosts: Below the domain; None where it does not say.
    """

    registry_id: str = ""
    delegation_signed: bool | None = None
    ds: tuple[DelegationSigner, ...] = ()
    hosts: tuple[Host, ...] | None = None


def registry_id(text: str) -> str | None:
    """Return a repository object id, or None where the text is none."""
    return text if _REGISTRY_ID.fullmatch(text) else None


def delegation_signer(
    key_tag: int | str, algorithm: int | str, digest_type: int | str, digest: str
) -> DelegationSigner | None:
    """Return a DS record, or None where the values cannot be those of one."""
    try:
        tag, key, kind = (int(value) for value in (key_tag, algorithm, digest_type))
    except ValueError:
        return None
    digits = "".join(digest.split())
    in_range = 0 <= tag <= _TWO_OCTETS and 0 <= key <= _OCTET and 0 <= kind <= _OCTET
    length = _DIGITS.get(kind, len(digits))
    if (
        not in_range
        or not _HEX.fullmatch(digits)
        or len(digits) % 2
        or not len(digits) == length <= _MOST_DIGITS
    ):
        return None
    return DelegationSigner(tag, key, kind, digits.upper())


def host_below(domain: str, name: str, addresses: Iterable[str]) -> Host | None:
    """Return a host; None where its name is not below the domain, or it has no address or a bad one.

    Args:
        domain: A-label, lower case.
        name: In any case, with or without a final dot.
        addresses: As people and registries write them.
    """
    known = name.rstrip(".").lower()
    try:
        parsed = sorted({str(ip_address(address.strip())) for address in addresses})
    except ValueError:
        return None
    # A scope (RFC 4007) means something on one machine only.
    if not known.endswith(f".{domain}") or not parsed or any("%" in address for address in parsed):
        return None
    return Host(known, tuple(parsed))
