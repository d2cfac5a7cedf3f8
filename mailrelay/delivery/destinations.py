"""Let a destination rest whose servers do not take mail, so that not every queued message has to find out.

After each failure the rest is longer, by a table. When it is over one message is let through to see; the
others rest on until that one is delivered. Messages kept back this way cost no connection.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from mailrelay.errors import TemporaryMailError

RESTS_S = (15.0, 30.0, 60.0, 120.0, 300.0, 600.0)
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
class _Rest:
    failures: int = 0
    until_s: float = 0.0
    probing: bool = True


class Destinations:
    """Knows which destinations rest.

    Args:
        monotonic: Clock in seconds.
        rests_s: How long, after the first failure in a row, the second, and so on.
    """

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, rests_s: tuple[float, ...] = RESTS_S
    ) -> None:
        self._monotonic = monotonic
        self._rests_s = rests_s
        self._resting: dict[str, _Rest] = {}

    def admit(self, destination: str) -> None:
        """Return where a message may be tried now.

        Raises:
            DestinationResting: It may not.
        """
        rest = self._resting.get(destination)
        if rest is None:
            return
        left_s = rest.until_s - self._monotonic()
        if left_s > 0:
            raise DestinationResting(left_s)
        # This message sees how things are; the others wait for what it finds.
        rest.probing = True
        rest.until_s = self._monotonic() + self._length_s(rest.failures)

    def failed(self, destination: str) -> None:
        """Note that no server of a destination takes mail now."""
        rest = self._resting.setdefault(destination, _Rest())
        if not rest.probing:
            # It was under way together with the one whose failure began the rest.
            return
        rest.failures += 1
        rest.probing = False
        rest.until_s = self._monotonic() + self._length_s(rest.failures)
        if len(self._resting) > _MOST:
            del self._resting[next(iter(self._resting))]

    def reached(self, destination: str) -> None:
        """Note that a server of a destination takes mail."""
        if self._resting:
            self._resting.pop(destination, None)

    def _length_s(self, failures: int) -> float:
        return self._rests_s[min(failures, len(self._rests_s)) - 1]
