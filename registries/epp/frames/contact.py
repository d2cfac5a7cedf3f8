"""Contact commands and data (RFC 5733): check, info, create, update and delete."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from registries.contact import Role
from registries.epp.frames.availability import Availability, read_availability
from registries.epp.frames.base import Command, Response
from registries.epp.frames.disclosure import (
    EVERY_FIELD,
    Disclose,
    DiscloseField,
    PostalType,
    read_disclose,
    write_disclose,
)
from registries.epp.markup import (
    CONTACT,
    EPP,
    Element,
    FrameError,
    add,
    find,
    find_all,
    text_of,
    time_of,
)

__all__ = [
    "EVERY_FIELD",
    "Availability",
    "ContactCheck",
    "ContactCreate",
    "ContactData",
    "ContactDelete",
    "ContactInfo",
    "ContactUpdate",
    "Disclose",
    "DiscloseField",
    "PostalInfo",
    "PostalType",
]


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
        disclose: None where no exception to the registry's policy is recorded. A registry with a switch
            of its own is read as if it had said the same by RFC 5733.
        sponsor: The registrar that manages it (`clID`).
        type: What kind of holder the registry takes it for, in the registry's words; "" for most.
        public_email: The e-mail the registry publishes, where it keeps one apart; "" otherwise.
    """

    handle: str
    statuses: tuple[str, ...]
    postal: tuple[PostalInfo, ...]
    voice: str
    email: str
    disclose: Disclose | None
    fax: str = ""
    roid: str = ""
    sponsor: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    transferred_at: datetime | None = None
    type: str = ""
    public_email: str = ""

    @property
    def shown_email(self) -> str:
        """The e-mail that the public would be shown, were it shown one."""
        return self.public_email or self.email

    def postal_form(self) -> PostalInfo:
        """Return the localised form, which is the holder's own writing, or else the other one."""
        return max(self.postal, key=lambda info: info.type is PostalType.LOC)


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


@dataclass(frozen=True, slots=True)
class ContactInfo(Command[ContactData]):
    """Read a contact.

    Attributes:
        auth_info: The object's password, to read another registrar's contact.
    """

    name: ClassVar[str] = "contact:info"

    handle: str
    auth_info: str = field(default="", repr=False)

    def write(self, command: Element) -> None:
        """Append `info`."""
        info = add(add(command, EPP, "info"), CONTACT, "info")
        add(info, CONTACT, "id", self.handle)
        if self.auth_info:
            add(add(info, CONTACT, "authInfo"), CONTACT, "pw", self.auth_info)

    def read(self, response: Response) -> ContactData:
        """Return the contact; a registry may leave fields out or exceed its own lengths."""
        data = find(response.data, CONTACT, "infData")
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
            disclose=read_disclose(find(data, CONTACT, "disclose")),
            fax=text_of(data, CONTACT, "fax"),
            roid=text_of(data, CONTACT, "roid"),
            sponsor=text_of(data, CONTACT, "clID"),
            created_at=time_of(data, CONTACT, "crDate"),
            updated_at=time_of(data, CONTACT, "upDate"),
            transferred_at=time_of(data, CONTACT, "trDate"),
            type=text_of(data, CONTACT, "type"),
        )


@dataclass(frozen=True, slots=True)
class ContactCreate(Command[str]):
    """Create a contact; the answer's data are its handle.

    Attributes:
        handle: 3 to 16 characters (RFC 5730 clIDType).
        auth_info: Password of the object.
        role: What it will be to domains; some registries' extensions ask.
    """

    name: ClassVar[str] = "contact:create"
    transform: ClassVar[bool] = True

    handle: str
    postal: tuple[PostalInfo, ...]
    voice: str
    email: str
    auth_info: str = field(repr=False)
    disclose: Disclose | None = None
    role: Role = Role.REGISTRANT

    @property
    def is_organization(self) -> bool:
        """Whether it stands for an organisation rather than a person."""
        return any(info.org for info in self.postal)

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
        write_disclose(create, self.disclose)

    def read(self, response: Response) -> str:
        """Return the handle, which a registry may have chosen itself."""
        data = find(response.data, CONTACT, "creData")
        return text_of(data, CONTACT, "id") or self.handle


@dataclass(frozen=True, slots=True)
class ContactUpdate(Command[None]):
    """Change a contact; what is None or empty stays as it is.

    Attributes:
        public_email: The e-mail to publish. RFC 5733 knows one e-mail, which it then becomes; where an
            extension keeps a public one apart, the other stays.
    """

    name: ClassVar[str] = "contact:update"
    transform: ClassVar[bool] = True

    handle: str
    postal: tuple[PostalInfo, ...] = ()
    voice: str | None = None
    email: str | None = None
    disclose: Disclose | None = None
    add_statuses: tuple[str, ...] = ()
    remove_statuses: tuple[str, ...] = ()
    public_email: str | None = None

    def write(self, command: Element) -> None:
        """Append `update`."""
        update = add(add(command, EPP, "update"), CONTACT, "update")
        add(update, CONTACT, "id", self.handle)
        for tag, statuses in (("add", self.add_statuses), ("rem", self.remove_statuses)):
            if statuses:
                group = add(update, CONTACT, tag)
                for status in statuses:
                    add(group, CONTACT, "status", s=status)
        emails = (self.email, self.public_email)
        if self.postal or any(value is not None for value in (self.voice, *emails, self.disclose)):
            self._write_change(add(update, CONTACT, "chg"))

    def _write_change(self, change: Element) -> None:
        for info in self.postal:
            # An empty organisation takes the old one away; a missing one would leave it.
            _write_postal(change, info, always_org=True)
        if self.voice is not None:
            add(change, CONTACT, "voice", self.voice)
        email = self.email if self.public_email is None else self.public_email
        if email is not None:
            add(change, CONTACT, "email", email)
        write_disclose(change, self.disclose)

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
    # .fi has two elements where RFC 5733 has one.
    parts = (text_of(element, CONTACT, tag) for tag in ("firstname", "lastname"))
    return PostalInfo(
        type=PostalType.LOC if element.get("type") == "loc" else PostalType.INT,
        name=text_of(element, CONTACT, "name") or " ".join(filter(None, parts)),
        org=text_of(element, CONTACT, "org"),
        street=tuple(line for line in lines if line),
        city=text_of(address, CONTACT, "city"),
        sp=text_of(address, CONTACT, "sp"),
        pc=text_of(address, CONTACT, "pc"),
        cc=text_of(address, CONTACT, "cc"),
    )
