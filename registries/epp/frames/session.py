"""Commands about the session itself: login, logout and poll (RFC 5730 sections 2.9.1 and 2.9.2.3)."""

from dataclasses import dataclass, field, replace
from typing import ClassVar

from registries.epp.frames.base import Command, Response
from registries.epp.markup import CONTACT, DOMAIN, EPP, LOGIN_SECURITY, Element, add, find, flag_of, text_of

_LONGEST_PLAIN_PASSWORD = 16  # RFC 5730 section 4, pwType
_PASSWORD_IS_IN_EXTENSION = "[LOGIN-SECURITY]"  # noqa: S105 - RFC 8807 section 2.2, a fixed word


@dataclass(frozen=True, slots=True)
class Login(Command[None]):
    """Open a session.

    Attributes:
        password: Longer than 16 characters only where the registry offers RFC 8807.
        object_uris: As the greeting lists them.
        extension_uris: As the greeting lists them.
    """

    name: ClassVar[str] = "login"

    client_id: str
    password: str = field(repr=False)
    object_uris: tuple[str, ...]
    extension_uris: tuple[str, ...] = ()
    version: str = "1.0"
    language: str = "en"

    def write(self, command: Element) -> None:
        """Append `login`, and the password's extension where it needs one."""
        in_extension = len(self.password) > _LONGEST_PLAIN_PASSWORD and LOGIN_SECURITY in self.extension_uris
        login = add(command, EPP, "login")
        add(login, EPP, "clID", self.client_id)
        add(login, EPP, "pw", _PASSWORD_IS_IN_EXTENSION if in_extension else self.password)
        options = add(login, EPP, "options")
        add(options, EPP, "version", self.version)
        add(options, EPP, "lang", self.language)
        self._write_services(login)
        if in_extension:
            security = add(add(command, EPP, "extension"), LOGIN_SECURITY, "loginSec")
            add(security, LOGIN_SECURITY, "pw", self.password)

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
        object_name: Domain or contact handle whose pending action is over; "" for other messages.
        succeeded: Whether that action was carried out (`paResult`); None for other messages.
        server_transaction: The svTRID of the answer 1001 that it ends; "" for other messages.
        transfer: Status of the transfer that it tells of (`trStatus`); "" for other messages.
        gaining_client: Account that asked for that transfer (`reID`).
    """

    message_id: str
    message: str
    object_name: str = ""
    succeeded: bool | None = None
    server_transaction: str = ""
    transfer: str = ""
    gaining_client: str = ""


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
        message = PollMessage(queue.message_id, queue.message)
        return _transfer(response, message) or _pending_action(response, message)


def _transfer(response: Response, message: PollMessage) -> PollMessage | None:
    """Return the message with what it says of a domain's transfer (RFC 5731 section 3.2.4)."""
    data = None if response.data is None else find(response.data, DOMAIN, "trnData")
    if data is None:
        return None
    return replace(
        message,
        object_name=text_of(data, DOMAIN, "name"),
        transfer=text_of(data, DOMAIN, "trStatus"),
        gaining_client=text_of(data, DOMAIN, "reID"),
    )


# RFC 5731 section 3.3 and RFC 5733 section 3.3: what the object is called in its panData.
_PENDING_ACTIONS = ((DOMAIN, "name"), (CONTACT, "id"))


def _pending_action(response: Response, message: PollMessage) -> PollMessage:
    for namespace, tag in _PENDING_ACTIONS:
        data = None if response.data is None else find(response.data, namespace, "panData")
        named = None if data is None else find(data, namespace, tag)
        if data is None or named is None:
            continue
        return PollMessage(
            message.message_id,
            message.message,
            object_name=(named.text or "").strip(),
            succeeded=flag_of(named, "paResult"),
            server_transaction=text_of(find(data, namespace, "paTRID"), EPP, "svTRID"),
        )
    return message


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
