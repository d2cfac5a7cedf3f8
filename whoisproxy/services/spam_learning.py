"""What owners and the operator say about messages teaches the model of spam of this installation.

Nobody is asked here whether he may: who calls has made sure that the owner, his registrar or the operator
speaks. What is learned, and within which bounds, is in `mailrelay.content.classifier.learned`.
"""

from enum import StrEnum

from mailrelay.queue.store import QueueStore
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage


class Label(StrEnum):
    """What somebody says a message is."""

    HAM = "ham"
    SPAM = "spam"


class Outcome(StrEnum):
    """What became of a lesson; none is an error."""

    LEARNED = "learned"
    KNOWN = "known"  # the same was said of the same message before
    ENOUGH = "enough"  # of this teacher or this sender for now
    PROTECTED = "protected"  # of a class that is never learned as spam
    GONE = "gone"  # the octets are no longer kept, and were not brought along


class SpamLearning:
    """Takes lessons.

    Args:
        storage: The database.
        queue: Has the octets of what was kept back.
        clock: Gives aware UTC.
    """

    def __init__(self, storage: Storage, queue: QueueStore, clock: Clock) -> None:
        self._storage = storage
        self._queue = queue
        self._clock = clock

    async def learn(self, message_id: str, label: Label, raw: bytes | None = None) -> Outcome:
        """Learn what the owner of a message says about it; call it before the message is released.

        Args:
            message_id: Of a message to one of his relay addresses.
            label: What he says it is.
            raw: Its octets as he has them, where the queue keeps them no longer: it does while a message is
                kept back, and not once it is delivered. Only their words are learned then.

        Returns:
            What became of it; the same call again is harmless.
        """
        raise NotImplementedError
