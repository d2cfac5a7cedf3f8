"""New mail straight to the worker of the same process, without a claim and without being opened again."""

from typing import Protocol

from mailrelay.queue.entry import QueuedMessage


class Handover(Protocol):
    """A worker that takes messages as soon as they are durable.

    Attributes:
        worker_id: Under which they are claimed.
        lease_s: How long such a claim stands without a sign of life.
    """

    worker_id: str
    lease_s: float

    def reserve(self, octets: int, priority: int) -> bool:
        """Return whether there is room for one more message, which is kept until `take` or `cancel`."""
        ...

    def take(self, message: QueuedMessage) -> None:
        """Deliver a message for which room was reserved; it is durable, and claimed by this worker."""
        ...

    def cancel(self, octets: int) -> None:
        """Give up room that was reserved."""
        ...
