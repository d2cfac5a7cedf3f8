"""Decide what the public may see of a domain: here and in `disclosed` alone registrant and record meet.

While privacy is wanted or published, the record is built from the brand and the relay addresses and
from nothing of the registrant. Otherwise it shows the registrant, as the registrar decided, except
where the TLD's registry withholds him from the public itself: we never say more than it does.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import idna

from registries.contact import Role
from registries.policy import Reason, TldPolicy
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.privacy import PrivacyStatus
from whoisproxy.domain.proxy_identity import Brand, ProxyIdentity
from whoisproxy.domain.registrant import Registrant
from whoisproxy.domain.registration import Registration
from whoisproxy.publication.record import (
    Field,
    Profile,
    RddsContact,
    RddsNameserver,
    RddsRecord,
    RddsRegistrar,
)

# ICANN's Registration Data Policy publishes registrant and technical contact; administrative and
# billing contacts are no longer collected, and RDAP admits them with a registry's handle only.
_PUBLISHED_ROLES = (Role.REGISTRANT, Role.TECH)

# RDAP profile 2.2 and 2.7: a registry's contact id that is not shown counts as redacted, always.
_ALWAYS_WITHHELD = (Field.REGISTRY_ID,)
_PUBLISHED_BY_REGISTRIES = (Field.REGION, Field.COUNTRY_CODE)
_WITHHELD_WITHOUT_ADDRESS = (Field.REGISTRY_ID, Field.EMAIL)


def build_record(  # noqa: PLR0913, PLR0917 - everything that decides meets here, and nowhere else
    registration: Registration,
    status: PrivacyStatus,
    identities: Mapping[Role, ProxyIdentity] | None,
    registrar: Registrar,
    policy: TldPolicy,
    now: datetime,
    default_brand: Brand,
) -> RddsRecord:
    """Return what RDAP and WHOIS show of a domain.

    Args:
        registration: The domain with its holder.
        status: Decides alone whether the holder may appear.
        identities: Proxy identity per role, each with the domain's relay address. While hidden, a
            role without one shows the brand and the page of its terms in place of an address.
        registrar: Whose domain it is; its brand, or else `default_brand`, gives the abuse contact.
        policy: Rule of the TLD: which roles it knows, and whether the registry redacts on its own.
        now: When the database was read.
        default_brand: Brand of registrars that have none of their own.
    """
    brand = registrar.brand or default_brand
    name = registration.name
    shown = _registrant_to_show(registration, status)
    roles = [role for role in _PUBLISHED_ROLES if role is Role.REGISTRANT or role in policy.roles]
    if shown is None:
        contacts = [_proxy(role, brand, (identities or {}).get(role)) for role in roles]
    else:
        contacts = [_registrant(role, shown) for role in roles]
        if policy.reason is Reason.ALREADY_REDACTED:
            contacts = [_withheld(contact, registrar.url) for contact in contacts]
    return RddsRecord(
        name=name.a_label,
        # Most names have no U-label, and finding that out by IDNA takes longer than all else here.
        unicode_name=name.u_label if "xn--" in name.a_label else name.a_label,
        registry_id="",
        profile=Profile.REGISTRAR,
        registrar=_registrar(registrar, brand),
        contacts=tuple(contacts),
        nameservers=tuple(_nameserver(host) for host in registration.nameservers),
        delegation_signed=False,
        ds=(),
        statuses=registration.statuses,
        registered_at=registration.registered_at,
        expires_at=registration.expires_at,
        changed_at=registration.updated_at,
        withheld=_ALWAYS_WITHHELD,
        # To the minute: equal questions get equal bytes, so that an ETag is good for something.
        read_at=now.replace(second=0, microsecond=0),
    )


def _registrant_to_show(registration: Registration, status: PrivacyStatus) -> Registrant | None:
    """Return the holder where he may be seen; the only access to him in this module."""
    return None if status.hidden else registration.registrant


def _registrar(registrar: Registrar, brand: Brand) -> RddsRegistrar:
    return RddsRegistrar(
        name=registrar.name,
        iana_id=registrar.iana_id,
        url=registrar.url,
        whois_server="",
        street=(),
        city="",
        region="",
        postal_code="",
        country_code="",
        phone="",
        email="",
        abuse_email=brand.abuse_email,
        abuse_phone=brand.abuse_phone,
        terms_url=brand.terms_url,
    )


def _nameserver(host: str) -> RddsNameserver:
    name = host.rstrip(".").lower()
    return RddsNameserver(name, _unicode(name) if "xn--" in name else name, ())


def _unicode(host: str) -> str:
    try:
        return idna.decode(host)
    except (idna.IDNAError, UnicodeError):
        # Names of hosts are bound to RFC 1123 only: what looks like an A-label need not be one.
        return host


def _proxy(role: Role, own_brand: Brand, identity: ProxyIdentity | None) -> RddsContact:
    """Return the proxy's data in full: ICANN's policy wants them unredacted."""
    brand = identity.brand if identity else own_brand
    return RddsContact(
        role=role,
        handle="",
        name=brand.name,
        organization=brand.organization,
        street=brand.street,
        city=brand.city,
        region=brand.region,
        postal_code=brand.postal_code,
        country_code=brand.country_code,
        phone=brand.phone,
        email=identity.relay_address if identity else "",
        contact_uri="" if identity else brand.terms_url,
        withheld=_ALWAYS_WITHHELD if identity else _WITHHELD_WITHOUT_ADDRESS,
    )


def _registrant(role: Role, registrant: Registrant) -> RddsContact:
    return RddsContact(
        role=role,
        handle="",
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
        withheld=_ALWAYS_WITHHELD,
    )


def _withheld(contact: RddsContact, contact_uri: str) -> RddsContact:
    """Return the contact with region and country only, and a way to reach him through the registrar.

    A part that he does not have is not reported as withheld.
    """
    parts = tuple(field for field in Field if field in _ALWAYS_WITHHELD or getattr(contact, field))
    parts = tuple(field for field in parts if field not in _PUBLISHED_BY_REGISTRIES)
    return replace(
        contact,
        name="",
        organization="",
        street=(),
        city="",
        postal_code="",
        phone="",
        email="",
        contact_uri=contact_uri,
        withheld=parts,
    )
