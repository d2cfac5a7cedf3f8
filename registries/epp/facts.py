"""Say what else the answer to a domain's info tells: its id, how it is signed, and addresses of its hosts."""

from registries.delegation import (
    DelegationSigner,
    Host,
    RegistryFacts,
    delegation_signer,
    host_below,
    registry_id,
)
from registries.epp.frames.base import Greeting
from registries.epp.frames.domain import DomainData
from registries.epp.markup import SECDNS


def facts_of(domain: DomainData, greeting: Greeting) -> RegistryFacts:
    """Return what is valid of it: an oddity is no reason to fail a change of contacts."""
    return RegistryFacts(
        registry_id=registry_id(domain.roid) or "",
        delegation_signed=_signed(domain, greeting),
        ds=_signers(domain),
        hosts=_hosts(domain) if domain.addresses else None,
    )


def _signed(domain: DomainData, greeting: Greeting) -> bool | None:
    """Return whether it is signed; a registry without the extension does not say."""
    if SECDNS not in greeting.extension_uris:
        return None
    delegation = domain.delegation
    return delegation is not None and bool(delegation.ds or delegation.keys)


def _signers(domain: DomainData) -> tuple[DelegationSigner, ...]:
    if domain.delegation is None:
        return ()
    read = (
        delegation_signer(ds.key_tag, ds.algorithm, ds.digest_type, ds.digest) for ds in domain.delegation.ds
    )
    return tuple(sorted({ds for ds in read if ds}))


def _hosts(domain: DomainData) -> tuple[Host, ...]:
    read = (host_below(domain.name.lower(), name, addresses) for name, addresses in domain.addresses.items())
    return tuple(sorted({host for host in read if host}))
