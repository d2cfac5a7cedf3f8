"""The DS records of domains (RFC 5910, secDNS-1.1): the interface of DS data; key data are not taken."""

from lxml import etree

from registries.sandbox.answers import make, put
from registries.sandbox.commands import Command, DomainCreate, DomainUpdate, DsChange
from registries.sandbox.protocol import SECDNS, Refusal
from registries.sandbox.values import DsData

# What IANA has assigned: algorithms that sign zones, and digests of DS records.
_ALGORITHMS = frozenset({3, 5, 6, 7, 8, 10, 12, 13, 14, 15, 16, 17, 23, 253, 254})
_DIGEST_TYPES = frozenset({1, 2, 3, 4, 5, 6})


def is_changed_by(command: Command) -> bool:
    """Return whether a command sets or changes DS records."""
    return (isinstance(command, DomainCreate) and bool(command.ds)) or (
        isinstance(command, DomainUpdate) and command.ds != DsChange()
    )


def changed(records: tuple[DsData, ...], change: DsChange) -> tuple[DsData, ...]:
    """Return the DS records after a change.

    Raises:
        Refusal: 2306, a record to be removed is not there, one to be added is, or has unassigned numbers.
    """
    kept = [] if change.remove_all else list(records)
    for record in change.remove:
        if record not in kept:
            raise Refusal(2306, "a DS record to be removed is not one of the domain")
        kept.remove(record)
    for record in change.add:
        if record in kept:
            raise Refusal(2306, "a DS record to be added is one of the domain already")
        if record.algorithm not in _ALGORITHMS or record.digest_type not in _DIGEST_TYPES:
            raise Refusal(2306, "a DS record has an algorithm or digest type that is not assigned")
        kept.append(record)
    return tuple(kept)


def info_data(records: tuple[DsData, ...]) -> etree._Element | None:
    """Return what an info tells about the DS records, or None where there are none."""
    if not records:
        return None
    data = make(SECDNS, "infData")
    for record in records:
        node = put(data, "dsData")
        put(node, "keyTag", str(record.key_tag))
        put(node, "alg", str(record.algorithm))
        put(node, "digestType", str(record.digest_type))
        put(node, "digest", record.digest)
    return data
