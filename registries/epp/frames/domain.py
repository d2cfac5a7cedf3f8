"""Domain commands and data (RFC 5731): check, info, create, update and delete.

Our updates never say a word about DNSSEC or name servers: what an update does not name stays as it is
(RFC 5910 section 5.2.5).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from registries.contact import Role
from registries.epp.extensions.grace_period import read_grace_periods
from registries.epp.extensions.security_dns import SecureDelegation, read_delegation
from registries.epp.frames.availability import Availability, read_availability
from registries.epp.frames.base import Command, Response
from registries.epp.frames.disclosure import Disclose
from registries.epp.markup import DOMAIN, EPP, Element, FrameError, add, find, find_all, text_of, time_of


@dataclass(frozen=True, slots=True)
class DomainContact:
    """A contact of a domain other than its registrant."""

    role: Role
    handle: str


@dataclass(frozen=True, slots=True)
class DomainData:
    """A domain as `info` shows it.

    Attributes:
        registrant: Handle; "" where the registry holds none or does not show it.
        contacts: In the registry's order; a role may occur more than once.
        sponsor: The registrar that manages it (`clID`).
        grace_periods: RFC 3915 statuses, such as `redemptionPeriod`.
        addresses: By name server, at registries that keep them with the domain (`hostAttr`).
        delegation: DNSSEC data; None where there are none or the registry does not say.
        disclose: The domain's own privacy setting, at registries that keep it per domain; None elsewhere.
    """

    name: str
    statuses: tuple[str, ...]
    registrant: str
    contacts: tuple[DomainContact, ...]
    nameservers: tuple[str, ...] = ()
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    roid: str = ""
    sponsor: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    expires_at: datetime | None = None
    transferred_at: datetime | None = None
    grace_periods: tuple[str, ...] = ()
    delegation: SecureDelegation | None = None
    disclose: Disclose | None = None

    def handles(self, role: Role) -> tuple[str, ...]:
        """Return the handles that play `role`."""
        if role is Role.REGISTRANT:
            return (self.registrant,) if self.registrant else ()
        return tuple(contact.handle for contact in self.contacts if contact.role is role)

    def all_handles(self) -> frozenset[str]:
        """Return every handle the domain refers to."""
        return frozenset(handle for role in Role for handle in self.handles(role))


@dataclass(frozen=True, slots=True)
class DomainCheck(Command[dict[str, Availability]]):
    """Ask which names are free."""

    name: ClassVar[str] = "domain:check"

    domains: tuple[str, ...]

    def write(self, command: Element) -> None:
        """Append `check`."""
        check = add(add(command, EPP, "check"), DOMAIN, "check")
        for domain in self.domains:
            add(check, DOMAIN, "name", domain)

    def read(self, response: Response) -> dict[str, Availability]:
        """Return the availability of each name the registry answered for."""
        return read_availability(response, DOMAIN, "name")


@dataclass(frozen=True, slots=True)
class DomainInfo(Command[DomainData]):
    """Read a domain.

    Attributes:
        domain: Lower-case A-label.
        auth_info: The object's password, to read another registrar's domain.
    """

    name: ClassVar[str] = "domain:info"

    domain: str
    auth_info: str = field(default="", repr=False)

    def write(self, command: Element) -> None:
        """Append `info`, without asking for subordinate hosts."""
        info = add(add(command, EPP, "info"), DOMAIN, "info")
        add(info, DOMAIN, "name", self.domain, hosts="none")
        if self.auth_info:
            add(add(info, DOMAIN, "authInfo"), DOMAIN, "pw", self.auth_info)

    def read(self, response: Response) -> DomainData:
        """Return the domain."""
        data = find(response.data, DOMAIN, "infData")
        if data is None:
            raise FrameError("the answer to domain:info has no domain")
        return DomainData(
            name=text_of(data, DOMAIN, "name"),
            statuses=tuple(status.get("s", "") for status in find_all(data, DOMAIN, "status")),
            registrant=text_of(data, DOMAIN, "registrant"),
            contacts=tuple(_read_contacts(data)),
            nameservers=_read_nameservers(find(data, DOMAIN, "ns")),
            addresses=_read_addresses(find(data, DOMAIN, "ns")),
            roid=text_of(data, DOMAIN, "roid"),
            sponsor=text_of(data, DOMAIN, "clID"),
            created_at=time_of(data, DOMAIN, "crDate"),
            updated_at=time_of(data, DOMAIN, "upDate"),
            expires_at=time_of(data, DOMAIN, "exDate"),
            transferred_at=time_of(data, DOMAIN, "trDate"),
            grace_periods=read_grace_periods(response.extension),
            delegation=read_delegation(response.extension),
        )


def _read_contacts(data: Element) -> list[DomainContact]:
    roles = {str(role): role for role in Role if role is not Role.REGISTRANT}
    return [
        DomainContact(roles[element.get("type", "")], (element.text or "").strip())
        for element in find_all(data, DOMAIN, "contact")
        if element.get("type") in roles
    ]


def _read_nameservers(servers: Element | None) -> tuple[str, ...]:
    objects = tuple((host.text or "").strip() for host in find_all(servers, DOMAIN, "hostObj"))
    attributes = find_all(servers, DOMAIN, "hostAttr")
    return objects + tuple(text_of(host, DOMAIN, "hostName") for host in attributes)


def _read_addresses(servers: Element | None) -> dict[str, tuple[str, ...]]:
    return {
        text_of(host, DOMAIN, "hostName"): tuple(
            (address.text or "").strip() for address in find_all(host, DOMAIN, "hostAddr")
        )
        for host in find_all(servers, DOMAIN, "hostAttr")
    }


@dataclass(frozen=True, slots=True)
class DomainCreate(Command[str]):
    """Register a domain; the answer's data are its name.

    Attributes:
        years: Registration period.
        nameservers: Names of host objects, which must exist.
    """

    name: ClassVar[str] = "domain:create"
    transform: ClassVar[bool] = True

    domain: str
    registrant: str
    contacts: tuple[DomainContact, ...]
    auth_info: str = field(repr=False)
    years: int = 1
    nameservers: tuple[str, ...] = ()

    def write(self, command: Element) -> None:
        """Append `create`."""
        create = add(add(command, EPP, "create"), DOMAIN, "create")
        add(create, DOMAIN, "name", self.domain)
        add(create, DOMAIN, "period", str(self.years), unit="y")
        if self.nameservers:
            servers = add(create, DOMAIN, "ns")
            for host in self.nameservers:
                add(servers, DOMAIN, "hostObj", host)
        if self.registrant:
            add(create, DOMAIN, "registrant", self.registrant)
        _write_contacts(create, self.contacts)
        add(add(create, DOMAIN, "authInfo"), DOMAIN, "pw", self.auth_info)

    def read(self, response: Response) -> str:
        """Return the name as the registry writes it."""
        data = find(response.data, DOMAIN, "creData")
        return text_of(data, DOMAIN, "name") or self.domain


@dataclass(frozen=True, slots=True)
class DomainUpdate(Command[None]):
    """Change a domain's contacts, registrant or statuses in one command.

    Attributes:
        registrant: The new registrant's handle; None to keep the present one.
    """

    name: ClassVar[str] = "domain:update"
    transform: ClassVar[bool] = True

    domain: str
    add_contacts: tuple[DomainContact, ...] = ()
    remove_contacts: tuple[DomainContact, ...] = ()
    registrant: str | None = None
    add_statuses: tuple[str, ...] = ()
    remove_statuses: tuple[str, ...] = ()

    def write(self, command: Element) -> None:
        """Append `update`."""
        update = add(add(command, EPP, "update"), DOMAIN, "update")
        add(update, DOMAIN, "name", self.domain)
        _write_group(update, "add", self.add_contacts, self.add_statuses)
        _write_group(update, "rem", self.remove_contacts, self.remove_statuses)
        if self.registrant is not None:
            add(add(update, DOMAIN, "chg"), DOMAIN, "registrant", self.registrant)

    def read(self, response: Response) -> None:
        """An update has no data."""


def _write_group(
    update: Element, tag: str, contacts: tuple[DomainContact, ...], statuses: tuple[str, ...]
) -> None:
    if not contacts and not statuses:
        return
    group = add(update, DOMAIN, tag)
    _write_contacts(group, contacts)
    for status in statuses:
        add(group, DOMAIN, "status", s=status)


def _write_contacts(parent: Element, contacts: tuple[DomainContact, ...]) -> None:
    for contact in contacts:
        add(parent, DOMAIN, "contact", contact.handle, type=contact.role)


@dataclass(frozen=True, slots=True)
class DomainDelete(Command[None]):
    """Delete a domain; most registries keep it in redemption for a while (RFC 3915)."""

    name: ClassVar[str] = "domain:delete"
    transform: ClassVar[bool] = True

    domain: str

    def write(self, command: Element) -> None:
        """Append `delete`."""
        delete = add(add(command, EPP, "delete"), DOMAIN, "delete")
        add(delete, DOMAIN, "name", self.domain)

    def read(self, response: Response) -> None:
        """A deletion has no data."""
