"""Contact commands and data (RFC 5733): check, info, create, update, delete, and disclosure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from registries.epp.frames.base import Command, Response
from registries.epp.markup import CONTACT, EPP, Element, FrameError, add, find, find_all, flag_of, text_of


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


EVERY_FIELD = frozenset(DiscloseField)


@dataclass(frozen=True, slots=True)
class Disclose:
    """An exception to the registry's publication policy.

    Attributes:
        flag: True to publish the fields, False to withhold them.
        fields: What it is about; what is not named follows the registry's policy, or becomes public
            at registries seen, so that an update names all of them.
    """

    flag: bool
    fields: frozenset[DiscloseField] = EVERY_FIELD

    def withholds(self, wanted: Iterable[DiscloseField]) -> bool:
        """Whether every one of `wanted` is withheld."""
        return not self.flag and self.fields.issuperset(wanted)

    def publishes(self, wanted: Iterable[DiscloseField]) -> bool:
        """Whether every one of `wanted` is published."""
        return self.flag and self.fields.issuperset(wanted)


@dataclass(frozen=True, slots=True)
class PostalInfo:
    """Name and address in one form.

    Attributes:
        sp: State or province, "" where there is none.
        pc: Postal code, "" where there is none.
        cc: ISO 3166-1 alpha-2.
    """

    type: PostalType
    name: str
    org: str
    street: tuple[str, ...]
    city: str
    sp: str
    pc: str
    cc: str


@dataclass(frozen=True, slots=True)
class ContactData:
    """A contact as `info` shows it.

    Attributes:
        disclose: None where no exception to the registry's policy is recorded.
        sponsor: The registrar that manages it (`clID`); "" where the registry does not show it.
    """

    handle: str
    statuses: tuple[str, ...]
    postal: tuple[PostalInfo, ...]
    voice: str
    email: str
    disclose: Disclose | None
    sponsor: str = ""

    def postal_form(self) -> PostalInfo:
        """Return the localised form, which is the holder's own writing, or else the other one."""
        return max(self.postal, key=lambda info: info.type is PostalType.LOC)


@dataclass(frozen=True, slots=True)
class Availability:
    """One line of a check's answer; `reason` is the registry's words, "" when available."""

    available: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ContactCheck(Command[dict[str, Availability]]):
    """Ask which handles are free."""

    name: ClassVar[str] = "contact:check"

    handles: tuple[str, ...]

    def write(self, command: Element) -> None:
        """Append `check`."""
        check = add(add(command, EPP, "check"), CONTACT, "check")
        for handle in self.handles:
            add(check, CONTACT, "id", handle)

    def read(self, response: Response) -> dict[str, Availability]:
        """Return the availability of each handle the registry answered for."""
        return read_availability(response, CONTACT, "id")


def read_availability(response: Response, namespace: str, tag: str) -> dict[str, Availability]:
    """Read the `chkData` of a check, by the name of what was asked for."""
    found: dict[str, Availability] = {}
    data = None if response.data is None else find(response.data, namespace, "chkData")
    for item in find_all(data, namespace, "cd"):
        named = find(item, namespace, tag)
        if named is not None and named.text:
            reason = text_of(item, namespace, "reason")
            found[named.text.strip()] = Availability(flag_of(named, "avail"), reason)
    return found


@dataclass(frozen=True, slots=True)
class ContactInfo(Command[ContactData]):
    """Read a contact."""

    name: ClassVar[str] = "contact:info"

    handle: str

    def write(self, command: Element) -> None:
        """Append `info`."""
        info = add(add(command, EPP, "info"), CONTACT, "info")
        add(info, CONTACT, "id", self.handle)

    def read(self, response: Response) -> ContactData:
        """Return the contact; a registry may leave fields out or exceed its own lengths."""
        data = None if response.data is None else find(response.data, CONTACT, "infData")
        if data is None:
            raise FrameError("the answer to contact:info has no contact")
        postal = tuple(_read_postal(element) for element in find_all(data, CONTACT, "postalInfo"))
        if not postal:
            raise FrameError("the contact has no postal information")
        return ContactData(
            handle=text_of(data, CONTACT, "id"),
            statuses=tuple(status.get("s", "") for status in find_all(data, CONTACT, "status")),
            postal=postal,
            voice=text_of(data, CONTACT, "voice"),
            email=text_of(data, CONTACT, "email"),
            disclose=_read_disclose(find(data, CONTACT, "disclose")),
            sponsor=text_of(data, CONTACT, "clID"),
        )


@dataclass(frozen=True, slots=True)
class ContactCreate(Command[str]):
    """Create a contact; the answer's data are its handle.

    Attributes:
        handle: 3 to 16 characters (RFC 5730 clIDType).
        auth_info: Password of the object.
    """

    name: ClassVar[str] = "contact:create"
    transform: ClassVar[bool] = True

    handle: str
    postal: tuple[PostalInfo, ...]
    voice: str
    email: str
    auth_info: str = field(repr=False)
    disclose: Disclose | None = None

    def write(self, command: Element) -> None:
        """Append `create`."""
        create = add(add(command, EPP, "create"), CONTACT, "create")
        add(create, CONTACT, "id", self.handle)
        for info in self.postal:
            _write_postal(create, info)
        if self.voice:
            add(create, CONTACT, "voice", self.voice)
        add(create, CONTACT, "email", self.email)
        add(add(create, CONTACT, "authInfo"), CONTACT, "pw", self.auth_info)
        _write_disclose(create, self.disclose)

    def read(self, response: Response) -> str:
        """Return the handle, which a registry may have chosen itself."""
        data = None if response.data is None else find(response.data, CONTACT, "creData")
        return text_of(data, CONTACT, "id") or self.handle


@dataclass(frozen=True, slots=True)
class ContactUpdate(Command[None]):
    """Change a contact; what is None or empty stays as it is."""

    name: ClassVar[str] = "contact:update"
    transform: ClassVar[bool] = True

    handle: str
    postal: tuple[PostalInfo, ...] = ()
    voice: str | None = None
    email: str | None = None
    disclose: Disclose | None = None
    add_statuses: tuple[str, ...] = ()
    remove_statuses: tuple[str, ...] = ()

    def write(self, command: Element) -> None:
        """Append `update`."""
        update = add(add(command, EPP, "update"), CONTACT, "update")
        add(update, CONTACT, "id", self.handle)
        for tag, statuses in (("add", self.add_statuses), ("rem", self.remove_statuses)):
            if statuses:
                group = add(update, CONTACT, tag)
                for status in statuses:
                    add(group, CONTACT, "status", s=status)
        if self.postal or self.voice is not None or self.email is not None or self.disclose is not None:
            self._write_change(add(update, CONTACT, "chg"))

    def _write_change(self, change: Element) -> None:
        for info in self.postal:
            # An empty organisation takes the old one away; a missing one would leave it.
            _write_postal(change, info, always_org=True)
        if self.voice is not None:
            add(change, CONTACT, "voice", self.voice)
        if self.email is not None:
            add(change, CONTACT, "email", self.email)
        _write_disclose(change, self.disclose)

    def read(self, response: Response) -> None:
        """An update has no data."""


@dataclass(frozen=True, slots=True)
class ContactDelete(Command[None]):
    """Delete a contact; 2305 while objects refer to it."""

    name: ClassVar[str] = "contact:delete"
    transform: ClassVar[bool] = True

    handle: str

    def write(self, command: Element) -> None:
        """Append `delete`."""
        delete = add(add(command, EPP, "delete"), CONTACT, "delete")
        add(delete, CONTACT, "id", self.handle)

    def read(self, response: Response) -> None:
        """A deletion has no data."""


def _write_postal(parent: Element, info: PostalInfo, *, always_org: bool = False) -> None:
    postal = add(parent, CONTACT, "postalInfo", type=info.type)
    add(postal, CONTACT, "name", info.name)
    if info.org or always_org:
        add(postal, CONTACT, "org", info.org)
    address = add(postal, CONTACT, "addr")
    for line in info.street:
        add(address, CONTACT, "street", line)
    add(address, CONTACT, "city", info.city)
    if info.sp:
        add(address, CONTACT, "sp", info.sp)
    if info.pc:
        add(address, CONTACT, "pc", info.pc)
    add(address, CONTACT, "cc", info.cc)


def _read_postal(element: Element) -> PostalInfo:
    address = find(element, CONTACT, "addr")
    lines = (" ".join((line.text or "").split()) for line in find_all(address, CONTACT, "street"))
    return PostalInfo(
        type=PostalType.LOC if element.get("type") == "loc" else PostalType.INT,
        name=text_of(element, CONTACT, "name"),
        org=text_of(element, CONTACT, "org"),
        street=tuple(line for line in lines if line),
        city=text_of(address, CONTACT, "city"),
        sp=text_of(address, CONTACT, "sp"),
        pc=text_of(address, CONTACT, "pc"),
        cc=text_of(address, CONTACT, "cc"),
    )


def _write_disclose(parent: Element, disclose: Disclose | None) -> None:
    if disclose is None:
        return
    element = add(parent, CONTACT, "disclose", flag="1" if disclose.flag else "0")
    # The schema's order is the order of the enumeration.
    for item in DiscloseField:
        if item in disclose.fields:
            tag, _, postal = item.partition(" ")
            add(element, CONTACT, tag, **({"type": postal} if postal else {}))


def _read_disclose(element: Element | None) -> Disclose | None:
    if element is None:
        return None
    fields: set[DiscloseField] = set()
    for item in element:
        tag = str(item.tag).rpartition("}")[2]
        # Some registries leave the type out, which RFC 5733 requires: both forms are meant.
        forms = (item.get("type"),) if item.get("type") else ("int", "loc")
        names = {tag, *(f"{tag} {form}" for form in forms)}
        fields.update(known for known in DiscloseField if known in names)
    return Disclose(flag_of(element, "flag"), frozenset(fields))
