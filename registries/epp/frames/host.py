"""Host commands and data (RFC 5732): check and info."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from registries.epp.frames.availability import Availability, read_availability
from registries.epp.frames.base import Command, Response
from registries.epp.markup import EPP, HOST, Element, FrameError, add, find, find_all, text_of, time_of


@dataclass(frozen=True, slots=True)
class HostData:
    """A name server as `info` shows it.

    Attributes:
        addresses: IPv4 and IPv6, as the registry writes them.
        sponsor: The registrar that manages it (`clID`).
    """

    name: str
    statuses: tuple[str, ...]
    addresses: tuple[str, ...]
    roid: str = ""
    sponsor: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HostCheck(Command[dict[str, Availability]]):
    """Ask which host names are free."""

    name: ClassVar[str] = "host:check"

    hosts: tuple[str, ...]

    def write(self, command: Element) -> None:
        """Append `check`."""
        check = add(add(command, EPP, "check"), HOST, "check")
        for host in self.hosts:
            add(check, HOST, "name", host)

    def read(self, response: Response) -> dict[str, Availability]:
        """Return the availability of each name the registry answered for."""
        return read_availability(response, HOST, "name")


@dataclass(frozen=True, slots=True)
class HostInfo(Command[HostData]):
    """Read a host."""

    name: ClassVar[str] = "host:info"

    host: str

    def write(self, command: Element) -> None:
        """Append `info`."""
        info = add(add(command, EPP, "info"), HOST, "info")
        add(info, HOST, "name", self.host)

    def read(self, response: Response) -> HostData:
        """Return the host."""
        data = find(response.data, HOST, "infData")
        if data is None:
            raise FrameError("the answer to host:info has no host")
        return HostData(
            name=text_of(data, HOST, "name"),
            statuses=tuple(status.get("s", "") for status in find_all(data, HOST, "status")),
            addresses=tuple((address.text or "").strip() for address in find_all(data, HOST, "addr")),
            roid=text_of(data, HOST, "roid"),
            sponsor=text_of(data, HOST, "clID"),
            created_at=time_of(data, HOST, "crDate"),
            updated_at=time_of(data, HOST, "upDate"),
        )
