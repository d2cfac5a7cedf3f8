"""What a registry publishes of a contact and what it withholds (RFC 5733 section 2.9)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from registries.epp.markup import CONTACT, Element, add, flag_of


class PostalType(StrEnum):
    """The two forms of an address (RFC 5733 section 2.4)."""

    INT = "int"  # 7-bit ASCII
    LOC = "loc"  # any script


class DiscloseField(StrEnum):
    """What a registry may publish or withhold (RFC 5733 section 2.9), in the schema's order."""

    NAME_INT = "name int"
    NAME_LOC = "name loc"
    ORG_INT = "org int"
    ORG_LOC = "org loc"
    ADDR_INT = "addr int"
    ADDR_LOC = "addr loc"
    VOICE = "voice"
    FAX = "fax"
    EMAIL = "email"

    @classmethod
    def of(cls, tag: str, postal: PostalType) -> "DiscloseField":
        """Return the field of a postal item in one of its forms."""
        return cls(f"{tag} {postal}")

    @property
    def tag(self) -> str:
        """The element's name: `name`, `voice`."""
        return self.partition(" ")[0]


EVERY_FIELD = frozenset(DiscloseField)


@dataclass(frozen=True, slots=True)
class Disclose:
    """An exception to the registry's publication policy.

    Attributes:
        flag: True to publish the fields, False to withhold them.
        fields: What it is about; what is not named follows the registry's policy, or becomes public
            at registries seen, so that an update names all of them.
        untyped: How it is written: False as RFC 5733 has it; True for registries that know no forms.
    """

    flag: bool
    fields: frozenset[DiscloseField] = EVERY_FIELD
    untyped: bool = field(default=False, compare=False)

    def withholds(self, wanted: Iterable[DiscloseField]) -> bool:
        """Whether every one of `wanted` is withheld."""
        return not self.flag and self.fields.issuperset(wanted)

    def publishes(self, wanted: Iterable[DiscloseField]) -> bool:
        """Whether every one of `wanted` is published."""
        return self.flag and self.fields.issuperset(wanted)


def fields_of(tags: Iterable[str]) -> frozenset[DiscloseField]:
    """Return the fields that elements of these names stand for, in both forms."""
    wanted = frozenset(tags)
    return frozenset(each for each in DiscloseField if each.tag in wanted)


# What .fi's schema admits, in its order.
_UNTYPED_TAGS = ("voice", "email", "addr")


def write_disclose(parent: Element, disclose: Disclose | None) -> None:
    """Append `disclose`, if there is one."""
    if disclose is None:
        return
    element = add(parent, CONTACT, "disclose", flag="1" if disclose.flag else "0")
    if disclose.untyped:
        named = {each.tag for each in disclose.fields}
        for tag in (tag for tag in _UNTYPED_TAGS if tag in named):
            add(element, CONTACT, tag)
        return
    # The schema's order is the order of the enumeration.
    for item in (item for item in DiscloseField if item in disclose.fields):
        postal = item.partition(" ")[2]
        add(element, CONTACT, item.tag, **({"type": postal} if postal else {}))


# .fi answers with another word than the one it takes.
_OTHER_WORDS = {"address": "addr"}


def read_disclose(element: Element | None) -> Disclose | None:
    """Read `disclose`, with or without the types that RFC 5733 requires."""
    if element is None:
        return None
    fields: set[DiscloseField] = set()
    for item in element:
        local = str(item.tag).rpartition("}")[2]
        tag, form = _OTHER_WORDS.get(local, local), item.get("type")
        # Without a type both forms are meant.
        fields.update(each for each in fields_of({tag}) if not form or each in {tag, f"{tag} {form}"})
    return Disclose(flag_of(element, "flag"), frozenset(fields))
