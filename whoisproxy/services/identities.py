"""Which contacts stand for a domain: its registrant, or the proxy identity of the registrar's brand.

Pure functions. Phone numbers take the form of RFC 5733 section 2.5, `+41.221234567`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

import phonenumbers

from registries.contact import Contact, Role
from registries.policy import Mechanism, TldPolicy
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.proxy_identity import Brand, ProxyIdentity
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.relay import RelayAddress, RelayState

_PROXY_HELD_BY_REGISTRY = frozenset({Mechanism.SUBSTITUTE, Mechanism.RDDS_ONLY})


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of one contact that a switch would change; empty text where there is nothing."""

    role: Role
    field: str
    before: str
    after: str


def roles_of(policy: TldPolicy) -> tuple[Role, ...]:
    """Return the roles that get a relay address; the registrant always does."""
    return (Role.REGISTRANT, *(role for role in policy.roles if role is not Role.REGISTRANT))


def identities_of(
    registrar: Registrar, relays: Iterable[RelayAddress], default_brand: Brand
) -> dict[Role, ProxyIdentity]:
    """Return the proxy identity of each role that has a published relay address."""
    brand = registrar.brand or default_brand
    return {
        relay.role: ProxyIdentity(brand, relay.address)
        for relay in relays
        if relay.state is RelayState.ACTIVE
    }


def proxy_contact(identity: ProxyIdentity) -> Contact:
    """Return the contact that hides the registrant."""
    brand = identity.brand
    return Contact(
        name=brand.name,
        organization=brand.organization,
        street=brand.street,
        city=brand.city,
        region=brand.region,
        postal_code=brand.postal_code,
        country_code=brand.country_code,
        phone=epp_phone(brand.phone),
        email=identity.relay_address,
    )


def registrant_contact(registrant: Registrant) -> Contact:
    """Return the registrant as a contact: his own data."""
    return Contact(
        name=registrant.name,
        organization=registrant.organization,
        street=registrant.street,
        city=registrant.city,
        region=registrant.region,
        postal_code=registrant.postal_code,
        country_code=registrant.country_code,
        phone=epp_phone(registrant.phone),
        email=registrant.email,
    )


def epp_phone(e164: str) -> str:
    """Return a phone number as RFC 5733 writes it; "" stays ""."""
    if not e164:
        return ""
    number = phonenumbers.parse(e164, None)
    return f"+{number.country_code}.{phonenumbers.national_significant_number(number)}"


def contacts_for(
    policy: TldPolicy,
    registrant: Registrant,
    identities: Mapping[Role, ProxyIdentity],
    *,
    hide: bool,
    shared_email: str = "",
) -> dict[Role, Contact]:
    """Return what the registry shall hold per role of the TLD's policy.

    Args:
        policy: Rule of the TLD; with `rdds_only` the contacts are those of our own publication.
        registrant: The real holder.
        identities: Proxy identity per role; needed for every role when `hide` and contacts are replaced.
        hide: Whether to reach the private state.
        shared_email: Mailbox of proxy contacts that domains share at the registry; "" where each has its own.

    Raises:
        KeyError: A role that must be hidden has no identity; nothing may be sent then.
    """
    own = registrant_contact(registrant)
    if hide and shared_email and policy.mechanism is Mechanism.SUBSTITUTE:
        return {role: replace(proxy_contact(identities[role]), email=shared_email) for role in policy.roles}
    if hide and policy.mechanism in _PROXY_HELD_BY_REGISTRY:
        return {role: proxy_contact(identities[role]) for role in policy.roles}
    if hide and policy.mechanism is Mechanism.RELAY_EMAIL:
        return {role: replace(own, email=identities[role].relay_address) for role in policy.roles}
    return dict.fromkeys(policy.roles, own)


def published_contacts(
    policy: TldPolicy, registrant: Registrant, identities: Mapping[Role, ProxyIdentity], *, hide: bool
) -> dict[Role, Contact]:
    """Return the contacts as our RDAP and WHOIS know them, per role."""
    if not hide:
        return dict.fromkeys(roles_of(policy), registrant_contact(registrant))
    return {role: proxy_contact(identities[role]) for role in roles_of(policy) if role in identities}


def differences(before: Mapping[Role, Contact], after: Mapping[Role, Contact]) -> tuple[Difference, ...]:
    """Return every field that differs, by role and in the order of the fields."""
    return tuple(
        Difference(role, field.name, old, new)
        for role in Role
        if role in before and role in after
        for field in fields(Contact)
        if (old := _text(before[role], field.name)) != (new := _text(after[role], field.name))
    )


def _text(contact: Contact, name: str) -> str:
    value = getattr(contact, name)
    return ", ".join(value) if isinstance(value, tuple) else value
