"""Tell a sender who asked for it that his message was passed on (RFC 3461 section 4.1, NOTIFY=SUCCESS).

Written when the message is taken, not when the owner's mail server has it: else it would tell how long that
server took, and that mail which is held, or not wanted from this sender, never went there.
"""

from datetime import datetime

from mailrelay.message import RawMessage
from mailrelay.queue.entry import Direction, NewMessage
from mailrelay.reports.writing import Action, Outcome, build_dsn


def report_of_relaying(taken: NewMessage, relay_host: str, now: datetime) -> NewMessage:
    """Return the report about a message that is taken now.

    Args:
        taken: The message; its sender asked, and is proven.
        relay_host: Our name.
        now: Aware UTC.
    """
    outcome = Outcome(Action.RELAYED, taken.recipient, "2.0.0", now, taken.request)
    original = taken.parsed or RawMessage.parse(taken.raw)
    report = build_dsn(outcome, original, taken.reverse_path, relay_host, now)
    return NewMessage(
        direction=Direction.DSN,
        owner_id=taken.owner_id,
        relay_id=taken.relay_id,
        recipient=taken.reverse_path,
        reverse_path="",
        raw=report.raw,
        size_octets=len(report.raw),
    )
