"""Decide what the public may see of a domain: here and in `disclosed` alone registrant and record meet.

While privacy is wanted or published, the record is built from the brand and the relay addresses and
from nothing of the registrant. Otherwise it shows the registrant, as the registrar decided, except
where the TLD's registry withholds him from the public itself: we never say more than it does.

What counts as withheld is the difference between what we hold for publication and what we show; while privacy
is on we hold the proxy's data, and show all of them.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

import idna

from registries.contact import Role
from registries.delegation import Host
from registries.policy import TldPolicy
from whoisproxy.domain.account import Office, Registrar
from whoisproxy.domain.privacy import PrivacyState, PrivacyStatus
from whoisproxy.domain.proxy_identity import Brand, ProxyIdentity
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import Registration
from whoisproxy.publication.profiles import EVERYTHING, listed, visible
from whoisproxy.publication.record import (
    Field,
    RddsContact,
    RddsEntity,
    RddsHost,
    RddsNameserver,
    RddsRecord,
    RddsRegistrar,
)

# ICANN's Registration Data Policy publishes registrant and technical contact; administrative and
# billing contacts are no longer collected, and RDAP admits them with a registry's handle only.
_PUBLISHED_ROLES = (Role.REGISTRANT, Role.TECH)

_NO_IDS: Mapping[Role, str] = MappingProxyType({})


def build_record(  # noqa: PLR0913, PLR0917 - everything that decides meets here, and nowhere else
    registration: Registration,
    status: PrivacyStatus,
    identities: Mapping[Role, ProxyIdentity] | None,
    registrar: Registrar,
    policy: TldPolicy,
    now: datetime,
    default_brand: Brand,
    contact_ids: Mapping[Role, str] = _NO_IDS,
    contact_prefix: str = "",
) -> RddsRecord:
    """Return what RDAP and WHOIS show of a domain.

    Args:
        registration: The domain with its holder.
        status: Decides alone whether the holder may appear.
        identities: Proxy identity per role, each with the domain's relay address. While hidden, a
            role without one shows the brand, and that page (or that of its terms) in place of an address.
        registrar: Whose domain it is; its brand, or else `default_brand`, gives the abuse contact.
        policy: Rule of the TLD: which roles it knows, its profile, and what the registry redacts on its own.
        now: When the database was read.
        default_brand: Brand of registrars that have none of their own.
        contact_ids: Ids at the registry of contact objects that were made for this domain alone: one that
            other domains have too would tell which domains belong together.
        contact_prefix: What stands before a domain in the address of the page by which its hidden holder is
            reached; "" where there is no such page.
    """
    brand = registrar.brand or default_brand
    name = registration.name
    held = _registrant_to_show(registration, status)
    roles = [role for role in _PUBLISHED_ROLES if role is Role.REGISTRANT or role in policy.roles]
    ids = contact_ids if _settled(status) else _NO_IDS
    if held is None:
        contacts = [_proxy(role, brand, (identities or {}).get(role), ids.get(role, "")) for role in roles]
        contact_page = contact_prefix and contact_prefix + name.a_label
        shown, page = EVERYTHING, contact_page or brand.terms_url
    else:
        contacts = [_registrant(role, held, ids.get(role, "")) for role in roles]
        shown, page = visible(policy, organization=bool(held.organization)), registrar.url
        contact_page = ""
    always = listed(policy.profile)
    return RddsRecord(
        name=name.a_label,
        # Most names have no U-label, and finding that out by IDNA takes longer than all else here.
        unicode_name=name.u_label if "xn--" in name.a_label else name.a_label,
        registry_id=registration.registry_id,
        profile=policy.profile,
        registrar=_registrar(registrar, brand),
        contacts=tuple([_shown(contact, shown, always, page) for contact in contacts]),
        nameservers=_nameservers(registration),
        delegation_signed=registration.delegation_signed,
        ds=registration.ds,
        statuses=registration.statuses,
        registered_at=registration.registered_at,
        expires_at=registration.expires_at,
        changed_at=registration.updated_at,
        withheld=() if registration.registry_id or Field.REGISTRY_ID not in always else (Field.REGISTRY_ID,),
        read_at=_to_the_minute(now),
        contact_page=contact_page,
    )


def build_host(
    name: str, addresses: tuple[str, ...], registrar: Registrar, now: datetime, default_brand: Brand
) -> RddsHost:
    """Return what RDAP and WHOIS show of a name server.

    Args:
        name: A-labels, lower case, without a final dot.
        addresses: Of the parent zone, as far as the domain above it is held here.
        registrar: Of that domain, or else of one that uses it.
        now: As in `build_record`.
        default_brand: As in `build_record`.
    """
    nameserver = RddsNameserver(name, _unicode(name), addresses)
    return RddsHost(nameserver, _registrar(registrar, registrar.brand or default_brand), _to_the_minute(now))


def build_entity(registrar: Registrar, now: datetime, default_brand: Brand) -> RddsEntity:
    """Return what RDAP and WHOIS show of a registrar; arguments as in `build_record`."""
    return RddsEntity(_registrar(registrar, registrar.brand or default_brand), _to_the_minute(now))


def _to_the_minute(now: datetime) -> datetime:
    # Equal questions get equal bytes, so that an ETag is good for something.
    return now.replace(second=0, microsecond=0)


def _registrant_to_show(registration: Registration, status: PrivacyStatus) -> Registrant | None:
    """Return the holder where he may be seen; the only access to him in this module."""
    return None if status.hidden else registration.registrant


def _settled(status: PrivacyStatus) -> bool:
    """Whether the contacts at the registry are certainly those that we show.

    While a switch is under way or in doubt, they may be the holder's although we show the proxy.
    """
    if status.hidden:
        return status.state is PrivacyState.ENABLED and status.wanted and status.published
    return status.state is PrivacyState.DISABLED


def _registrar(registrar: Registrar, brand: Brand) -> RddsRegistrar:
    office = registrar.office or _office_of(brand)
    return RddsRegistrar(
        name=registrar.name,
        iana_id=registrar.iana_id,
        url=registrar.url,
        whois_server=office.whois_server,
        street=office.street,
        city=office.city,
        region=office.region,
        postal_code=office.postal_code,
        country_code=office.country_code,
        phone=office.phone,
        email=office.email,
        abuse_email=brand.abuse_email,
        abuse_phone=brand.abuse_phone,
        terms_url=brand.terms_url,
    )


def _office_of(brand: Brand) -> Office:
    return Office(
        street=brand.street,
        city=brand.city,
        region=brand.region,
        postal_code=brand.postal_code,
        country_code=brand.country_code,
        phone=brand.phone,
        email=brand.abuse_email,
    )


def _nameservers(registration: Registration) -> tuple[RddsNameserver, ...]:
    hosts = {host.name: host for host in registration.hosts}
    return tuple([_nameserver(name.rstrip(".").lower(), hosts) for name in registration.nameservers])


def _nameserver(name: str, hosts: Mapping[str, Host]) -> RddsNameserver:
    return RddsNameserver(name, _unicode(name), hosts[name].addresses if name in hosts else ())


def _unicode(host: str) -> str:
    if "xn--" not in host:
        return host
    try:
        return idna.decode(host)
    except (idna.IDNAError, UnicodeError):
        # Names of hosts are bound to RFC 1123 only: what looks like an A-label need not be one.
        return host


def _proxy(role: Role, own_brand: Brand, identity: ProxyIdentity | None, handle: str) -> RddsContact:
    """Return the proxy's data in full: ICANN's policy wants them unredacted."""
    brand = identity.brand if identity else own_brand
    return RddsContact(
        role=role,
        handle=handle,
        name=brand.name,
        organization=brand.organization,
        street=brand.street,
        city=brand.city,
        region=brand.region,
        postal_code=brand.postal_code,
        country_code=brand.country_code,
        phone=brand.phone,
        email=identity.relay_address if identity else "",
        contact_uri="",
        withheld=(),
    )


def _registrant(role: Role, registrant: Registrant, handle: str) -> RddsContact:
    return RddsContact(
        role=role,
        handle=handle,
        name=registrant.name,
        organization=registrant.organization,
        street=registrant.street,
        city=registrant.city,
        region=registrant.region,
        postal_code=registrant.postal_code,
        country_code=registrant.country_code,
        phone=registrant.phone,
        email=registrant.email,
        contact_uri="",
        withheld=(),
    )


def _held(contact: RddsContact) -> frozenset[Field]:
    """Return the fields that there is a value of."""
    values = {
        Field.REGISTRY_ID: contact.handle,
        Field.NAME: contact.name,
        Field.ORGANIZATION: contact.organization,
        Field.STREET: contact.street,
        Field.CITY: contact.city,
        Field.REGION: contact.region,
        Field.POSTAL_CODE: contact.postal_code,
        Field.COUNTRY_CODE: contact.country_code,
        Field.PHONE: contact.phone,
        Field.EMAIL: contact.email,
    }
    return frozenset(field for field, value in values.items() if value)


def _shown(held: RddsContact, may_show: frozenset[Field], always: frozenset[Field], page: str) -> RddsContact:
    """Return a contact with no more than the public may see, and the list of what is missing.

    Args:
        held: All that we have of it.
        may_show: The fields that may be seen; region and country always are.
        always: Fields that count as withheld wherever they are not shown, whether we have them or not.
        page: Where to write to it instead, if its e-mail is not shown.
    """
    has = _held(held)
    shown = has & may_show
    withheld = (has | always) - shown
    return replace(
        held,
        handle=held.handle if Field.REGISTRY_ID in shown else "",
        name=held.name if Field.NAME in shown else "",
        organization=held.organization if Field.ORGANIZATION in shown else "",
        street=held.street if Field.STREET in shown else (),
        city=held.city if Field.CITY in shown else "",
        postal_code=held.postal_code if Field.POSTAL_CODE in shown else "",
        phone=held.phone if Field.PHONE in shown else "",
        email=held.email if Field.EMAIL in shown else "",
        contact_uri="" if Field.EMAIL in shown else page,
        withheld=tuple([field for field in Field if field in withheld]),
    )
