"""DNS-LU's contacts (.lu, dnslu-1.0): a flag for each field, changed by adding the new and removing the old.

Of a holder only name and address can be published at all, and only they have flags; the other contacts
have flags for phone and e-mail too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from registries.contact import Role
from registries.epp.extensions.privacy import SHOWN, Created, Updated
from registries.epp.frames.contact import ContactCreate, ContactData, ContactUpdate, PostalInfo
from registries.epp.frames.disclosure import Disclose, fields_of
from registries.epp.markup import DNS_LU, Element, add, find, flag_of, text_of

_TAGS = ("name", "addr", "org", "voice", "fax", "email")  # in the order in which they are written
_HOLDER_TAGS = frozenset({"name", "addr"})
_HOLDERS = frozenset({"holder_pers", "holder_org"})
_CONTACT = "contact"

Flags = Mapping[str, bool]  # True where a field is published


@dataclass(frozen=True, slots=True)
class _Creation:
    kind: str
    flags: Flags

    def write(self, extension: Element) -> None:
        """Append `ext`."""
        contact = add(add(add(extension, DNS_LU, "ext"), DNS_LU, "create"), DNS_LU, "contact")
        add(contact, DNS_LU, "type", self.kind)
        _write_flags(contact, self.flags)


@dataclass(frozen=True, slots=True)
class _Change:
    new: Flags
    old: Flags

    def write(self, extension: Element) -> None:
        """Append `ext`."""
        contact = add(add(add(extension, DNS_LU, "ext"), DNS_LU, "update"), DNS_LU, "contact")
        for tag, flags in (("add", self.new), ("rem", self.old)):
            if flags:
                _write_flags(add(contact, DNS_LU, tag), flags)


def _write_flags(parent: Element, flags: Flags) -> None:
    disclose = add(parent, DNS_LU, "disclose")
    for tag in (tag for tag in _TAGS if tag in flags):
        add(disclose, DNS_LU, tag, flag="1" if flags[tag] else "0")


class DnsLu:
    """Contacts of DNS-LU."""

    def create(self, create: ContactCreate) -> Created:
        """Say what kind of contact it is, and flag each of its fields; nothing said is hidden."""
        kind = _CONTACT
        if create.role is Role.REGISTRANT:
            kind = "holder_org" if create.is_organization else "holder_pers"
        tags = _tags(kind, create.postal, voice=create.voice, fax="")
        flags = {tag: create.disclose is not None and _shows(create.disclose, tag) for tag in tags}
        return replace(create, disclose=None), (_Creation(kind, flags),)

    def update(self, update: ContactUpdate, present: ContactData | None) -> Updated:
        """Flag each field that the contact has; those that change are removed with their old flag."""
        bare = replace(update, disclose=None)
        wanted, old = update.disclose, None if present is None else present.disclose
        if wanted is None:
            return bare, ()
        kind, tags = _CONTACT, tuple(_TAGS)
        if present is not None:
            kind = present.type or _CONTACT
            tags = _tags(kind, present.postal, voice=present.voice, fax=present.fax)
        was = {} if old is None else {tag: _shows(old, tag) for tag in tags}
        will_be = {tag: _shows(wanted, tag) for tag in tags}
        changed = {tag: flag for tag, flag in will_be.items() if was.get(tag) != flag}
        if not changed:
            return bare, ()
        return bare, (_Change(changed, {tag: was[tag] for tag in changed if tag in was}),)

    def read_back(self, data: ContactData, extension: Element | None) -> ContactData:
        """Return the contact with what the flags withhold."""
        found = find(extension, DNS_LU, "ext", "resData", "infData", "contact")
        disclose = find(found, DNS_LU, "disclose")
        if disclose is None:
            return data
        kind = text_of(found, DNS_LU, "type")
        flags = {str(flag.tag).rpartition("}")[2]: flag_of(flag, "flag") for flag in disclose}
        withheld = {tag for tag, shown in flags.items() if not shown}
        if not withheld:
            return replace(data, disclose=SHOWN, type=kind)
        never = set(_TAGS) - _HOLDER_TAGS if kind in _HOLDERS else set()
        return replace(data, disclose=Disclose(flag=False, fields=fields_of(withheld | never)), type=kind)


def _tags(kind: str, postal: Iterable[PostalInfo], *, voice: str, fax: str) -> tuple[str, ...]:
    """Return the fields that have a flag: those that the contact has, as far as its kind can publish them."""
    present = {"org": any(info.org for info in postal), "voice": bool(voice), "fax": bool(fax)}
    allowed = _HOLDER_TAGS if kind in _HOLDERS else frozenset(_TAGS)
    return tuple(tag for tag in _TAGS if tag in allowed and present.get(tag, True))


def _shows(disclose: Disclose, tag: str) -> bool:
    """Whether a field is published; one that is not named is taken for the opposite of those that are."""
    return disclose.flag == bool(disclose.fields & fields_of({tag}))
