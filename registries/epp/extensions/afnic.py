"""AFNIC's `restrictedPublication` (.fr and its sisters, frnic-2.0).

A contact is on the list of restricted publication or it is not; nothing finer.
"""

from dataclasses import dataclass, replace

from registries.epp.extensions.privacy import HIDDEN, SHOWN, Created, Updated
from registries.epp.frames.contact import ContactCreate, ContactData, ContactUpdate
from registries.epp.markup import AFNIC, Element, add, find, find_all

_LIST = "restrictedPublication"


@dataclass(frozen=True, slots=True)
class _Listing:
    """An entry on the list.

    Attributes:
        path: Where it goes: at creation, to be added, to be removed.
    """

    path: tuple[str, ...]

    def write(self, extension: Element) -> None:
        """Append `ext`."""
        element = add(extension, AFNIC, "ext")
        for tag in self.path:
            element = add(element, AFNIC, tag)
        add(element, AFNIC, "list", _LIST)


_AT_CREATION = _Listing(("create", "contact"))
_ADDED = _Listing(("update", "contact", "add"))
_REMOVED = _Listing(("update", "contact", "rem"))


class Afnic:
    """Contacts of AFNIC."""

    def create(self, create: ContactCreate) -> Created:
        """Put a hidden contact on the list."""
        hidden = create.disclose is not None and not create.disclose.flag
        return replace(create, disclose=None), (_AT_CREATION,) if hidden else ()

    def update(self, update: ContactUpdate, present: ContactData | None) -> Updated:
        """Add it to the list or remove it, unless it stands there as wanted."""
        wanted = update.disclose
        known = None if present is None else present.disclose
        if wanted is None or (known is not None and known.flag == wanted.flag):
            return replace(update, disclose=None), ()
        return replace(update, disclose=None), (_REMOVED if wanted.flag else _ADDED,)

    def read_back(self, data: ContactData, extension: Element | None) -> ContactData:
        """Return the contact, hidden when it is on the list."""
        found = find(extension, AFNIC, "ext", "resData", "infData", "contact")
        if found is None:
            return data
        listed = any((each.text or "").strip() == _LIST for each in find_all(found, AFNIC, "list"))
        legal = find(found, AFNIC, "legalEntityInfos") is not None
        kind = "legal entity" if legal else "individual"
        return replace(data, disclose=HIDDEN if listed else SHOWN, type=kind)
