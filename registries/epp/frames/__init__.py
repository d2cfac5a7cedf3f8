"""Commands and answers of EPP as typed values (RFC 5730, 5731, 5733)."""

from registries.epp.frames.base import Answer, Command, Greeting, MessageQueue, Response, encode, read_frame
from registries.epp.frames.contact import (
    Availability,
    ContactCheck,
    ContactCreate,
    ContactData,
    ContactDelete,
    ContactInfo,
    ContactUpdate,
    Disclose,
    DiscloseField,
    PostalInfo,
    PostalType,
)
from registries.epp.frames.domain import (
    DomainCheck,
    DomainContact,
    DomainCreate,
    DomainData,
    DomainInfo,
    DomainUpdate,
)
from registries.epp.frames.session import Login, Logout, PollAck, PollMessage, PollRequest

__all__ = [
    "Answer",
    "Availability",
    "Command",
    "ContactCheck",
    "ContactCreate",
    "ContactData",
    "ContactDelete",
    "ContactInfo",
    "ContactUpdate",
    "Disclose",
    "DiscloseField",
    "DomainCheck",
    "DomainContact",
    "DomainCreate",
    "DomainData",
    "DomainInfo",
    "DomainUpdate",
    "Greeting",
    "Login",
    "Logout",
    "MessageQueue",
    "PollAck",
    "PollMessage",
    "PollRequest",
    "PostalInfo",
    "PostalType",
    "Response",
    "encode",
    "read_frame",
]
