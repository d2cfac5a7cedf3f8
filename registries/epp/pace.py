"""Requests per minute: a token bucket in which commands wait for their turn."""

import asyncio
import time
from collections.abc import Callable

from registries.errors import RegistryUnavailable

_BURST = 0.1  # of a minute's requests, at once


class Pace:
    """Spaces the requests of one process to one account.

    Never more than `per_minute` in any sixty seconds (from 2 upwards): the burst and what flows in during a
    minute make that together.
    """

    def __init__(self, per_minute: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._burst = self._rate = self._tokens = 0.0
        self._at = monotonic()
        self.share(1.0)
        self._tokens = self._burst

    def share(self, part: float) -> None:
        """Set the part of the account's requests, above 0 and at most 1, that this process may make."""
        self._flow()
        whole = self._per_minute * part
        self._burst = max(1.0, whole * _BURST)
        self._rate = max(whole - self._burst, whole / 2) / 60
        self._tokens = min(self._tokens, self._burst)

    async def turn(self, within_s: float) -> None:
        """Wait for the turn of one request; errors as for `reserve`."""
        wait_s = self.reserve(within_s)
        if wait_s:
            await asyncio.sleep(wait_s)

    def reserve(self, within_s: float) -> float:
        """Take the next turn and return the seconds until it comes.

        Raises:
            RegistryUnavailable: It would come later than `within_s`, and is not taken.
        """
        self._flow()
        wait_s = max(0.0, 1 - self._tokens) / self._rate
        if wait_s > within_s:
            raise RegistryUnavailable("the account's requests per minute are used up")
        self._tokens -= 1
        return wait_s

    def _flow(self) -> None:
        now = self._monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
