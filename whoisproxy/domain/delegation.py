"""What a registrar tells of a domain's delegation, checked: its id, DS records, hosts below it."""

from collections.abc import Iterable

from registries.delegation import DelegationSigner, Host, delegation_signer, host_below, registry_id
from whoisproxy.domain.errors import InvalidInput
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.registration import MOST_ADDRESSES, MOST_DS, MOST_HOSTS


def checked_id(text: str) -> str:
    """Return a repository object id; "" stands for none.

    Raises:
        InvalidInput: It is not written as RFC 5730 has it.
    """
    known = registry_id(text) if text else ""
    if known is None:
        raise InvalidInput("registry_id", "must be a repository object id such as D123-EXAMPLE (RFC 5730)")
    return known


def checked_ds(
    records: Iterable[tuple[int | str, int | str, int | str, str]],
) -> tuple[DelegationSigner, ...]:
    """Return DS records, sorted, each once.

    Args:
        records: Key tag, algorithm, digest type, digest in hexadecimal of any case.

    Raises:
        InvalidInput: One cannot be a DS record, or there are too many.
    """
    found: set[DelegationSigner] = set()
    for record in records:
        signer = delegation_signer(*record)
        if signer is None:
            raise InvalidInput(
                "ds", "must be key tag, algorithm, digest type and digest (RFC 4034 section 5)"
            )
        found.add(signer)
    if len(found) > MOST_DS:
        raise InvalidInput("ds", f"must be at most {MOST_DS}")
    return tuple(sorted(found))


def checked_signed(ds: tuple[DelegationSigner, ...] | None, *, signed: bool | None) -> bool | None:
    """Return whether the domain is signed as far as it is told: DS records tell it too.

    Raises:
        InvalidInput: There are DS records of what is not signed.
    """
    if signed is None:
        return None if ds is None else bool(ds)
    if ds and not signed:
        raise InvalidInput("delegation_signed", "must be true where there are DS records")
    return signed


def checked_hosts(domain: DomainName, hosts: Iterable[tuple[str, Iterable[str]]]) -> tuple[Host, ...]:
    """Return hosts with their addresses, sorted by name.

    Raises:
        InvalidInput: A host is not below the domain, is named twice, or has a bad address, none or too many.
    """
    found: dict[str, Host] = {}
    for name, addresses in hosts:
        host = host_below(domain.a_label, name, addresses)
        if host is None or host.name in found or len(host.addresses) > MOST_ADDRESSES:
            raise InvalidInput("hosts", "must be hosts below the domain, each once, with IP addresses")
        found[host.name] = host
    if len(found) > MOST_HOSTS:
        raise InvalidInput("hosts", f"must be at most {MOST_HOSTS}")
    return tuple(sorted(found.values()))
