"""Read the fields of a delivery status notification (RFC 3464 2.3, RFC 6533 for UTF-8 addresses).

They are read wherever they stand: many servers put them into a part of another type, or into the text.
"""

import re
from dataclasses import dataclass

from mailrelay.reports.reading.addresses import recipient_of
from mailrelay.reports.reading.document import Document, Part

_FIELD = re.compile(r"^([A-Za-z][A-Za-z0-9-]{1,60}):[ \t]*(.*)$")
_BLANK = re.compile(r"\n[ \t]*\n")
_RECIPIENTS = ("original-recipient", "final-recipient", "x-actual-recipient")
_MAX_GROUPS = 500


@dataclass(frozen=True, slots=True)
class RecipientFields:
    """What the report says about one recipient.

    Attributes:
        recipient: As its sender wrote it where that is known, else as it was delivered to; may be empty.
        action: First word of the Action field, lower-cased.
        status: Value of the Status field, comment included.
        diagnostic: Value of the Diagnostic-Code field, its type included.
    """

    recipient: str
    action: str
    status: str
    diagnostic: str


def read_status_fields(document: Document) -> list[RecipientFields]:
    """Return one entry for each recipient the report has fields for."""
    declared = [part for part in document.parts if "delivery-status" in part.content_type]
    elsewhere = [part for part in document.parts if part not in declared and _may_hold_fields(part)]
    entries = _entries(declared) or _entries(elsewhere)
    # Some servers put the address that was written to into a group of its own.
    telling = {entry.recipient.lower() for entry in entries if _says_something(entry)}
    return [entry for entry in entries if _says_something(entry) or entry.recipient.lower() not in telling]


def _entries(parts: list[Part]) -> list[RecipientFields]:
    groups = [group for part in parts for group in _groups(part.text)]
    return [_entry(group) for group in groups[:_MAX_GROUPS]]


def _says_something(entry: RecipientFields) -> bool:
    return bool(entry.action or entry.status or entry.diagnostic)


def _may_hold_fields(part: Part) -> bool:
    lowered = part.text.lower()
    return "-recipient:" in lowered and "action:" in lowered


def _groups(text: str) -> list[dict[str, str]]:
    """Return the groups of fields that are about a recipient."""
    groups: list[dict[str, str]] = []
    for block in _BLANK.split(text):
        groups.extend(_fields(block))
    return [group for group in groups if "action" in group or any(name in group for name in _RECIPIENTS)]


def _fields(block: str) -> list[dict[str, str]]:
    """Return the fields of a block; one that names a second recipient without a blank line is two."""
    groups: list[dict[str, str]] = [{}]
    last = ""
    for line in block.split("\n"):
        found = _FIELD.match(line)
        if found is None:
            if last and line[:1] in {" ", "\t"}:
                groups[-1][last] += f"\n{line.strip()}"
            continue
        last = found[1].lower()
        if last in groups[-1] and last in _RECIPIENTS:
            groups.append({})
        groups[-1].setdefault(last, found[2].strip())
    return groups


def _entry(group: dict[str, str]) -> RecipientFields:
    named = (recipient_of(group.get(name, "")) for name in _RECIPIENTS)
    action = group.get("action", "").lower().split()
    return RecipientFields(
        recipient=next((address for address in named if address), ""),
        action=action[0] if action else "",
        status=group.get("status", ""),
        diagnostic=group.get("diagnostic-code", ""),
    )
