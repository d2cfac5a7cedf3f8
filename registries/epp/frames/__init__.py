"""Commands and answers of EPP as typed values (RFC 5730, 5731, 5732, 5733)."""

from registries.epp.frames.availability import Availability
from registries.epp.frames.base import (
    Answer,
    Command,
    Extension,
    Greeting,
    MessageQueue,
    Response,
    encode,
    read_frame,
)
from registries.epp.frames.contact import (
    ContactCheck,
    ContactCreate,
    ContactData,
    ContactDelete,
    ContactInfo,
    ContactUpdate,
    PostalInfo,
)
from registries.epp.frames.disclosure import Disclose, DiscloseField, PostalType
from registries.epp.frames.domain import (
    DomainCheck,
    DomainContact,
    DomainCreate,
    DomainData,
    DomainDelete,
    DomainInfo,
    DomainUpdate,
)
from registries.epp.frames.host import HostCheck, HostData, HostInfo
from registries.epp.frames.session import Login, Logout, PollAck, PollMessage, PollRequest
from registries.epp.frames.transfer import (
    ContactTransferQuery,
    DomainTransfer,
    DomainTransferQuery,
    TransferData,
    TransferOperation,
)

__all__ = [
    "Answer",
    "Availability",
    "Command",
    "ContactCheck",
    "ContactCreate",
    "ContactData",
    "ContactDelete",
    "ContactInfo",
    "ContactTransferQuery",
    "ContactUpdate",
    "Disclose",
    "DiscloseField",
    "DomainCheck",
    "DomainContact",
    "DomainCreate",
    "DomainData",
    "DomainDelete",
    "DomainInfo",
    "DomainTransfer",
    "DomainTransferQuery",
    "DomainUpdate",
    "Extension",
    "Greeting",
    "HostCheck",
    "HostData",
    "HostInfo",
    "Login",
    "Logout",
    "MessageQueue",
    "PollAck",
    "PollMessage",
    "PollRequest",
    "PostalInfo",
    "PostalType",
    "Response",
    "TransferData",
    "TransferOperation",
    "encode",
    "read_frame",
]
