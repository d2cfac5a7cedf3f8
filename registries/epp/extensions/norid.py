"""Norid's contacts (.no, no-ext-contact-1.0): a kind, and a mobile phone with a disclosure of its own.

The other fields follow RFC 5733's disclosure, which goes along unchanged.
"""

from dataclasses import dataclass, replace

from registries.contact import Role
from registries.epp.extensions.privacy import Created, Updated
from registries.epp.frames.contact import ContactCreate, ContactData, ContactUpdate
from registries.epp.frames.disclosure import DiscloseField
from registries.epp.markup import NORID, Element, add, find, flag_of, text_of


@dataclass(frozen=True, slots=True)
class _Creation:
    kind: str

    def write(self, extension: Element) -> None:
        """Append `create`."""
        add(add(extension, NORID, "create"), NORID, "type", self.kind)


@dataclass(frozen=True, slots=True)
class _MobilePhone:
    shown: bool

    def write(self, extension: Element) -> None:
        """Append `update`."""
        change = add(add(extension, NORID, "update"), NORID, "chg")
        disclose = add(change, NORID, "disclose", flag="1" if self.shown else "0")
        add(disclose, NORID, "mobilePhone")


class Norid:
    """Contacts of Norid."""

    def create(self, create: ContactCreate) -> Created:
        """Say what kind of contact it is."""
        kind = "organization" if create.is_organization and create.role is Role.REGISTRANT else "person"
        return create, (_Creation(kind),)

    def update(self, update: ContactUpdate, present: ContactData | None) -> Updated:  # noqa: ARG002
        """Hide or show the mobile phone with the rest."""
        wanted = update.disclose
        return update, () if wanted is None else (_MobilePhone(wanted.flag),)

    def read_back(self, data: ContactData, extension: Element | None) -> ContactData:
        """Return the contact; with a mobile phone to be seen, phones do not count as withheld."""
        found = find(extension, NORID, "infData")
        if found is None:
            return data
        disclose = data.disclose
        if disclose is not None and not disclose.flag and _mobile_is_public(found):
            disclose = replace(disclose, fields=disclose.fields - {DiscloseField.VOICE})
        return replace(data, disclose=disclose, type=text_of(found, NORID, "type"))


def _mobile_is_public(found: Element) -> bool:
    exception = find(found, NORID, "disclose")
    withheld = (
        exception is not None
        and not flag_of(exception, "flag")
        and find(exception, NORID, "mobilePhone") is not None
    )
    return bool(text_of(found, NORID, "mobilePhone")) and not withheld
