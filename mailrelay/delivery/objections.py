"""What stands against passing on a message that was taken: found only now that its owner is known."""

from mailrelay.addresses import Mailbox
from mailrelay.authentication.results_field import statements
from mailrelay.checks.automatic_reply import AutomaticReply
from mailrelay.checks.engine import MALWARE
from mailrelay.checks.owner_authenticated import OWNER_NOT_AUTHENTICATED
from mailrelay.checks.owner_takes_no_mail import OwnerTakesNoMail
from mailrelay.checks.spam_decision import reaches_everybody
from mailrelay.checks.verdict import Action
from mailrelay.directory import MailPolicy, RelayRoute
from mailrelay.message import RawMessage
from mailrelay.queue.entry import QueuedMessage
from mailrelay.reports.automation import sign_of_automation
from mailrelay.rewriting.reply import AnswerHeld, AutomaticMail

_QUARANTINE = Action.QUARANTINE.name.lower()


class CopyOfAnswer(Exception):
    """The owner answered to all, and so to himself too; his answer takes its own way."""


class NotWanted(Exception):
    """The owner wants no mail since; it is kept for him, and nobody is told."""

    reason = OwnerTakesNoMail.name


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


def demand_wanted(route: RelayRoute, queued: QueuedMessage) -> None:
    """Let a message go on where its owner has not switched to wanting none since it was taken.

    Raises:
        NotWanted: He has; and it is neither what reaches everybody nor what he has released.
    """
    if route.policy is MailPolicy.DROP and queued.released is None and not reaches_everybody(queued.verdicts):
        raise NotWanted
