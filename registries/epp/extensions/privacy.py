"""How a registry hides and shows, seen from outside: RFC 5733's disclosure in, the registry's own words out.

Everything above says `Disclose` and reads `Disclose`, whatever the registry. A registry without a switch of
its own takes it as it is (`PlainDisclosure`).
"""

from typing import Protocol

from registries.epp.frames.base import Extension
from registries.epp.frames.contact import ContactCreate, ContactData, ContactUpdate
from registries.epp.frames.disclosure import Disclose
from registries.epp.frames.domain import DomainData
from registries.epp.markup import Element

Created = tuple[ContactCreate, tuple[Extension, ...]]
Updated = tuple[ContactUpdate, tuple[Extension, ...]]

HIDDEN = Disclose(flag=False)
SHOWN = Disclose(flag=True)


class ContactPrivacy(Protocol):
    """A registry's way to hide a contact."""

    def create(self, create: ContactCreate) -> Created:
        """Return the command as the registry takes it, and what goes into its extension."""
        ...

    def update(self, update: ContactUpdate, present: ContactData | None) -> Updated:
        """Return the command as the registry takes it, and what goes into its extension.

        Args:
            update: What is wanted, with `disclose` in RFC 5733's words.
            present: The contact as it was read last, for registries that want old values named.
        """
        ...

    def read_back(self, data: ContactData, extension: Element | None) -> ContactData:
        """Return the contact with `disclose` as the registry's own switch stands.

        An answer without the extension proves nothing and is left as it is.
        """
        ...


class DomainPrivacy(Protocol):
    """A registry's way to hide the contacts of one domain."""

    def switch(self, domain: DomainData, *, hide: bool, person: bool) -> Extension:
        """Return what goes into the extension of a `domain:update`.

        Args:
            domain: As it was read last.
            hide: False to publish.
            person: Whether the registrant is a person.

        Raises:
            RegistryRefused: The registry does not hide such a registrant.
        """
        ...

    def read_back(self, extension: Element | None) -> Disclose | None:
        """Return the domain's setting; None where its contacts say themselves what is published."""
        ...


class PlainDisclosure:
    """RFC 5733 alone."""

    def create(self, create: ContactCreate) -> Created:
        """Return the command."""
        return create, ()

    def update(self, update: ContactUpdate, present: ContactData | None) -> Updated:  # noqa: ARG002
        """Return the command."""
        return update, ()

    def read_back(self, data: ContactData, extension: Element | None) -> ContactData:  # noqa: ARG002
        """Return the contact."""
        return data
