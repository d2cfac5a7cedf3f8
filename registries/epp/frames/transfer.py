"""Transfers of domains and contacts (RFC 5730 section 2.9.3.4, RFC 5731 and 5733)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from registries.epp.frames.base import Command, Response
from registries.epp.markup import CONTACT, DOMAIN, EPP, Element, FrameError, add, find, text_of, time_of


class TransferOperation(StrEnum):
    """What a registrar does about a transfer."""

    REQUEST = "request"
    APPROVE = "approve"
    REJECT = "reject"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class TransferData:
    """The state of a transfer.

    Attributes:
        object_name: Domain or contact handle.
        status: RFC 5730 `trStatusType`: `pending`, `clientApproved`, `serverCancelled` …
        requested_by: The registrar that wants the object.
        acts: The registrar that must act, or acted.
        acts_by: When it must act at the latest, or when it acted.
        expires_at: The domain's new end of registration, where the transfer changes it.
    """

    object_name: str
    status: str
    requested_by: str
    requested_at: datetime | None
    acts: str
    acts_by: datetime | None
    expires_at: datetime | None = None


_NAMES = ((DOMAIN, "name"), (CONTACT, "id"))


def read_transfer(data: Element | None) -> TransferData | None:
    """Return the transfer that an answer's data tell of; None where they tell of none."""
    for namespace, tag in _NAMES:
        found = find(data, namespace, "trnData")
        if found is not None:
            return TransferData(
                object_name=text_of(found, namespace, tag),
                status=text_of(found, namespace, "trStatus"),
                requested_by=text_of(found, namespace, "reID"),
                requested_at=time_of(found, namespace, "reDate"),
                acts=text_of(found, namespace, "acID"),
                acts_by=time_of(found, namespace, "acDate"),
                expires_at=time_of(found, namespace, "exDate"),
            )
    return None


def _read_query(response: Response) -> TransferData:
    found = read_transfer(response.data)
    if found is None:
        raise FrameError("the answer to a transfer query has no transfer")
    return found


@dataclass(frozen=True, slots=True)
class DomainTransferQuery(Command[TransferData]):
    """Read the state of a domain's latest transfer; 2301 when there is none.

    Attributes:
        auth_info: The object's password, for registrars that are no party to the transfer.
    """

    name: ClassVar[str] = "domain:transfer-query"

    domain: str
    auth_info: str = field(default="", repr=False)

    def write(self, command: Element) -> None:
        """Append `transfer`."""
        _write(command, "query", DOMAIN, ("name", self.domain), self.auth_info)

    def read(self, response: Response) -> TransferData:
        """Return the transfer."""
        return _read_query(response)


@dataclass(frozen=True, slots=True)
class ContactTransferQuery(Command[TransferData]):
    """Read the state of a contact's latest transfer; 2301 when there is none."""

    name: ClassVar[str] = "contact:transfer-query"

    handle: str
    auth_info: str = field(default="", repr=False)

    def write(self, command: Element) -> None:
        """Append `transfer`."""
        _write(command, "query", CONTACT, ("id", self.handle), self.auth_info)

    def read(self, response: Response) -> TransferData:
        """Return the transfer."""
        return _read_query(response)


@dataclass(frozen=True, slots=True)
class DomainTransfer(Command[TransferData | None]):
    """Request a domain's transfer, or act on one that was requested.

    Attributes:
        auth_info: The domain's password, which a request needs.
    """

    name: ClassVar[str] = "domain:transfer"
    transform: ClassVar[bool] = True

    domain: str
    operation: TransferOperation
    auth_info: str = field(default="", repr=False)

    def write(self, command: Element) -> None:
        """Append `transfer`."""
        _write(command, self.operation, DOMAIN, ("name", self.domain), self.auth_info)

    def read(self, response: Response) -> TransferData | None:
        """Return the transfer's state, where the registry shows it."""
        return read_transfer(response.data)


def _write(command: Element, operation: str, namespace: str, named: tuple[str, str], auth_info: str) -> None:
    transfer = add(add(command, EPP, "transfer", op=operation), namespace, "transfer")
    add(transfer, namespace, *named)
    if auth_info:
        add(add(transfer, namespace, "authInfo"), namespace, "pw", auth_info)
