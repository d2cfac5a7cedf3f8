"""EURid's contacts (.eu, contact-ext): `whoisEmail`, made for a relay address, and `naturalPerson`.

Of a natural person EURid publishes the e-mail alone, and `whoisEmail` instead where it is set. Whether a
contact is one is a statement of fact: it is made of contacts without an organisation when they are to be
hidden, and never taken back.
"""

from dataclasses import dataclass, replace

from registries.contact import Role
from registries.epp.extensions.privacy import SHOWN, Created, Updated
from registries.epp.frames.contact import ContactCreate, ContactData, ContactUpdate
from registries.epp.frames.disclosure import EVERY_FIELD, Disclose, DiscloseField
from registries.epp.markup import Element, add, find, is_true, text_of

_PERSON = Disclose(flag=False, fields=EVERY_FIELD - {DiscloseField.EMAIL})

# EURid has no administrative contact; its on-site contact comes nearest.
_TYPES = {Role.REGISTRANT: "registrant", Role.ADMIN: "onsite", Role.TECH: "tech", Role.BILLING: "billing"}
_LANGUAGE = "en"  # of the registry's mails to the contact


@dataclass(frozen=True, slots=True)
class _Creation:
    namespace: str
    role: Role
    person: bool

    def write(self, extension: Element) -> None:
        """Append `create`."""
        create = add(extension, self.namespace, "create")
        add(create, self.namespace, "type", _TYPES[self.role])
        add(create, self.namespace, "lang", _LANGUAGE)
        add(create, self.namespace, "naturalPerson", "true" if self.person else "false")


@dataclass(frozen=True, slots=True)
class _Change:
    """What changes of the extension's fields.

    Attributes:
        email: None to leave it.
        becomes_person: False to leave it.
    """

    namespace: str
    email: str | None
    becomes_person: bool

    def write(self, extension: Element) -> None:
        """Append `update`."""
        change = add(add(extension, self.namespace, "update"), self.namespace, "chg")
        if self.email is not None:
            add(change, self.namespace, "whoisEmail", self.email)
        if self.becomes_person:
            add(change, self.namespace, "naturalPerson", "true")


@dataclass(frozen=True, slots=True)
class Eurid:
    """Contacts of EURid.

    Attributes:
        namespace: The version of the extension that the greeting announces.
    """

    namespace: str

    def create(self, create: ContactCreate) -> Created:
        """Say what it is for and whether it is a person."""
        person = not create.is_organization
        return replace(create, disclose=None), (_Creation(self.namespace, create.role, person),)

    def update(self, update: ContactUpdate, present: ContactData | None) -> Updated:
        """Set the public e-mail, and have a person that is to be hidden taken for one."""
        hide = update.disclose is not None and not update.disclose.flag
        becomes_person = hide and present is not None and present.disclose == SHOWN and _is_person(present)
        bare = replace(update, disclose=None, public_email=None)
        if update.public_email is None and not becomes_person:
            return bare, ()
        return bare, (_Change(self.namespace, update.public_email, becomes_person),)

    def read_back(self, data: ContactData, extension: Element | None) -> ContactData:
        """Return the contact; of a person all but the e-mail is withheld, of others nothing."""
        found = find(extension, self.namespace, "infData")
        if found is None:
            return data
        person = is_true(text_of(found, self.namespace, "naturalPerson"))
        return replace(
            data,
            disclose=_PERSON if person else SHOWN,
            type=text_of(found, self.namespace, "type"),
            public_email=text_of(found, self.namespace, "whoisEmail"),
        )


def _is_person(data: ContactData) -> bool:
    return not any(info.org for info in data.postal)
