"""Contacts, in the one shape that answers show them in."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from registries.contact import Contact, Role
from whoisproxy.api.models.common import AnswerModel


class ContactView(AnswerModel):
    """A contact as it is published, or as the registry holds it or shall hold it (RFC 5733)."""

    name: str
    organization: str
    street: list[str]
    city: str
    region: str
    postal_code: str
    country_code: str
    phone: Annotated[str, Field(description="As in RFC 5733, such as `+41.446681800`.")]
    email: str


def contacts_view(contacts: Mapping[Role, Contact]) -> dict[Role, ContactView]:
    """Return contacts as they are shown, in the order of roles."""
    return {role: _view(contacts[role]) for role in Role if role in contacts}


def _view(contact: Contact) -> ContactView:
    return ContactView(
        name=contact.name,
        organization=contact.organization,
        street=list(contact.street),
        city=contact.city,
        region=contact.region,
        postal_code=contact.postal_code,
        country_code=contact.country_code,
        phone=contact.phone,
        email=contact.email,
    )
