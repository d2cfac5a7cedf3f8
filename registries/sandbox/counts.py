"""What an account uses of its share: sessions, commands a minute; and the numbers of transactions."""

import itertools
import secrets
from collections import Counter, defaultdict, deque
from datetime import datetime, timedelta

from registries.sandbox.settings import Limits

_MINUTE = timedelta(minutes=1)


class SessionCounts:
    """How much each account has open and has asked for, and what makes each svTRID its own."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._open: Counter[str] = Counter()
        self._asked: defaultdict[str, deque[datetime]] = defaultdict(deque)
        # A restarted registry must not repeat the identifiers of the time before.
        self._prefix = secrets.token_hex(6)
        self._numbers = itertools.count(1)

    def enter(self, account: str) -> bool:
        """Take a place for an account; returns False when it has none left."""
        if self._open[account] >= self._limits.max_sessions:
            return False
        self._open[account] += 1
        return True

    def leave(self, account: str) -> None:
        """Give a place back."""
        self._open[account] -= 1
        if not self._open[account]:
            del self._open[account]

    def wait_s(self, account: str, now: datetime) -> int:
        """Count a command; returns 0, or the seconds to wait when the account asked too much in a minute."""
        allowed = self._limits.max_commands_a_minute
        if allowed is None:
            return 0
        asked = self._asked[account]
        while asked and asked[0] <= now - _MINUTE:
            asked.popleft()
        if len(asked) < allowed:
            asked.append(now)
            return 0
        return int((asked[0] + _MINUTE - now).total_seconds()) + 1

    def next_transaction(self) -> str:
        """Return a new svTRID."""
        return f"SANDBOX-{self._prefix}-{next(self._numbers)}"
