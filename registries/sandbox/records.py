"""What the sandbox registry stores, as values; times are aware UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from registries.contact import Role
from registries.sandbox.values import DsData, HostAddress, Nameserver, Phone, PostalInfo


@dataclass(frozen=True, slots=True)
class Origin:
    """Who sponsors, made and last changed an object, and when; when its last transfer was completed."""

    sponsor: str
    creator: str
    created_at: datetime
    updater: str | None = None
    updated_at: datetime | None = None
    transferred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ContactRecord:
    """A contact object.

    Attributes:
        postal: One or two, each of another kind.
        statuses: Those that were set; `ok` and `linked` are computed.
        disclosure: Field such as `name:int` to whether it is public, for the fields a client named.
    """

    handle: str
    roid: str
    origin: Origin
    postal: tuple[PostalInfo, ...]
    voice: Phone | None
    fax: Phone | None
    email: str
    authorization: str
    statuses: frozenset[str]
    disclosure: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class DomainRecord:
    """A domain object; of `statuses`, `ok` and `inactive` are computed."""

    name: str
    roid: str
    origin: Origin
    expires_at: datetime
    authorization: str
    statuses: frozenset[str]
    nameservers: tuple[Nameserver, ...]
    contacts: tuple[tuple[Role, str], ...]
    ds: tuple[DsData, ...] = ()


@dataclass(frozen=True, slots=True)
class HostRecord:
    """A host object; of `statuses`, `ok`, `linked` and `pendingTransfer` are computed."""

    name: str
    roid: str
    origin: Origin
    addresses: tuple[HostAddress, ...]
    statuses: frozenset[str]


@dataclass(frozen=True, slots=True)
class TransferRecord:
    """The last transfer of an object.

    Attributes:
        kind: `contact` or `domain`.
        status: `pending` or how it ended (RFC 5730 2.9.3.4), such as `clientApproved`.
        requester: The registrar that wants the object.
        sponsor: The registrar that had it when the transfer was requested.
        acted_at: When it ended, or when the registry approves it by itself.
        months: What the registration is prolonged by; 0 for contacts.
    """

    kind: str
    object_id: str
    status: str
    requester: str
    requested_at: datetime
    sponsor: str
    acted_at: datetime
    months: int


@dataclass(frozen=True, slots=True)
class PendingRecord:
    """A command that was answered 1001 and waits at its object.

    Attributes:
        kind: `contact`, `domain` or `host`.
        action: `create`, `update`, `delete` or `renew`.
        frame: The frame that asked for it, to be carried out again.
        decide_at: When the registry decides by itself; None when it never does.
    """

    kind: str
    object_id: str
    action: str
    account: str
    client_transaction: str | None
    server_transaction: str
    frame: bytes
    decide_at: datetime | None


@dataclass(frozen=True, slots=True)
class PollMessage:
    """The oldest message that waits for an account, and how many wait in all; `data` is for resData."""

    id: str
    queued_at: datetime
    text: str
    waiting: int
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A command that was carried out or refused, in the order of the registry's decisions.

    Attributes:
        command: Such as `contact:create` or `login`.
        object_id: Contact handle, domain or host; several separated by a space; may be empty.
        code: EPP result code of the answer.
        changed: Whether the object was another one afterwards; what is asked twice should change once.
    """

    sequence: int
    at: datetime
    account: str
    command: str
    object_id: str
    client_transaction: str | None
    server_transaction: str
    code: int
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the public directory showed of a domain from a command on, until the next sighting of it.

    Attributes:
        sequence: Of the command in the journal.
        text: As `DirectoryEntry.text`; empty once the domain is deleted.
    """

    sequence: int
    at: datetime
    domain: str
    text: str
