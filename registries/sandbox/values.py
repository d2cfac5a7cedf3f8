"""Parts of commands that are stored and shown as they were sent (RFC 5731-5733)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """RFC 5733 2.4; absent parts are None."""

    street: tuple[str, ...]
    city: str
    region: str | None
    postal_code: str | None
    country_code: str


@dataclass(frozen=True, slots=True)
class PostalInfo:
    """Name and address in one of the two forms: `int` in ASCII, `loc` in any script."""

    kind: str
    name: str
    organization: str | None
    address: Address


@dataclass(frozen=True, slots=True)
class PostalChange:
    """The parts of a postal info that an update replaces; None leaves a part."""

    kind: str
    name: str | None
    organization: str | None
    address: Address | None


@dataclass(frozen=True, slots=True)
class Phone:
    """RFC 5733 e164 form and extension; the number may be empty in an update, which removes it."""

    number: str
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class Disclosure:
    """RFC 5733 2.9: `fields` such as `name:int` or `voice` are to be public (flag) or withheld."""

    flag: bool
    fields: frozenset[str]


HostAddress = tuple[str, str]
"""Family (`v4` or `v6`) and address in its shortest form."""


@dataclass(frozen=True, slots=True)
class Nameserver:
    """A host object's name, or with `addresses` a host attribute (RFC 5731 1.1)."""

    name: str
    addresses: tuple[HostAddress, ...] | None = None


@dataclass(frozen=True, slots=True)
class DsData:
    """A DS record of a domain (RFC 5910 4.1); the digest in upper-case hexadecimal."""

    key_tag: int
    algorithm: int
    digest_type: int
    digest: str
