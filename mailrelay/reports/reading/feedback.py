"""Recognise complaints about what was delivered: ARF (RFC 5965, RFC 6591), and requests to opt out."""

import re

from mailrelay.reports.reading.addresses import addresses_in, is_machine
from mailrelay.reports.reading.document import Document
from mailrelay.reports.reading.finding import Finding, Kind

_TYPE = re.compile(r"^Feedback-Type:[ \t]*([A-Za-z-]{1,40})", re.IGNORECASE | re.MULTILINE)
# Fields that name who got the message: of the report (RFC 5965 3.2), of services without it, of the message.
_NAMED_BY = ("Original-Rcpt-To", "Removal-Recipient", "X-HmXmrOriginalRecipient")
_ENVELOPE = ("To", "Delivered-To", "X-Original-To", "Apparently-To")
# The registry of feedback types (RFC 5965 7.3, RFC 6430, RFC 6591); what is not in it is `other`.
_TYPES = frozenset({"abuse", "auth-failure", "fraud", "miscategorized", "not-spam", "opt-out", "virus"})
_OPT_OUT = re.compile(r"^Apple Mail sent this email to unsubscribe", re.IGNORECASE)


def read_feedback(document: Document) -> list[Finding]:
    """Return one finding for each mailbox a complaint is about; empty where it is none."""
    report = next((part.text for part in document.parts if "feedback-report" in part.content_type), None)
    complaint = _TYPE.search(report or "")
    if report is None and "X-HmXmrOriginalRecipient:" in document.returned:
        report, complaint = "", None
    if report is None:
        return _opt_out(document)
    reason = feedback_type(complaint[1] if complaint else "abuse")
    texts = (report, document.returned)
    recipients = _named(_NAMED_BY, *texts) or _named(_ENVELOPE, document.returned)
    return [Finding(Kind.FEEDBACK, address, "", reason) for address in recipients or [""]]


def feedback_type(named: str) -> str:
    """Return a registered feedback type for what a complaint calls itself."""
    return named.lower() if named.lower() in _TYPES else "other"


def _opt_out(document: Document) -> list[Finding]:
    if not _OPT_OUT.match(document.notice.strip()):
        return []
    author = addresses_in(document.field("From"))
    return [Finding(Kind.FEEDBACK, author[0] if author else "", "", "opt-out")]


def _named(fields: tuple[str, ...], *texts: str) -> list[str]:
    for name in fields:
        pattern = re.compile(rf"^{name}:[ \t]*(.*(?:\n[ \t].*){{0,50}})", re.IGNORECASE | re.MULTILINE)
        values = [found[1] for text in texts for found in pattern.finditer(text)]
        named = [address for address in addresses_in("\n".join(values)) if not is_machine(address)]
        if named:
            return named
    return []
