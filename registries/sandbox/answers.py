"""Write greetings and responses (RFC 5730 2.4, 2.6) so that they are valid by the schemas."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from registries.sandbox.protocol import (
    CONTACT,
    DOMAIN,
    EPP,
    EXTENSIONS,
    HOST,
    KEYS,
    MESSAGES,
    OBJECTS,
    PREFIXES,
    Refusal,
)
from registries.sandbox.records import PendingRecord, PollMessage, TransferRecord
from registries.sandbox.settings import Tld

SERVER_NAME = "whoisproxy sandbox registry"


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a command that was carried out.

    Attributes:
        data: The object's element for resData.
        queue: The message that was polled.
        acknowledged: The id of the message that was acknowledged, and how many still wait.
        extension: An element of the extension secDNS.
    """

    code: int = 1000
    data: etree._Element | None = None
    queue: PollMessage | None = None
    acknowledged: tuple[str, int] | None = None
    extension: etree._Element | None = None


def timestamp(at: datetime) -> str:
    """Return the form of XML Schema's dateTime in UTC, with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def make(namespace: str, name: str) -> etree._Element:
    """Return an element of an object mapping with its conventional prefix."""
    return etree.Element(f"{{{namespace}}}{name}", nsmap={PREFIXES[namespace]: namespace})


def put(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    """Append a child in the parent's namespace and return it."""
    child = etree.SubElement(parent, f"{parent.tag.rpartition('}')[0]}}}{name}", attributes)
    child.text = text
    return child


def check_data(namespace: str, name: str, results: Iterable[tuple[str, str | None]]) -> etree._Element:
    """Return the answer to a check command; each result is an identifier and why it is not available."""
    data = make(namespace, "chkData")
    for identifier, reason in results:
        found = put(data, "cd")
        put(found, name, identifier, avail="0" if reason else "1")
        if reason:
            put(found, "reason", reason)
    return data


def transfer_data(record: TransferRecord, expires_at: datetime | None = None) -> etree._Element:
    """Return what is told about a transfer; `expires_at` is when a domain then expires."""
    namespace = OBJECTS[record.kind]
    data = make(namespace, "trnData")
    put(data, KEYS[namespace], record.object_id)
    put(data, "trStatus", record.status)
    put(data, "reID", record.requester)
    put(data, "reDate", timestamp(record.requested_at))
    put(data, "acID", record.sponsor)
    put(data, "acDate", timestamp(record.acted_at))
    if expires_at is not None:
        put(data, "exDate", timestamp(expires_at))
    return data


def pending_data(record: PendingRecord, *, done: bool, now: datetime) -> etree._Element:
    """Return what a client is told about a command that was answered 1001: whether it was carried out."""
    namespace = OBJECTS[record.kind]
    data = make(namespace, "panData")
    put(data, KEYS[namespace], record.object_id, paResult="1" if done else "0")
    _put_transaction(put(data, "paTRID"), record.client_transaction, record.server_transaction)
    put(data, "paDate", timestamp(now))
    return data


def greeting(now: datetime, object_services: Iterable[str]) -> bytes:
    """Return the greeting that offers some object services."""
    root = _root()
    body = put(root, "greeting")
    put(body, "svID", SERVER_NAME)
    put(body, "svDate", timestamp(now))
    menu = put(body, "svcMenu")
    put(menu, "version", "1.0")
    put(menu, "lang", "en")
    for uri in object_services:
        put(menu, "objURI", uri)
    extensions = put(menu, "svcExtension")
    for uri in EXTENSIONS:
        put(extensions, "extURI", uri)
    _collection_policy(put(body, "dcp"))
    return serialise(root)


def services(tlds: Iterable[Tld]) -> tuple[str, ...]:
    """Return the object services of a registry: contacts only where a suffix holds them."""
    return (CONTACT, DOMAIN, HOST) if any(tld.holds_contacts for tld in tlds) else (DOMAIN, HOST)


def _collection_policy(dcp: etree._Element) -> None:
    put(put(dcp, "access"), "all")
    statement = put(dcp, "statement")
    purpose = put(statement, "purpose")
    put(purpose, "admin")
    put(purpose, "prov")
    recipient = put(statement, "recipient")
    put(recipient, "ours")
    put(recipient, "public")
    put(put(statement, "retention"), "stated")


def response(outcome: Answer | Refusal, client_transaction: str | None, server_transaction: str) -> bytes:
    """Return the response to a command that was carried out or refused."""
    root = _root()
    body = put(root, "response")
    message = MESSAGES[outcome.code]
    if isinstance(outcome, Refusal):
        message = f"{message}: {outcome.reason}"
    put(put(body, "result", code=str(outcome.code)), "msg", message)
    if isinstance(outcome, Answer):
        _content(body, outcome)
    _put_transaction(put(body, "trID"), client_transaction, server_transaction)
    return serialise(root)


def _put_transaction(node: etree._Element, client: str | None, server: str) -> None:
    # The type is of the protocol, so its elements are in that namespace wherever it is used.
    if client is not None:
        etree.SubElement(node, f"{{{EPP}}}clTRID").text = client
    etree.SubElement(node, f"{{{EPP}}}svTRID").text = server


def _content(body: etree._Element, answer: Answer) -> None:
    if answer.queue is not None:
        queue = put(body, "msgQ", count=str(answer.queue.waiting), id=answer.queue.id)
        put(queue, "qDate", timestamp(answer.queue.queued_at))
        put(queue, "msg", answer.queue.text)
    if answer.acknowledged is not None:
        identifier, waiting = answer.acknowledged
        put(body, "msgQ", count=str(waiting), id=identifier)
    queued = None if answer.queue is None else answer.queue.data
    data = answer.data if queued is None else etree.fromstring(queued)
    if data is not None:
        put(body, "resData").append(data)
    if answer.extension is not None:
        put(body, "extension").append(answer.extension)


def _root() -> etree._Element:
    # lxml takes None for the default namespace, its stubs do not say so.
    return etree.Element(f"{{{EPP}}}epp", nsmap={None: EPP})  # type: ignore[dict-item]


def serialise(root: etree._Element) -> bytes:
    """Return an element as a document of its own."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
