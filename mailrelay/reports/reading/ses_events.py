"""Read what Amazon SES publishes about bounces, complaints and deliveries: JSON, by mail through SNS."""

import json
from typing import Any

from mailrelay.reports.reading.classification import classify
from mailrelay.reports.reading.document import Document
from mailrelay.reports.reading.feedback import feedback_type
from mailrelay.reports.reading.finding import Finding, Kind

_MAX_RECIPIENTS = 200
# `bounceSubType`, in words: what is left to go by where a bounce brings no answer of a server.
_IN_WORDS = {
    "NoEmail": "No such user",
    "MailboxFull": "Mailbox full",
    "MessageTooLarge": "Message too large",
    "ContentRejected": "Content rejected",
    "AttachmentRejected": "Attachment rejected",
    "Suppressed": "Rejected",
    "OnAccountSuppressionList": "Rejected",
}


def read_ses_events(document: Document) -> list[Finding]:
    """Return one finding for each recipient of a notification; empty where this is none."""
    event = _event(document.notice)
    bounced = [
        _bounce(each, _IN_WORDS.get(_string(event["bounce"], "bounceSubType"), ""))
        for each in _recipients(event, "bounce", "bouncedRecipients")
    ]
    complained = [
        Finding(
            Kind.FEEDBACK,
            _string(each, "emailAddress"),
            "",
            feedback_type(_string(event["complaint"], "complaintFeedbackType") or "abuse"),
        )
        for each in _recipients(event, "complaint", "complainedRecipients")
    ]
    delivered = [
        Finding(Kind.NONE, each, "", "delivered")
        for each in _recipients(event, "delivery", "recipients")
        if isinstance(each, str)
    ]
    return bounced + complained + delivered


def _event(text: str) -> dict[str, Any]:
    """Return the notification; SNS wraps it as a string in an object of its own."""
    # On its way a long line is cut with "!" (Sendmail) or wrapped.
    text = text.replace("!\n ", "").replace("\n", "")
    start = text.find("{")
    if start < 0 or "otificationType" not in text:
        return {}
    for _ in range(2):
        try:
            found, _ = json.JSONDecoder().raw_decode(text[start:])
        except (ValueError, RecursionError):
            return {}
        if not isinstance(found, dict):
            return {}
        if not isinstance(found.get("Message"), str):
            return found
        text, start = found["Message"], 0
    return {}


def _recipients(event: dict[str, Any], what: str, name: str) -> list[Any]:
    about = event.get(what)
    listed = about.get(name) if isinstance(about, dict) else None
    return listed[:_MAX_RECIPIENTS] if isinstance(listed, list) else []


def _bounce(recipient: object, in_words: str) -> Finding:
    said = _string(recipient, "diagnosticCode") or in_words
    meaning = classify([f"{said}\n{_string(recipient, 'status')}"])
    address = _string(recipient, "emailAddress")
    return Finding(meaning.kind, address, meaning.status, meaning.reason, final=True)


def _string(values: object, name: str) -> str:
    value = values.get(name) if isinstance(values, dict) else None
    return value if isinstance(value, str) else ""
