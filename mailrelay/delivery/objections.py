"""What stands against passing on a message that was taken: found only now that its owner is known."""

from mailrelay.addresses import Mailbox
from mailrelay.authentication.results_field import statements
from mailrelay.checks.automatic_reply import AutomaticReply
from mailrelay.checks.engine import MALWARE
from mailrelay.checks.owner_authenticated import OWNER_NOT_AUTHENTICATED
from mailrelay.checks.protected_mail import ProtectedMail
from mailrelay.checks.verdict import Action
from mailrelay.directory import MailPolicy, RelayRoute
from mailrelay.message import RawMessage
from mailrelay.queue.entry import QueuedMessage
from mailrelay.reports.automation import sign_of_automation
from mailrelay.rewriting.reply import AnswerHeld, AutomaticMail

_QUARANTINE = Action.QUARANTINE.name.lower()


class CopyOfAnswer(Exception):
    """The owner answered to all, and so to himself too; his answer takes its own way."""


def demand_owners_word(queued: QueuedMessage) -> None:
    """Let an answer go on to which the checks at the door objected only where the owner said so.

    Raises:
        AutomaticMail: No person wrote it.
        AnswerHeld: Nothing proves that the owner wrote it; or it carries malware, whoever wrote it.
    """
    objections = {one.check: one.reason for one in queued.verdicts if one.action == _QUARANTINE}
    doubts = {check: reason for check, reason in objections.items() if reason != MALWARE}
    if doubts and queued.released is None:
        if AutomaticReply.name in doubts:
            raise AutomaticMail(doubts[AutomaticReply.name])
        raise AnswerHeld(OWNER_NOT_AUTHENTICATED)
    if len(doubts) < len(objections):
        raise AnswerHeld(MALWARE)


def raise_if_automatic(message: RawMessage) -> None:
    """Raise AutomaticMail where no person wrote a message of the owner."""
    if reason := sign_of_automation(message):
        raise AutomaticMail(reason)


def is_authenticated(queued: QueuedMessage, author: Mailbox) -> bool:
    """Return whether DMARC passed for the author's domain."""
    return any(
        (said.method, said.result, said.properties.get("header.from")) == ("dmarc", "pass", author.domain)
        for said in statements(queued.authentication)
    )


def is_wanted(route: RelayRoute, queued: QueuedMessage) -> bool:
    """Return whether the owner takes a message."""
    # The owner may have switched to taking no mail since. `Protected` mail reaches him all the same, and what
    # he has released.
    return route.policy is not MailPolicy.DROP or is_protected(queued) or queued.released is not None


def is_protected(queued: QueuedMessage) -> bool:
    """Return whether nothing may keep a message from the owner."""
    return any(one.check == ProtectedMail.name for one in queued.verdicts)
