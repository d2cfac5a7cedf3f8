"""What is told, and to whom, about a message that failed or is late (RFC 3464, RFC 3461).

The sender of a forwarded message gets one DSN, when it has failed for good: it names the relay address, and
says neither why it failed nor how long it was tried. An owner hears of a delay of his answer where he asked
to; what else he is told is in `mailrelay.notices`. Nobody is told about a report, and a sender whom nothing
proves is left in peace.
"""

import re
from collections.abc import Callable
from datetime import datetime

from mailrelay.dsn_request import Notify
from mailrelay.message import RawMessage
from mailrelay.queue.entry import Direction, MessageRecord, NewMessage, QueuedMessage
from mailrelay.reports.unreachable import Unreachable, build_unreachable
from mailrelay.reports.writing import Action, Outcome, build_dsn

_FAILED, _DELAYED = "5.0.0", "4.0.0"
_DELAY_STATUS = re.compile(r"4\.\d{1,3}\.\d{1,3}")
# Whose message an event concerns: a stranger is not to see how the owner's mail server fares.
_TOLD_OF = {Notify.FAILURE: Direction.FORWARD, Notify.DELAY: Direction.REPLY}

Reported = QueuedMessage | MessageRecord


def may_be_told(message: Reported, event: Notify) -> bool:
    """Return whether the sender gets a DSN.

    It must be his to know, he must want to (RFC 3461 section 4.1), and have passed SPF or DKIM: a DSN to a
    forged reverse-path hits a bystander.
    """
    return (
        message.direction is _TOLD_OF.get(event)
        and bool(_sender(message))
        and message.proven
        and message.request.wants(event)
    )


class Reports:
    """Writes DSNs, and notices to correspondents.

    Args:
        relay_host: Reporting-MTA.
        contact_page: Gives the page by which the owner of a domain can be reached too, or for "" that where
            the domain is asked for; empty for none.
    """

    def __init__(self, relay_host: str, contact_page: Callable[[str], str] = lambda _: "") -> None:
        self._relay_host = relay_host
        self._contact_page = contact_page

    def of_failure(self, failed: Reported, now: datetime) -> list[NewMessage]:
        """Return the report about a message that failed for good.

        Args:
            failed: The message; a record where its body is kept no longer.
            now: Aware UTC.
        """
        return self._dsn(failed, Notify.FAILURE, Action.FAILED, _FAILED, now)

    def of_delay(
        self, late: QueuedMessage, status: str, retry_until: datetime, now: datetime
    ) -> list[NewMessage]:
        """Return the report about an answer that is still being tried."""
        told = status if _DELAY_STATUS.fullmatch(status) else _DELAYED
        return self._dsn(late, Notify.DELAY, Action.DELAYED, told, now, retry_until)

    def unreachable(self, message: QueuedMessage, domain: str, now: datetime) -> NewMessage:
        """Return the notice to a correspondent whose message waits for the owner's mailbox.

        Args:
            message: The message; its sender may be told.
            domain: The owner's domain.
            now: Aware UTC.
        """
        facts = Unreachable(message.recipient, domain, self._contact_page(domain))
        sender = message.reverse_path
        return _new(Direction.DSN, message, sender, build_unreachable(facts, sender, self._relay_host, now))

    def _dsn(  # noqa: PLR0913, PLR0917 - the facts of a report
        self,
        about: Reported,
        event: Notify,
        action: Action,
        status: str,
        now: datetime,
        retry_until: datetime | None = None,
    ) -> list[NewMessage]:
        if not may_be_told(about, event):
            return []
        outcome = Outcome(
            action=action,
            recipient=about.recipient,
            status=status,
            arrived_at=about.received_at,
            request=about.request,
            retry_until=retry_until,
            # The queue does not know the domain, and its message may be of any age.
            contact_url=self._contact_page("") if event is Notify.FAILURE else "",
        )
        sender = _sender(about)
        original = RawMessage.parse(about.raw) if isinstance(about, QueuedMessage) else None
        report = build_dsn(outcome, original, sender, self._relay_host, now)
        return [_new(Direction.DSN, about, sender, report)]


def _sender(message: Reported) -> str:
    return message.reverse_path if isinstance(message, QueuedMessage) else message.sender


def _new(direction: Direction, about: Reported, recipient: str, message: RawMessage) -> NewMessage:
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
