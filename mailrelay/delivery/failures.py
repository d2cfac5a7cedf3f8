"""What is told, and to whom, when a message cannot be delivered (RFC 3464, RFC 5321 section 6.1).

The sender of a forwarded message gets a DSN that names the relay address; an owner whose answer failed
gets a notice. Nobody is told about a report, and a sender who is likely forged is left in peace.
"""

import re
from datetime import datetime

from mailrelay.dsn import Failure, build_dsn
from mailrelay.message import RawMessage
from mailrelay.queue.entry import Direction, MessageRecord, NewMessage, QueuedMessage
from mailrelay.rewriting.notice import NoticeFacts, build_notice

_PERMANENT_STATUS = re.compile(r"5\.\d{1,3}\.\d{1,3}")


class Reports:
    """Writes DSNs and notices.

    Args:
        relay_host: Reporting-MTA.
        relay_domain: Domain of notices.
    """

    def __init__(self, relay_host: str, relay_domain: str) -> None:
        self._relay_host = relay_host
        self._relay_domain = relay_domain

    def of_failure(
        self, failed: QueuedMessage | MessageRecord, status: str, domain: str, now: datetime
    ) -> list[NewMessage]:
        """Return the reports about a message that failed for good.

        Args:
            failed: The message; a record where its body is kept no longer.
            status: Enhanced status code.
            domain: The owner's domain, for a notice.
            now: Aware UTC.
        """
        if failed.direction is Direction.REPLY:
            return [self.notice(failed, "delivery-failed", domain, now)]
        sender = failed.reverse_path if isinstance(failed, QueuedMessage) else failed.sender
        # Where nothing proves the reverse-path, a DSN might hit a bystander.
        if failed.direction is not Direction.FORWARD or not sender or not failed.proven:
            return []
        shown = status if _PERMANENT_STATUS.fullmatch(status) else "5.0.0"
        original = RawMessage.parse(failed.raw) if isinstance(failed, QueuedMessage) else None
        failure = Failure(failed.recipient, shown, failed.received_at)
        report = build_dsn(failure, original, sender, self._relay_host, now)
        return [_new(Direction.DSN, failed, sender, report)]

    def notice(
        self, about: QueuedMessage | MessageRecord, reason: str, domain: str, now: datetime
    ) -> NewMessage:
        """Return the notice to an owner whose answer was not sent."""
        facts = NoticeFacts(domain, self._relay_domain, reason, now)
        return _new(Direction.NOTICE, about, "", build_notice(facts))


def _new(
    direction: Direction, about: QueuedMessage | MessageRecord, recipient: str, message: RawMessage
) -> NewMessage:
    return NewMessage(
        direction=direction,
        owner_id=about.owner_id,
        relay_id=about.relay_id,
        recipient=recipient,
        reverse_path="",
        raw=message.raw,
        size_octets=len(message.raw),
        about_id=about.id,
    )
