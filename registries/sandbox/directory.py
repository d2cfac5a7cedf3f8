"""What the registry's public directory shows of a domain, and what the registry really holds.

The directory obeys each contact's disclosure (RFC 5733 2.9); a field that no client named is public.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from registries.contact import Contact, Role
from registries.sandbox.domains import shown_statuses
from registries.sandbox.records import ContactRecord
from registries.sandbox.store import State
from registries.sandbox.values import Address, PostalInfo

_NOWHERE = Address((), "", None, None, "")


@dataclass(frozen=True, slots=True)
class DirectoryContact:
    """A contact in one role.

    Attributes:
        forms: The contact once for each postal form (`int`, `loc`) that the registry has; a withheld
            field is empty.
        fax: As `Contact.phone`.
    """

    handle: str
    forms: Mapping[str, Contact]
    fax: str

    @property
    def contact(self) -> Contact:
        """The localized form where there is one, else the internationalized."""
        return self.forms.get("loc") or self.forms["int"]


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """A domain as anyone may look it up."""

    domain: str
    registrar: str
    statuses: Sequence[str]
    nameservers: Sequence[str]
    contacts: Mapping[Role, DirectoryContact]

    def text(self) -> str:
        """Return the entry as `Key: value` lines, every form of every contact, withheld fields left out."""
        lines = [f"Domain Name: {self.domain}", f"Registrar: {self.registrar}"]
        lines += [f"Domain Status: {status}" for status in self.statuses]
        for role, contact in self.contacts.items():
            for form in contact.forms.values():
                lines += _lines(role.value.capitalize(), form)
            if contact.fax:
                lines.append(f"{role.value.capitalize()} Fax: {contact.fax}")
        lines += [f"Name Server: {host}" for host in self.nameservers]
        return "\n".join(lines) + "\n"


def _lines(role: str, contact: Contact) -> list[str]:
    fields = [
        ("Name", contact.name),
        ("Organization", contact.organization),
        *(("Street", line) for line in contact.street),
        ("City", contact.city),
        ("State/Province", contact.region),
        ("Postal Code", contact.postal_code),
        ("Country", contact.country_code),
        ("Phone", contact.phone),
        ("Email", contact.email),
    ]
    return [f"{role} {key}: {value}" for key, value in fields if value]


def published(state: State, domain: str) -> DirectoryEntry | None:
    """Return what the public sees of a domain, or None when it is not registered (yet)."""
    record = state.domains.get(domain)
    if record is None or "pendingCreate" in record.statuses:
        return None
    contacts = {role: _publish(contact) for role, contact in _contacts(state, domain).items()}
    return DirectoryEntry(
        domain,
        record.origin.sponsor,
        shown_statuses(record),
        [server.name for server in record.nameservers],
        contacts,
    )


def held(state: State, domain: str) -> dict[Role, DirectoryContact]:
    """Return what the registry holds for a domain, disclosed or not; of several in a role, the first."""
    return {role: _show(contact) for role, contact in _contacts(state, domain).items()}


def _contacts(state: State, domain: str) -> dict[Role, ContactRecord]:
    record = state.domains.get(domain)
    found: dict[Role, ContactRecord] = {}
    for role, handle in record.contacts if record else ():
        contact = state.contacts.get(handle)
        if contact is not None:
            found.setdefault(role, contact)
    return found


def _publish(record: ContactRecord) -> DirectoryContact:
    def public(field: str) -> bool:
        return record.disclosure.get(field, True)

    visible = replace(
        record,
        postal=tuple(
            PostalInfo(
                postal.kind,
                postal.name if public(f"name:{postal.kind}") else "",
                postal.organization if public(f"org:{postal.kind}") else None,
                postal.address if public(f"addr:{postal.kind}") else _NOWHERE,
            )
            for postal in record.postal
        ),
        voice=record.voice if public("voice") else None,
        fax=record.fax if public("fax") else None,
        email=record.email if public("email") else "",
    )
    return _show(visible)


def _show(record: ContactRecord) -> DirectoryContact:
    phone = record.voice.number if record.voice else ""
    forms = {postal.kind: _form(postal, phone, record.email) for postal in record.postal}
    return DirectoryContact(record.handle, forms, record.fax.number if record.fax else "")


def _form(postal: PostalInfo, phone: str, email: str) -> Contact:
    return Contact(
        name=postal.name,
        organization=postal.organization or "",
        street=postal.address.street,
        city=postal.address.city,
        region=postal.address.region or "",
        postal_code=postal.address.postal_code or "",
        country_code=postal.address.country_code,
        phone=phone,
        email=email,
    )
