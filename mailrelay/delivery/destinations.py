"""Let a destination rest whose servers do not take mail, so that not every queued message has to find out.

A destination rests after several failures in a row; a single one may be chance. When the rest is over one
message is let through to see; if it fails the next rest is longer, by a table, and the others rest on.
Messages kept back this way cost no connection.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from mailrelay.errors import TemporaryMailError

RESTS_S = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_FAILURES = 5
_MOST = 10_000


class DestinationResting(TemporaryMailError):
    """Mail for this destination waits without being tried.

    Attributes:
        rest_s: How much longer.
    """

    def __init__(self, rest_s: float) -> None:
        super().__init__(451, "4.4.1", "No answer from host", "destination-resting")
        self.rest_s = rest_s


@dataclass(slots=True)
class _Standing:
    """How a destination is that has failed and not been reached since.

    Attributes:
        failures: In a row, before it rests.
        rests: How often it has been sent to rest.
        until_s: End of the rest.
        probing: Whether a message is out to see.
    """

    failures: int = 0
    rests: int = 0
    until_s: float = 0.0
    probing: bool = False


class Destinations:
    """Knows which destinations rest.

    Args:
        monotonic: Clock in seconds.
        rests_s: How long it rests the first time, the second, and so on.
        failures: In a row, before it rests.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        rests_s: tuple[float, ...] = RESTS_S,
        failures: int = _FAILURES,
    ) -> None:
        self._monotonic = monotonic
        self._rests_s = rests_s
        self._failures = failures
        self._failing: dict[str, _Standing] = {}

    def admit(self, destination: str) -> None:
        """Return where a message may be tried now.

        Raises:
            DestinationResting: It may not.
        """
        standing = self._failing.get(destination)
        if standing is None or not standing.rests:
            return
        left_s = standing.until_s - self._monotonic()
        if left_s > 0:
            raise DestinationResting(left_s)
        # This message sees how things are; the others wait for what it finds.
        standing.probing = True
        standing.until_s = self._monotonic() + self._length_s(standing)

    def failed(self, destination: str) -> None:
        """Note that no server of a destination took mail."""
        standing = self._failing.setdefault(destination, _Standing())
        if standing.rests and not standing.probing:
            # It was under way together with those whose failures began the rest.
            return
        standing.failures += 1
        if standing.probing or standing.failures >= self._failures:
            standing.rests += 1
            standing.probing = False
            standing.until_s = self._monotonic() + self._length_s(standing)
        if len(self._failing) > _MOST:
            del self._failing[next(iter(self._failing))]

    def reached(self, destination: str) -> None:
        """Note that a server of a destination takes mail."""
        if self._failing:
            self._failing.pop(destination, None)

    def _length_s(self, standing: _Standing) -> float:
        return self._rests_s[min(standing.rests, len(self._rests_s)) - 1]
