"""What a contact card can tell, whichever way it is written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import idna

from whoisproxy.publication.record import Field, RddsContact, RddsRegistrar


class Postal(Protocol):
    """An address; `RddsContact` and `RddsRegistrar` have these fields."""

    @property
    def street(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def city(self) -> str: ...  # noqa: D102
    @property
    def region(self) -> str: ...  # noqa: D102
    @property
    def postal_code(self) -> str: ...  # noqa: D102
    @property
    def country_code(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Card:
    """One contact.

    Attributes:
        name: "" where it is withheld.
        organization: "" for a person; None where nothing is to be told.
        address: None where it is not told.
        phone: E.164 with a leading plus, or "".
        contact_uri: Page to write to in place of an e-mail, or "".
        url: Web site, or "".
    """

    name: str
    organization: str | None = None
    address: Postal | None = None
    phone: str = ""
    email: str = ""
    contact_uri: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Writer:
    """A way to write cards.

    Attributes:
        member: Name of the member of an entity that holds the card.
        write: Returns the card's JSON; its second argument is the URI of whom the card is about.
    """

    member: str
    write: Callable[[Card, str], Any]


def contact_card(contact: RddsContact) -> Card:
    """Return a domain's contact. A missing organisation would count as redacted (profile 2.7.4.2)."""
    shown = Field.ORGANIZATION not in contact.withheld
    return Card(
        contact.name,
        contact.organization if shown else None,
        contact,
        contact.phone,
        ascii_domain(contact.email),
        contact.contact_uri,
    )


def office_card(registrar: RddsRegistrar) -> Card:
    """Return the registrar itself, as it answers for itself (profile 3.1)."""
    address = registrar if registrar.country_code else None
    email = ascii_domain(registrar.email)
    return Card(registrar.name, None, address, registrar.phone, email, url=registrar.url)


def name_card(registrar: RddsRegistrar) -> Card:
    """Return the registrar as other objects name it (profile 2.4.1)."""
    return Card(registrar.name)


def abuse_card(registrar: RddsRegistrar) -> Card:
    """Return the registrar's abuse contact (profile 2.4.5)."""
    return Card("Abuse contact", phone=registrar.abuse_phone, email=ascii_domain(registrar.abuse_email))


def ascii_domain(mailbox: str) -> str:
    """Return a mailbox with its domain in A-labels, the form that RFC 5322 knows.

    A local part beyond ASCII (RFC 6531) stays: it has no other form.
    """
    if mailbox.isascii():
        return mailbox
    local_part, _, domain = mailbox.rpartition("@")
    try:
        return f"{local_part}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return mailbox
