"""The commands of EPP as values (RFC 5730-5733), valid as far as a frame alone can tell.

`name` is what journal and faults call a command; `object_id` is the object or session it is about.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from registries.contact import Role
from registries.sandbox.values import (
    Disclosure,
    DsData,
    HostAddress,
    Nameserver,
    Phone,
    PostalChange,
    PostalInfo,
)


@dataclass(frozen=True, slots=True)
class DsChange:
    """What an update does to the DS records: removal comes first."""

    remove: tuple[DsData, ...] = ()
    remove_all: bool = False
    add: tuple[DsData, ...] = ()


@dataclass(frozen=True, slots=True)
class Session:
    """Base of commands about the session itself."""

    name: ClassVar[str]

    @property
    def object_id(self) -> str:
        """There is no object."""
        return ""


@dataclass(frozen=True, slots=True)
class Login(Session):
    """RFC 5730 2.9.1.1."""

    name: ClassVar[str] = "login"
    client_id: str
    password: str
    new_password: str | None
    version: str
    language: str
    objects: tuple[str, ...]
    extensions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Logout(Session):
    """RFC 5730 2.9.1.2."""

    name: ClassVar[str] = "logout"


@dataclass(frozen=True, slots=True)
class Poll(Session):
    """RFC 5730 2.9.2.3; an acknowledgement when it has a message id."""

    name: ClassVar[str] = "poll"
    message_id: str | None = None

    @property
    def object_id(self) -> str:
        """The message acknowledged."""
        return self.message_id or ""


@dataclass(frozen=True, slots=True)
class Check:
    """Ask which of some identifiers are free."""

    name: ClassVar[str]
    ids: tuple[str, ...]

    @property
    def object_id(self) -> str:
        """The identifiers asked for."""
        return " ".join(self.ids)


class ContactCheck(Check):
    """RFC 5733 3.1.1."""

    __slots__ = ()
    name = "contact:check"


class DomainCheck(Check):
    """RFC 5731 3.1.1."""

    __slots__ = ()
    name = "domain:check"


class HostCheck(Check):
    """RFC 5732 3.1.1."""

    __slots__ = ()
    name = "host:check"


@dataclass(frozen=True, slots=True)
class OnObject:
    """Base of commands about one object."""

    name: ClassVar[str]
    object_id: str


@dataclass(frozen=True, slots=True)
class ContactInfo(OnObject):
    """RFC 5733 3.1.2."""

    name: ClassVar[str] = "contact:info"
    authorization: str | None = None


@dataclass(frozen=True, slots=True)
class ContactCreate(OnObject):
    """RFC 5733 3.2.1."""

    name: ClassVar[str] = "contact:create"
    postal: tuple[PostalInfo, ...]
    voice: Phone | None
    fax: Phone | None
    email: str
    authorization: str
    disclosure: Disclosure | None


@dataclass(frozen=True, slots=True)
class ContactUpdate(OnObject):
    """RFC 5733 3.2.5; None leaves what there is."""

    name: ClassVar[str] = "contact:update"
    add: frozenset[str]
    remove: frozenset[str]
    postal: tuple[PostalChange, ...] = ()
    voice: Phone | None = None
    fax: Phone | None = None
    email: str | None = None
    authorization: str | None = None
    disclosure: Disclosure | None = None


@dataclass(frozen=True, slots=True)
class ContactDelete(OnObject):
    """RFC 5733 3.2.2."""

    name: ClassVar[str] = "contact:delete"


@dataclass(frozen=True, slots=True)
class DomainInfo(OnObject):
    """RFC 5731 3.1.2; `hosts` is all, del, sub or none."""

    name: ClassVar[str] = "domain:info"
    hosts: str = "all"
    authorization: str | None = None


@dataclass(frozen=True, slots=True)
class DomainCreate(OnObject):
    """RFC 5731 3.2.1."""

    name: ClassVar[str] = "domain:create"
    months: int
    nameservers: tuple[Nameserver, ...]
    contacts: tuple[tuple[Role, str], ...]
    authorization: str
    ds: tuple[DsData, ...] = ()


@dataclass(frozen=True, slots=True)
class DomainParts:
    """What an update adds or removes."""

    nameservers: tuple[Nameserver, ...] = ()
    contacts: tuple[tuple[Role, str], ...] = ()
    statuses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DomainUpdate(OnObject):
    """RFC 5731 3.2.5; None leaves what there is, an empty registrant or authorization removes it."""

    name: ClassVar[str] = "domain:update"
    add: DomainParts = DomainParts()
    remove: DomainParts = DomainParts()
    registrant: str | None = None
    authorization: str | None = None
    ds: DsChange = DsChange()


@dataclass(frozen=True, slots=True)
class DomainRenew(OnObject):
    """RFC 5731 3.2.3."""

    name: ClassVar[str] = "domain:renew"
    current_expiry: date
    months: int


@dataclass(frozen=True, slots=True)
class DomainDelete(OnObject):
    """RFC 5731 3.2.2."""

    name: ClassVar[str] = "domain:delete"


@dataclass(frozen=True, slots=True)
class HostInfo(OnObject):
    """RFC 5732 3.1.2."""

    name: ClassVar[str] = "host:info"


@dataclass(frozen=True, slots=True)
class HostCreate(OnObject):
    """RFC 5732 3.2.1."""

    name: ClassVar[str] = "host:create"
    addresses: tuple[HostAddress, ...] = ()


@dataclass(frozen=True, slots=True)
class HostParts:
    """What an update adds or removes."""

    addresses: tuple[HostAddress, ...] = ()
    statuses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class HostUpdate(OnObject):
    """RFC 5732 3.2.5; None leaves the name."""

    name: ClassVar[str] = "host:update"
    add: HostParts
    remove: HostParts
    new_name: str | None = None


@dataclass(frozen=True, slots=True)
class HostDelete(OnObject):
    """RFC 5732 3.2.2."""

    name: ClassVar[str] = "host:delete"


@dataclass(frozen=True, slots=True)
class Transfer(OnObject):
    """RFC 5730 2.9.3.4; `operation` is query, request, approve, reject or cancel."""

    operation: str
    authorization: str | None


@dataclass(frozen=True, slots=True)
class ContactTransfer(Transfer):
    """RFC 5733 3.1.3 and 3.2.4."""

    name: ClassVar[str] = "contact:transfer"


@dataclass(frozen=True, slots=True)
class DomainTransfer(Transfer):
    """RFC 5731 3.1.3 and 3.2.4; `months` that a completed transfer adds, None for what is usual here."""

    name: ClassVar[str] = "domain:transfer"
    months: int | None


Command = Session | Check | OnObject


@dataclass(frozen=True, slots=True)
class Hello:
    """RFC 5730 2.3: asks for the greeting."""


@dataclass(frozen=True, slots=True)
class Request:
    """A command with the client's transaction identifier, and the frame's payload that it was read from."""

    command: Command
    client_transaction: str | None
    frame: bytes = field(repr=False)
