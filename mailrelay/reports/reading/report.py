"""Read a message that came back: what it says, about whom.

Complaints first, for they enclose mail of every kind; then the fields of RFC 3464, wherever they stand;
then what servers write in words, by our readers and by flufl.bounce; then automatic replies. Pure, bounded
and never raising: what is read here was written by strangers.
"""

import logging
import re

from flufl.bounce import all_failures

from mailrelay.mime_parsing import MimePart
from mailrelay.reports.reading.addresses import is_whole, recipient_of
from mailrelay.reports.reading.automatic import read_automatic
from mailrelay.reports.reading.classification import classify
from mailrelay.reports.reading.document import Document, open_document, parse
from mailrelay.reports.reading.feedback import read_feedback
from mailrelay.reports.reading.finding import NOTHING, Finding, Kind
from mailrelay.reports.reading.notices import Passage, read_passages
from mailrelay.reports.reading.ses_events import read_ses_events
from mailrelay.reports.reading.signs import speaks_of_delay, speaks_of_failure
from mailrelay.reports.reading.status_fields import RecipientFields, read_status_fields
from mailrelay.reports.reading.xarf import read_xarf

# It writes a stack trace about each message that one of its detectors cannot read, and goes on.
logging.getLogger("flufl.bounce").disabled = True

_LEVELS = 2  # of reports that are forwarded as attachments
_LIBRARY_LINES = 2_000
_ARRIVED = frozenset({"delivered", "relayed", "expanded"})
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# What a server answered, in the transcript of a session.
_REPLIES = re.compile(r"^[ \t]*<<< ?([45]\d\d.*)", re.MULTILINE)
_OF_A_LIST = re.compile(r"^List-Id:", re.IGNORECASE | re.MULTILINE)
_RETURNED_TO = re.compile(r"^(?:To|X-Original-To|Delivered-To):[ \t]*(.*)", re.IGNORECASE | re.MULTILINE)


def read_report(raw: bytes) -> tuple[Finding, ...]:
    """Return what a message says about each recipient of mail we sent; never empty.

    Any octets will do: what reports nothing gives one finding of kind `none`.
    """
    message = parse(raw)
    return tuple(dict.fromkeys(_read(message, _LEVELS))) if message is not None else (NOTHING,)


def _read(message: MimePart, levels: int) -> list[Finding]:
    document = open_document(message)
    for reader in (read_feedback, read_xarf, read_ses_events, _of_fields, _of_words, read_automatic):
        if findings := reader(document):
            return findings
    enclosed = _read(document.enclosed[0], levels - 1) if document.enclosed and levels else [NOTHING]
    if enclosed == [NOTHING] and document.returned and speaks_of_failure(document):
        # Whom it is about is known from the address that it came back to (VERP).
        return [_of_passage(Passage("", document.notice), document)]
    return enclosed


def _of_fields(document: Document) -> list[Finding]:
    entries = read_status_fields(document)
    passages = read_passages(document) if entries else []
    return [finding for entry in entries if (finding := _of_entry(entry, passages, document)).recipient]


def _of_entry(entry: RecipientFields, passages: list[Passage], document: Document) -> Finding:
    recipient = entry.recipient or (passages[0].recipient if passages else "") or _returned_to(document)
    if entry.action in _ARRIVED:
        status = _STATUS.search(entry.status)
        return Finding(Kind.NONE, recipient, status[0] if status else "", "delivered")
    near = next(
        (each.text for each in passages if each.recipient.lower() == recipient.lower()), document.notice
    )
    said = (f"{entry.diagnostic}\n{entry.status}", near)
    delayed = entry.action == "delayed"
    # RFC 3464 2.3.6: the type is `smtp` for a server's answer, and X- for what the reporter found itself.
    quoted = bool(entry.diagnostic) and not entry.diagnostic.lower().startswith("x-")
    meaning = classify(said, near, delayed=delayed, quoted=quoted)
    return Finding(meaning.kind, recipient, meaning.status, meaning.reason, final=not delayed)


def _of_words(document: Document) -> list[Finding]:
    if not speaks_of_failure(document):
        return []
    passages = read_passages(document) or _by_library(document)
    if not passages and (returned_to := _returned_to(document)):
        passages = [Passage(returned_to, document.notice)]
    return [_of_passage(passage, document) for passage in passages]


def _of_passage(passage: Passage, document: Document) -> Finding:
    delayed = speaks_of_delay(document)
    replies = "\n".join(_REPLIES.findall(passage.text))
    said = (replies, passage.text, document.notice, document.field("Subject"))
    meaning = classify(said, passage.text, delayed=delayed)
    return Finding(meaning.kind, passage.recipient, meaning.status, meaning.reason, final=not delayed)


def _by_library(document: Document) -> list[Passage]:
    """Return what flufl.bounce finds where our readers find nothing."""
    # Some of its detectors read every line as often as they have patterns.
    lines = sum(part.text.count("\n") for part in document.parts) + document.returned.count("\n")
    if lines > _LIBRARY_LINES:
        return []
    try:
        temporary, permanent = all_failures(document.header)
    except Exception:  # noqa: BLE001 - its detectors raise on what they did not foresee
        return []
    found = {address.decode("utf-8", "replace") for address in (*permanent, *temporary)}
    return [Passage(address, document.notice) for address in sorted(filter(is_whole, found))]


def _returned_to(document: Document) -> str:
    found = _RETURNED_TO.search(document.returned)
    # What came back from a reader of a list is addressed to the list.
    return recipient_of(found[1]) if found and not _OF_A_LIST.search(document.returned) else ""
