"""Write a domain as WHOIS text (RFC 3912), with the fields and the order of ICANN's specification.

The order is that of the Registration Data Directory Services specification of the RAA 2013, without the
contacts that the Registration Data Policy dropped. UTF-8, lines end with CRLF. Every value is one line: what
could break out of it is replaced, so no name can forge a field.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from registries.contact import Role
from whoisproxy.publication.record import Field, RddsContact, RddsRecord

_WITHHELD = "REDACTED"
_PREFIXES = {Role.REGISTRANT: "Registrant", Role.ADMIN: "Admin", Role.TECH: "Tech", Role.BILLING: "Billing"}
# ITU-T E.164: one to three digits, no code begins with another.
_CALLING_CODES = frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))


def render(record: RddsRecord) -> bytes:
    """Return the answer to a query for a domain."""
    lines = [f"{label}: {value}".rstrip() for label, value in _fields(record)]
    lines += [
        f">>> Last update of WHOIS database: {_time(record.read_at)} <<<",
        "",
        "For more information on Whois status codes, please visit https://icann.org/epp",
        "",
        f"Terms of use: {_one_line(record.registrar.terms_url)}",
    ]
    return encode(lines)


def encode(lines: list[str]) -> bytes:
    """Return lines as they go over the wire."""
    return "".join(f"{line}\r\n" for line in lines).encode()


def _fields(record: RddsRecord) -> Iterator[tuple[str, str]]:
    for label, value in _plain_fields(record):
        yield label, _one_line(value)


def _plain_fields(record: RddsRecord) -> Iterator[tuple[str, str]]:
    registrar = record.registrar
    yield "Domain Name", record.name
    if record.unicode_name != record.name:
        yield "Internationalized Domain Name", record.unicode_name
    yield "Registry Domain ID", _WITHHELD
    yield "Registrar URL", registrar.url
    yield "Updated Date", _time(record.changed_at)
    yield "Creation Date", _time(record.registered_at)
    yield "Registrar Registration Expiration Date", _time(record.expires_at) if record.expires_at else ""
    yield "Registrar", registrar.name
    yield "Registrar IANA ID", "" if registrar.iana_id is None else str(registrar.iana_id)
    yield "Registrar Abuse Contact Email", registrar.abuse_email
    yield "Registrar Abuse Contact Phone", _phone(registrar.abuse_phone)
    for status in record.statuses or ("ok",):
        yield "Domain Status", f"{status} https://icann.org/epp#{status}"
    for contact in record.contacts:
        yield from _contact(contact)
    for host in record.nameservers:
        yield "Name Server", host.name
    yield "DNSSEC", "unsigned"
    yield "URL of the ICANN RDDS Inaccuracy Complaint Form", "https://icann.org/wicf"


def _contact(contact: RddsContact) -> Iterator[tuple[str, str]]:
    """Yield a contact's lines; a withheld value says so, one that never was is empty."""
    prefix = _PREFIXES[contact.role]
    withheld = contact.withheld
    yield f"Registry {prefix} ID", _WITHHELD if Field.REGISTRY_ID in withheld else ""
    yield f"{prefix} Name", _WITHHELD if Field.NAME in withheld else contact.name
    yield f"{prefix} Organization", _WITHHELD if Field.ORGANIZATION in withheld else contact.organization
    for line in (_WITHHELD,) if Field.STREET in withheld else contact.street:
        yield f"{prefix} Street", line
    yield f"{prefix} City", _WITHHELD if Field.CITY in withheld else contact.city
    yield f"{prefix} State/Province", contact.region
    yield f"{prefix} Postal Code", _WITHHELD if Field.POSTAL_CODE in withheld else contact.postal_code
    yield f"{prefix} Country", contact.country_code
    yield f"{prefix} Phone", _WITHHELD if Field.PHONE in withheld else _phone(contact.phone)
    # A web page may stand where the address is withheld (Registration Data Policy).
    yield f"{prefix} Email", contact.contact_uri if Field.EMAIL in withheld else contact.email


def _one_line(value: str) -> str:
    """Return `value` without line breaks of any script, controls and invisible characters."""
    if not value.isprintable():
        value = "".join(char if char.isprintable() else " " for char in value)
    return " ".join(value.split())


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _phone(number: str) -> str:
    """Return E.164 as the specification wants it, `+41.225550100` (RFC 5733 section 2.5)."""
    digits = number.removeprefix("+")
    for length in (1, 2, 3):
        if digits[:length] in _CALLING_CODES:
            return f"+{digits[:length]}.{digits[length:]}"
    return number
