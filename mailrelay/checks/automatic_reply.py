"""Never relay what the owner's software answers by itself: it shows that, and often who, he is.

Recognised by RFC 3834 (Auto-Submitted), RFC 3464 and RFC 8098 (reports), and by the headers that
software sets in practice. Held, not refused: a refusal would go back to the owner's mailbox provider
as a bounce that nobody reads.
"""

import re

from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import Action, Verdict
from mailrelay.message import RawMessage

_REPORT = re.compile(
    r"multipart/report|message/(?:delivery-status|disposition-notification|feedback-report)", re.IGNORECASE
)
# (header, pattern of its value, reason); the first that matches speaks.
_SIGNS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("Auto-Submitted", re.compile(r"^\s*(?!no\b)\S", re.IGNORECASE), "auto-submitted"),
    ("Content-Type", _REPORT, "report"),
    ("X-Auto-Response-Suppress", re.compile(r"\b(?:all|oof|autoreply)\b", re.IGNORECASE), "auto-response"),
    ("X-Autoreply", re.compile(r"\S"), "auto-response"),
    ("X-Autorespond", re.compile(r"\S"), "auto-response"),
    ("X-Autoresponder", re.compile(r"\S"), "auto-response"),
    ("Precedence", re.compile(r"^\s*(?:auto[-_]?reply|bulk|junk|list)\b", re.IGNORECASE), "precedence"),
    ("List-Id", re.compile(r"\S"), "list"),
)


class AutomaticReply:
    """Hold automatic mail to a reply address; to relay addresses it may come."""

    name = "automatic-reply"

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Applies where any recipient is a reply address."""
        if not context.reply_routes:
            return None
        if not context.sender.reverse_path:
            return Verdict(self.name, Action.QUARANTINE, "null-reverse-path")
        reason = sign_of_automation(context.message)
        return Verdict(self.name, Action.QUARANTINE, reason) if reason else None


def sign_of_automation(message: RawMessage) -> str:
    """Return why the header says that no person wrote this, empty where it does not."""
    for header, pattern, reason in _SIGNS:
        if any(pattern.search(value) for value in message.all(header)):
            return reason
    return ""
