"""The envelope of every EPP frame (RFC 5730 section 2): greeting, hello, command, response.

Strict in what is written; in reading only what we use must be there, for real registries bend the rest.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import ClassVar, Generic, Protocol, TypeVar

from registries.epp.markup import (
    CONTACT,
    EPP,
    Element,
    FrameError,
    add,
    epp_root,
    find,
    find_all,
    parse,
    serialise,
    text_of,
    time_of,
    whole_text,
)
from registries.errors import Reason, Trace

_CODE_DIGITS = 4
_LONGEST_COUNT = 9  # digits; more are nonsense
_SECRET_TAGS = frozenset({"pw", "newPW"})
_MASK = "***"

DataT = TypeVar("DataT")


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a registry says of itself when it is connected to, and to every hello (RFC 5730 section 2.4)."""

    server_id: str
    versions: tuple[str, ...]
    languages: tuple[str, ...]
    object_uris: tuple[str, ...]
    extension_uris: tuple[str, ...]

    @property
    def holds_contacts(self) -> bool:
        """Whether the registry offers contact objects; those of a minimum data set do not."""
        return CONTACT in self.object_uris


@dataclass(frozen=True, slots=True)
class MessageQueue:
    """The state of the registry's message queue for us (RFC 5730 section 2.6).

    Attributes:
        message_id: What an acknowledgement must name; "" when none is shown.
        queued_at: None where the registry does not say.
    """

    count: int
    message_id: str
    message: str
    queued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """A response before its data are read.

    Attributes:
        message: The registry's words. They may quote personal data.
        client_transaction: "" where the registry did not repeat it.
        data: The `resData` element.
        extension: The `extension` element.
        reasons: What the registry objects to, from every `value` and `extValue`.
    """

    code: int
    message: str
    client_transaction: str
    server_transaction: str
    queue: MessageQueue | None
    data: Element | None
    extension: Element | None = None
    reasons: tuple[Reason, ...] = ()

    def trace(self, command: "Command[DataT]", client_transaction: str) -> Trace:
        """Return what errors and supporters need, without the secrets that `command` sent."""

        def masked(text: str) -> str:
            for secret in command.secrets():
                text = text.replace(secret, _MASK)
            return text

        reasons = tuple(Reason(masked(each.value), masked(each.reason)) for each in self.reasons)
        return Trace(command.name, client_transaction, self.server_transaction, masked(self.message), reasons)


@dataclass(frozen=True, slots=True)
class Answer(Generic[DataT]):
    """The answer to a command that the registry carried out or took on.

    Attributes:
        code: 1000, 1001 (pending), 1300, 1301 or 1500.
        data: What the command's `read` made of `resData`.
        extension: The answer's `extension` element, for the extensions to read.
    """

    code: int
    data: DataT
    server_transaction: str
    queue: MessageQueue | None = None
    extension: Element | None = field(default=None, compare=False, repr=False)
    trace: Trace = field(default_factory=Trace, compare=False)

    @property
    def pending(self) -> bool:
        """Whether the registry has taken the command on and will finish it later."""
        return self.code == 1001  # noqa: PLR2004 - RFC 5730 section 3


class Command(ABC, Generic[DataT]):
    """One command and how its answer is read.

    Attributes:
        name: As logs and observations show it, such as `contact:create`.
        transform: Whether it changes something at the registry; if so it is never sent twice blindly.
    """

    __slots__ = ()

    name: ClassVar[str]
    transform: ClassVar[bool] = False

    @abstractmethod
    def write(self, command: Element) -> None:
        """Append the command's elements to `command`."""

    @abstractmethod
    def read(self, response: Response) -> DataT:
        """Read the data of a success.

        Raises:
            FrameError: What must be there is not. Transforms never raise: they are done already.
        """

    def secrets(self) -> tuple[str, ...]:
        """Return the values that nobody may read: those that a command keeps out of its `repr`."""
        hidden = (getattr(self, each.name) for each in fields(self) if not each.repr)  # type: ignore[arg-type]
        return tuple(value for value in hidden if value)


class Extension(Protocol):
    """What goes into a command's `extension` element (RFC 5730 section 2.7.3)."""

    def write(self, extension: Element) -> None:
        """Append the extension's element to `extension`."""


def encode(command: Command[DataT], client_transaction: str, extensions: Iterable[Extension] = ()) -> bytes:
    """Return a command's octets.

    Args:
        command: What to ask for.
        client_transaction: 3 to 64 characters, unique for ever.
        extensions: In the order in which they are written.

    Raises:
        ValueError: A value holds characters that XML cannot carry.
    """
    root = epp_root()
    element = add(root, EPP, "command")
    command.write(element)
    for each in extensions:
        parent = find(element, EPP, "extension")
        each.write(add(element, EPP, "extension") if parent is None else parent)
    add(element, EPP, "clTRID", client_transaction)
    return serialise(root)


def encode_hello() -> bytes:
    """Return the octets of a hello (RFC 5730 section 2.3), which carries no transaction id."""
    root = epp_root()
    add(root, EPP, "hello")
    return serialise(root)


def read_frame(frame: bytes) -> Greeting | Response:
    """Read what a registry sent.

    Raises:
        FrameError: Not XML as EPP uses it, or neither a greeting nor a response.
    """
    root = parse(frame)
    if root.tag != f"{{{EPP}}}epp":
        raise FrameError("the frame's root is not an EPP element")
    greeting = find(root, EPP, "greeting")
    if greeting is not None:
        return _read_greeting(greeting)
    response = find(root, EPP, "response")
    if response is not None:
        return _read_response(response)
    raise FrameError("the frame is neither a greeting nor a response")


def _read_greeting(greeting: Element) -> Greeting:
    menu = find(greeting, EPP, "svcMenu")
    if menu is None:
        raise FrameError("the greeting has no service menu")
    return Greeting(
        server_id=text_of(greeting, EPP, "svID"),
        versions=_texts(menu, "version"),
        languages=_texts(menu, "lang"),
        object_uris=_texts(menu, "objURI"),
        extension_uris=_texts(find(menu, EPP, "svcExtension"), "extURI"),
    )


def _texts(parent: Element | None, tag: str) -> tuple[str, ...]:
    return tuple((element.text or "").strip() for element in find_all(parent, EPP, tag))


def _read_response(response: Element) -> Response:
    results = list(find_all(response, EPP, "result"))
    if not results:
        raise FrameError("the response has no result")
    # RFC 5730 section 2.6: several results are all failures, and the first is as good as any.
    code = results[0].get("code", "").strip()
    if len(code) != _CODE_DIGITS or not (code.isascii() and code.isdigit()):
        raise FrameError("the result has no four-digit code")
    messages = (whole_text(find(result, EPP, "msg")) for result in results)
    return Response(
        code=int(code),
        message="; ".join(filter(None, messages)),
        client_transaction=text_of(response, EPP, "trID", "clTRID"),
        server_transaction=text_of(response, EPP, "trID", "svTRID"),
        queue=_read_queue(find(response, EPP, "msgQ")),
        data=find(response, EPP, "resData"),
        extension=find(response, EPP, "extension"),
        reasons=tuple(reason for result in results for reason in _read_reasons(result)),
    )


def _read_reasons(result: Element) -> Iterator[Reason]:
    for child in result:
        if child.tag == f"{{{EPP}}}value":
            yield Reason(_rejected(child))
        elif child.tag == f"{{{EPP}}}extValue":
            yield Reason(_rejected(find(child, EPP, "value")), whole_text(find(child, EPP, "reason")))


def _rejected(value: Element | None) -> str:
    """Say which elements a registry rejects, secrets masked; a value without elements as it is."""
    leaves = [] if value is None else [leaf for leaf in value.iterdescendants() if not len(leaf)]
    named = ((str(leaf.tag).rpartition("}")[2], whole_text(leaf)) for leaf in leaves)
    shown = ", ".join(f"{tag}={_MASK if tag in _SECRET_TAGS else text}" for tag, text in named)
    return shown or whole_text(value)


def _read_queue(queue: Element | None) -> MessageQueue | None:
    if queue is None:
        return None
    count = queue.get("count", "").strip()
    return MessageQueue(
        count=int(count) if count.isascii() and count.isdigit() and len(count) <= _LONGEST_COUNT else 0,
        message_id=queue.get("id", "").strip(),
        message=whole_text(find(queue, EPP, "msg")),
        queued_at=time_of(queue, EPP, "qDate"),
    )
