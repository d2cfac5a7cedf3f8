"""What somebody other than the registrar did to an object (RFC 8590, changePoll-1.0): read on poll."""

from dataclasses import dataclass
from datetime import datetime

from registries.epp.markup import CHANGE_POLL, Element, find, text_of, time_of


@dataclass(frozen=True, slots=True)
class RegistryChange:
    """What was done to an object, by whom and why.

    Attributes:
        operation: `update`, `transfer`, `delete` …; of a `custom` one, its name.
        before: Whether the object of the message is shown as it was before.
        who: The registry's word for who did it; it may name a person.
        case: Such as `udrp` or `urs`, when a procedure is behind it; "" otherwise.
        reason: The registry's words.
    """

    operation: str
    happened_at: datetime | None
    server_transaction: str
    before: bool = False
    who: str = ""
    case: str = ""
    reason: str = ""


def read_change(extension: Element | None) -> RegistryChange | None:
    """Return the change that a poll message tells of; None for other messages."""
    data = find(extension, CHANGE_POLL, "changeData")
    if data is None:
        return None
    operation, case = find(data, CHANGE_POLL, "operation"), find(data, CHANGE_POLL, "caseId")
    custom = "" if operation is None else operation.get("op", "")
    return RegistryChange(
        operation=custom or text_of(data, CHANGE_POLL, "operation"),
        happened_at=time_of(data, CHANGE_POLL, "date"),
        server_transaction=text_of(data, CHANGE_POLL, "svTRID"),
        before=data.get("state") == "before",
        who=text_of(data, CHANGE_POLL, "who"),
        case="" if case is None else case.get("type", ""),
        reason=text_of(data, CHANGE_POLL, "reason"),
    )
