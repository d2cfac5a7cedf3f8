"""Traficom's contacts (.fi): the disclosure of RFC 5733 without its types, for phone, e-mail and address."""

from dataclasses import replace

from registries.epp.extensions.privacy import Created, Updated
from registries.epp.frames.contact import ContactCreate, ContactData, ContactUpdate
from registries.epp.frames.disclosure import Disclose
from registries.epp.markup import Element


class Traficom:
    """Contacts of Traficom."""

    def create(self, create: ContactCreate) -> Created:
        """Return the command with the disclosure as the registry takes it."""
        return replace(create, disclose=_untyped(create.disclose)), ()

    def update(self, update: ContactUpdate, present: ContactData | None) -> Updated:  # noqa: ARG002
        """Return the command with the disclosure as the registry takes it."""
        return replace(update, disclose=_untyped(update.disclose)), ()

    def read_back(self, data: ContactData, extension: Element | None) -> ContactData:  # noqa: ARG002
        """Return the contact: what is read without types is read already."""
        return data


def _untyped(disclose: Disclose | None) -> Disclose | None:
    return None if disclose is None else replace(disclose, untyped=True)
