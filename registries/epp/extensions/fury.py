"""CIRA's Fury (.ca, fury-2.1): key and value pairs, of which `PRIVACY` hides a domain's contacts.

A contact's `CPR` says by which Canadian presence it is entitled to a name; it is read and never changed.
Other registries run on Fury without `PRIVACY`; there RFC 5733's disclosure is used.
"""

from dataclasses import dataclass, replace

from registries.epp.extensions.privacy import HIDDEN, SHOWN, Created, PlainDisclosure, Updated
from registries.epp.frames.base import Extension
from registries.epp.frames.contact import ContactCreate, ContactData, ContactUpdate
from registries.epp.frames.disclosure import Disclose
from registries.epp.frames.domain import DomainData
from registries.epp.markup import FURY, Element, add, find, find_all, text_of

_KEY = "PRIVACY"
_PRIVATE, _PUBLIC = "PRIVATE", "PUBLIC"
_PRESENCE = "CPR"


def read_properties(extension: Element | None) -> dict[str, str]:
    """Return the properties of an info answer; of several values the first."""
    properties = find(extension, FURY, "info", "properties")
    return {
        text_of(each, FURY, "key"): text_of(each, FURY, "value")
        for each in find_all(properties, FURY, "property")
    }


@dataclass(frozen=True, slots=True)
class _Privacy:
    """One value in the place of the other."""

    new: str
    old: str

    def write(self, extension: Element) -> None:
        """Append `update`."""
        update = add(extension, FURY, "update")
        for tag, value in (("add", self.new), ("rem", self.old)):
            properties = add(add(update, FURY, tag), FURY, "properties")
            element = add(properties, FURY, "property")
            add(element, FURY, "key", _KEY)
            add(element, FURY, "value", value)


class FuryDomains:
    """Domains of CIRA."""

    def switch(self, domain: DomainData, *, hide: bool, person: bool) -> Extension:  # noqa: ARG002
        """Put one value in the place of the other."""
        return _Privacy(_PRIVATE, _PUBLIC) if hide else _Privacy(_PUBLIC, _PRIVATE)

    def read_back(self, extension: Element | None) -> Disclose | None:
        """Return the setting; None where the registry knows none."""
        value = read_properties(extension).get(_KEY, "")
        return {_PRIVATE: HIDDEN, "": None}.get(value, SHOWN)


class FuryContacts:
    """Contacts at registries that run on Fury."""

    _plain = PlainDisclosure()

    def create(self, create: ContactCreate) -> Created:
        """Return the command."""
        return self._plain.create(create)

    def update(self, update: ContactUpdate, present: ContactData | None) -> Updated:
        """Return the command."""
        return self._plain.update(update, present)

    def read_back(self, data: ContactData, extension: Element | None) -> ContactData:
        """Return the contact with its Canadian presence as type."""
        return replace(data, type=read_properties(extension).get(_PRESENCE, data.type))
