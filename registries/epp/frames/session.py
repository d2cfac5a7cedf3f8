"""Commands about the session itself: login, logout and poll (RFC 5730 sections 2.9.1 and 2.9.2.3)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from registries.epp.extensions.change_poll import RegistryChange, read_change
from registries.epp.extensions.login_security import plain, write_passwords
from registries.epp.frames.base import Command, Response
from registries.epp.frames.transfer import TransferData, read_transfer
from registries.epp.markup import (
    CONTACT,
    DOMAIN,
    EPP,
    HOST,
    LOGIN_SECURITY,
    Element,
    add,
    find,
    flag_of,
    text_of,
)


@dataclass(frozen=True, slots=True)
class Login(Command[None]):
    """Open a session.

    Attributes:
        password: Longer than 16 characters only where the registry offers RFC 8807.
        object_uris: As the greeting lists them.
        extension_uris: As the greeting lists them.
        new_password: What the password shall be from now on; "" to keep it.
    """

    name: ClassVar[str] = "login"

    client_id: str
    password: str = field(repr=False)
    object_uris: tuple[str, ...]
    extension_uris: tuple[str, ...] = ()
    version: str = "1.0"
    language: str = "en"
    new_password: str = field(default="", repr=False)

    def write(self, command: Element) -> None:
        """Append `login`, and the extension for passwords that need it where the registry offers it."""
        offered = LOGIN_SECURITY in self.extension_uris
        login = add(command, EPP, "login")
        add(login, EPP, "clID", self.client_id)
        add(login, EPP, "pw", plain(self.password, offered=offered))
        if self.new_password:
            add(login, EPP, "newPW", plain(self.new_password, offered=offered))
        options = add(login, EPP, "options")
        add(options, EPP, "version", self.version)
        add(options, EPP, "lang", self.language)
        self._write_services(login)
        if offered:
            write_passwords(command, self.password, self.new_password)

    def _write_services(self, login: Element) -> None:
        services = add(login, EPP, "svcs")
        for uri in self.object_uris:
            add(services, EPP, "objURI", uri)
        if self.extension_uris:
            extensions = add(services, EPP, "svcExtension")
            for uri in self.extension_uris:
                add(extensions, EPP, "extURI", uri)

    def read(self, response: Response) -> None:
        """A login has no data."""


@dataclass(frozen=True, slots=True)
class Logout(Command[None]):
    """End the session; answered 1500."""

    name: ClassVar[str] = "logout"

    def write(self, command: Element) -> None:
        """Append `logout`."""
        add(command, EPP, "logout")

    def read(self, response: Response) -> None:
        """A logout has no data."""


@dataclass(frozen=True, slots=True)
class PollMessage:
    """The oldest message of the queue.

    Attributes:
        object_name: The domain, host or contact handle it is about; "" when it names none.
        succeeded: Whether a pending action was carried out (`paResult`); None for other messages.
        server_transaction: The svTRID of the answer 1001 that it ends; "" for other messages.
        transfer_data: The state of a transfer, where the message is about one.
        change: What somebody else did to the object, where the registry says so (RFC 8590).
    """

    message_id: str
    message: str
    object_name: str = ""
    succeeded: bool | None = None
    server_transaction: str = ""
    queued_at: datetime | None = None
    transfer_data: TransferData | None = None
    change: RegistryChange | None = None

    @property
    def transfer(self) -> str:
        """The status of the transfer that it tells of (`trStatus`); "" for other messages."""
        return "" if self.transfer_data is None else self.transfer_data.status

    @property
    def gaining_client(self) -> str:
        """The account that asked for that transfer (`reID`)."""
        return "" if self.transfer_data is None else self.transfer_data.requested_by


@dataclass(frozen=True, slots=True)
class PollRequest(Command[PollMessage | None]):
    """Ask for the oldest message; it stays in the queue until it is acknowledged."""

    name: ClassVar[str] = "poll:req"

    def write(self, command: Element) -> None:
        """Append `poll`."""
        add(command, EPP, "poll", op="req")

    def read(self, response: Response) -> PollMessage | None:
        """Return the message, or None when the queue is empty (1300)."""
        queue = response.queue
        if queue is None or not queue.message_id:
            return None
        named, ended = _object_of(response), _pending_action(response)
        return PollMessage(
            message_id=queue.message_id,
            message=queue.message,
            object_name="" if named is None else (named.text or "").strip(),
            succeeded=None if ended is None or named is None else flag_of(named, "paResult"),
            server_transaction=text_of(ended, EPP, "svTRID"),
            queued_at=queue.queued_at,
            transfer_data=read_transfer(response.data),
            change=read_change(response.extension),
        )


# RFC 5731, 5732 and 5733: what a message is about, and what the object is called in it.
_KINDS = ("panData", "trnData", "infData", "creData", "renData")
_NAMES = ((DOMAIN, "name"), (CONTACT, "id"), (HOST, "name"))


def _object_of(response: Response) -> Element | None:
    names = (find(response.data, space, kind, tag) for space, tag in _NAMES for kind in _KINDS)
    return next((name for name in names if name is not None), None)


def _pending_action(response: Response) -> Element | None:
    """Return the transaction ids of the action that is over."""
    ids = (find(response.data, namespace, "panData", "paTRID") for namespace, _ in _NAMES)
    return next((each for each in ids if each is not None), None)


@dataclass(frozen=True, slots=True)
class PollAck(Command[None]):
    """Take a message off the queue; only after it was written down."""

    name: ClassVar[str] = "poll:ack"
    transform: ClassVar[bool] = True

    message_id: str

    def write(self, command: Element) -> None:
        """Append `poll`."""
        add(command, EPP, "poll", op="ack", msgID=self.message_id)

    def read(self, response: Response) -> None:
        """An acknowledgement has no data."""
