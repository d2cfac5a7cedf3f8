"""Write a domain as WHOIS text: section 1.4.2 of the RAA 2013's RDDS specification, as amended in 2024.

The contacts that the Registration Data Policy dropped are left out, and so is a field that we never hold
(fax, extension, reseller). A registry's text differs in one label. Addresses of name servers stand in the
answers to `nameserver` queries: here the specification wants the name alone.
"""

from collections.abc import Iterator

from registries.contact import Role
from whoisproxy.publication.record import Field, Profile, RddsContact, RddsRecord
from whoisproxy.publication.whois.lines import moment, phone, terms, text

_Fields = Iterator[tuple[str, str]]

_WITHHELD = "REDACTED"
_PREFIXES = {Role.REGISTRANT: "Registrant", Role.ADMIN: "Admin", Role.TECH: "Tech", Role.BILLING: "Billing"}
_EXPIRATIONS = {
    Profile.REGISTRAR: "Registrar Registration Expiration Date",
    Profile.REGISTRY: "Registry Expiry Date",
    Profile.CCTLD: "Registrar Registration Expiration Date",
}
_STATUS_CODES = "For more information on Whois status codes, please visit https://icann.org/epp"


def domain_text(record: RddsRecord) -> bytes:
    """Return the answer to a query for a domain."""
    remarks = [_STATUS_CODES, terms(record.registrar.terms_url)]
    if record.contact_page:
        remarks.append(f"Write to the holder of this domain: {record.contact_page}")
    return text(_fields(record), record.read_at, *remarks)


def _fields(record: RddsRecord) -> _Fields:
    yield "Domain Name", record.name
    if record.unicode_name != record.name:
        yield "Internationalized Domain Name", record.unicode_name
    yield "Registry Domain ID", _WITHHELD if Field.REGISTRY_ID in record.withheld else record.registry_id
    if record.registrar.whois_server:
        yield "Registrar WHOIS Server", record.registrar.whois_server
    yield "Registrar URL", record.registrar.url
    yield "Updated Date", moment(record.changed_at)
    yield "Creation Date", moment(record.registered_at)
    yield _EXPIRATIONS[record.profile], moment(record.expires_at) if record.expires_at else ""
    yield from _registrar(record)
    for status in record.statuses or ("ok",):
        yield "Domain Status", f"{status} https://icann.org/epp#{status}"
    for contact in record.contacts:
        yield from _contact(contact)
    for host in record.nameservers:
        yield "Name Server", host.name
    yield from _dnssec(record)
    yield "URL of the ICANN RDDS Inaccuracy Complaint Form", "https://icann.org/wicf"


def _registrar(record: RddsRecord) -> _Fields:
    registrar = record.registrar
    yield "Registrar", registrar.name
    yield "Registrar IANA ID", "" if registrar.iana_id is None else str(registrar.iana_id)
    yield "Registrar Abuse Contact Email", registrar.abuse_email
    yield "Registrar Abuse Contact Phone", phone(registrar.abuse_phone)


def _contact(contact: RddsContact) -> _Fields:
    """Yield a contact's lines; a withheld value says so, one that never was is empty."""
    prefix = _PREFIXES[contact.role]
    withheld = contact.withheld
    yield f"Registry {prefix} ID", _WITHHELD if Field.REGISTRY_ID in withheld else contact.handle
    yield f"{prefix} Name", _WITHHELD if Field.NAME in withheld else contact.name
    yield f"{prefix} Organization", _WITHHELD if Field.ORGANIZATION in withheld else contact.organization
    for line in (_WITHHELD,) if Field.STREET in withheld else contact.street:
        yield f"{prefix} Street", line
    yield f"{prefix} City", _WITHHELD if Field.CITY in withheld else contact.city
    yield f"{prefix} State/Province", contact.region
    yield f"{prefix} Postal Code", _WITHHELD if Field.POSTAL_CODE in withheld else contact.postal_code
    yield f"{prefix} Country", contact.country_code
    yield f"{prefix} Phone", _WITHHELD if Field.PHONE in withheld else phone(contact.phone)
    # A web page may stand where the address is withheld (Registration Data Policy).
    yield f"{prefix} Email", contact.contact_uri if Field.EMAIL in withheld else contact.email


def _dnssec(record: RddsRecord) -> _Fields:
    yield "DNSSEC", "signedDelegation" if record.delegation_signed else "unsigned"
    for ds in record.ds:
        yield "DNSSEC DS Data", f"{ds.key_tag} {ds.algorithm} {ds.digest_type} {ds.digest}"
