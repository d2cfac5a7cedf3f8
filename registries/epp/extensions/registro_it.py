"""Registro.it's `consentForPublishing` (.it, extcon-1.0): without consent a person is not published."""

from dataclasses import dataclass, replace

from registries.epp.extensions.privacy import HIDDEN, SHOWN, Created, Updated
from registries.epp.frames.contact import ContactCreate, ContactData, ContactUpdate
from registries.epp.markup import REGISTRO_IT, Element, add, find, is_true, text_of


@dataclass(frozen=True, slots=True)
class _Consent:
    """The consent, given or not.

    Attributes:
        command: `create` or `update`.
    """

    command: str
    given: bool

    def write(self, extension: Element) -> None:
        """Append the command's element."""
        element = add(extension, REGISTRO_IT, self.command)
        add(element, REGISTRO_IT, "consentForPublishing", "true" if self.given else "false")


class RegistroIt:
    """Contacts of Registro.it."""

    def create(self, create: ContactCreate) -> Created:
        """Say whether there is consent; none was given where nothing is said."""
        given = create.disclose is not None and create.disclose.flag
        return replace(create, disclose=None), (_Consent("create", given),)

    def update(self, update: ContactUpdate, present: ContactData | None) -> Updated:  # noqa: ARG002
        """Give or withdraw the consent."""
        wanted = update.disclose
        bare = replace(update, disclose=None)
        return bare, () if wanted is None else (_Consent("update", wanted.flag),)

    def read_back(self, data: ContactData, extension: Element | None) -> ContactData:
        """Return the contact, hidden when the consent is withheld."""
        found = find(extension, REGISTRO_IT, "infData")
        consent = text_of(found, REGISTRO_IT, "consentForPublishing")
        if not consent:
            return data
        kind = text_of(found, REGISTRO_IT, "registrant", "entityType")
        return replace(data, disclose=SHOWN if is_true(consent) else HIDDEN, type=kind)
