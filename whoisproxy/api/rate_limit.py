"""Rate limits in process: token buckets by key, forgotten when they are full again.

Time is the caller's; chance plays no part. One process counts for itself.
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

_MAX_BUCKETS = 20_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """Allows `burst` at once and `per_minute` over time, for each subject."""

    def __init__(self, per_minute: int, burst: int, clock: Callable[[], datetime]) -> None:
        self._per_second = per_minute / 60
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, subject: str) -> int:
        """Return 0 when the subject may go on, else the whole seconds until it may."""
        missing = 1 - self._filled(subject).tokens
        return math.ceil(missing / self._per_second) if missing > 0 else 0

    def take(self, subject: str) -> None:
        """Count one; below zero nothing more is counted."""
        bucket = self._filled(subject)
        bucket.tokens = max(0.0, bucket.tokens - 1)

    def _filled(self, subject: str) -> _Bucket:
        now = self._clock().timestamp()
        bucket = self._buckets.get(subject)
        if bucket is None:
            # The least recently seen is forgotten first: a flood of subjects cannot fill the memory.
            if len(self._buckets) >= _MAX_BUCKETS:
                self._buckets.popitem(last=False)
            bucket = self._buckets[subject] = _Bucket(self._burst, now)
        self._buckets.move_to_end(subject)
        elapsed_s = max(0.0, now - bucket.at)
        bucket.tokens = min(self._burst, bucket.tokens + elapsed_s * self._per_second)
        bucket.at = now
        return bucket
