"""What we keep about accounts at registries: the contact objects that changes touch, and messages."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from registries.contact import Role


class ContactState(StrEnum):
    """Where a contact object stands between the change that made it and its end."""

    PLANNED = "planned"  # a change makes it now, or was interrupted while it did
    LINKED = "linked"  # the domain refers to it
    LOOSE = "loose"  # no domain of ours needs it: to be deleted once the registry shows it unlinked


@dataclass(frozen=True, slots=True)
class HeldContact:
    """A contact object at a registry and the domain that we know to need it, or to have needed it.

    Domains that share an object have a row each; it may go when none of them needs it.

    Attributes:
        account: Name of our account at the registry.
        domain_id: The domain may be gone from here.
        made: Whether we created it; else the registrar did, and a change of ours replaces it.
        operation_id: The change that wrote it down.
        tries: How often it was looked at since it became loose.
        look_at: When to look at it again; None while it is not loose.
        registry_id: Repository object id (RFC 5730 section 2.8), from the last proof; "" before.
    """

    account: str
    handle: str
    domain_id: str
    domain: str
    role: Role
    made: bool
    operation_id: str
    state: ContactState
    tries: int
    look_at: datetime | None
    created_at: datetime
    registry_id: str = ""


class MessageKind(StrEnum):
    """What a registry's message tells of."""

    CHANGE = "change"  # the end of a change that was pending
    TRANSFER = "transfer"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RegistryMessage:
    """A message from a registry's queue, kept before it was acknowledged there.

    Attributes:
        message_id: The registry's; unique within the account.
        registrar_id: To whom it is offered; None where it ends a change of ours or is nobody's.
        domain: A-label, "" where it is about no domain of ours.
        transaction: The registry's id of the change that it ends; "" elsewhere.
        succeeded: How that change ended; None elsewhere.
        transfer: Status of a transfer, such as `serverApproved`; "" elsewhere.
        text: The registry's words; may name persons, so they are stored sealed.
        about: Name or handle of the object as the registry writes it; sealed likewise.
    """

    id: str
    account: str
    message_id: str
    registrar_id: str | None
    kind: MessageKind
    domain: str
    transaction: str
    succeeded: bool | None
    transfer: str
    text: str = field(repr=False)
    about: str = field(repr=False)
    received_at: datetime
    taken_at: datetime | None = None
