"""Say what kind of letter a message is; what follows from it is decided by `spam-decision`.

Abuse reports for machines (ARF, RFC 5965; XARF) are known by their structure. They are read only where a few
words promise one, for that takes as long as all other checks together.
"""

from mailrelay.authentication.authenticate import authenticated_as
from mailrelay.checks.protected_senders import ProtectedSenders
from mailrelay.checks.stages import MessageContext
from mailrelay.checks.verdict import Action, Verdict
from mailrelay.content.kinds import CHECK, MailClass, Structure, classify
from mailrelay.content.reading import Content
from mailrelay.message import RawMessage
from mailrelay.reports.reading.complaint import complaint_in

_OF_THE_TRADE = frozenset({"icann", "registry", "registrar"})
_MARKS = ("xarf_version", "reporterinfo")
_FIELDS = ("x-xarf", "x-arf")


class MailClassCheck:
    """Name the class of a message, where it has one.

    Args:
        senders: Whose notices are known.
    """

    name = CHECK

    def __init__(self, senders: ProtectedSenders) -> None:
        self._senders = senders

    def __call__(self, context: MessageContext) -> Verdict | None:
        """Reads mail to all addresses alike: whether it is refused may not depend on whose they are."""
        message, content = context.message, context.content
        complaint = complaint_in(message.raw) if may_be_complaint(message, content) else ""
        kind = classify(message, content, Structure(complaint, self._is_known(context), context.declared))
        if kind.mail_class is MailClass.OTHER:
            return None
        return Verdict(self.name, Action.ACCEPT, " ".join((kind.mail_class, *kind.reasons)))

    def _is_known(self, context: MessageContext) -> bool:
        authors = context.authentication.authors
        if len(authors) != 1:
            return False
        kinds = self._senders.kinds_at(authors[0].rpartition("@")[2])
        return not kinds.isdisjoint(_OF_THE_TRADE) and authenticated_as(context.authentication, authors[0])


def may_be_complaint(message: RawMessage, content: Content) -> bool:
    """Return whether a message may be a report for machines; cheap, and wrong at times."""
    if "feedback-report" in message.first("Content-Type").lower() or any(map(message.named, _FIELDS)):
        return True
    if any("json" in one.content_type or one.name.endswith(".json") for one in content.attachments):
        return True
    text = content.words.text
    return any(mark in text for mark in _MARKS)
