"""Judge what a mail storm left behind: pure functions of what senders and sink have written down."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.journeys.mailstorm.sink import Arrival


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is judged.

    Attributes:
        taken: Mark of each message that was answered 250, with the relay address that it went to.
        mailboxes: The owner's mailbox behind each relay address.
        arrivals: What the owners' mail server has taken, in order.
        refused: Answers for good (5xx) that senders got; none of their messages deserves one.
        outlived: Processes that went on without the service that had started them.
    """

    taken: Mapping[int, str]
    mailboxes: Mapping[str, str]
    arrivals: Sequence[Arrival]
    refused: Sequence[str] = ()
    outlived: int = 0


def judge(evidence: Evidence) -> dict[str, list[str]]:
    """Return for each promise what breaks it; nothing anywhere is what we want."""
    return {
        "answered 250 and never arrived": [
            f"message {mark}" for mark in sorted(missing(evidence.taken, evidence.arrivals))
        ],
        "arrived in part": [
            f"message {arrival.message.mark}" for arrival in evidence.arrivals if not arrival.message.whole
        ],
        "arrived at another's mailbox": list(_misdelivered(evidence)),
        "returned to its sender": list(_returned(evidence)),
        "refused for good": list(evidence.refused),
        "processes outlived the service": ["once"] * evidence.outlived,
    }


def missing(taken: Iterable[int], arrivals: Iterable[Arrival]) -> set[int]:
    """Return the marks of messages that were answered 250 and have not arrived."""
    return set(taken) - {arrival.message.mark for arrival in arrivals}


def duplicates(evidence: Evidence) -> dict[str, float]:
    """Return how many copies came beyond the first, and why.

    A copy whose 250 the sink did not send is nobody's fault: RFC 5321 section 4.5.3.2.6 has the message sent
    again. What is left came of a crash between the sink's 250 and our record of it.
    """
    copies = Counter(arrival.message.mark for arrival in evidence.arrivals)
    untold = Counter(arrival.message.mark for arrival in evidence.arrivals if not arrival.told)
    beyond = {mark: count - 1 for mark, count in copies.items() if mark is not None and count > 1}
    by_sink = sum(min(count, untold[mark]) for mark, count in beyond.items())
    total = sum(beyond.values())
    return {
        "copies beyond the first": total,
        "because the sink took them and did not say so": by_sink,
        "because of a crash after the sink's 250": total - by_sink,
        "of these, in a million messages": round((total - by_sink) / max(len(evidence.taken), 1) * 1e6),
    }


def _misdelivered(evidence: Evidence) -> Iterator[str]:
    for arrival in evidence.arrivals:
        address = evidence.taken.get(arrival.message.mark) if arrival.message.mark is not None else None
        if address is not None and arrival.recipients != (evidence.mailboxes[address],):
            yield f"message {arrival.message.mark}"


def _returned(evidence: Evidence) -> Iterator[str]:
    for arrival in evidence.arrivals:
        if arrival.message.mark is None:
            yield "a report without a mark"
