"""Suspect mailboxes: a registrant's mailbox that refused mail for good, and when it is tried again.

Trial by the next message that is due; the waits grow. A failure lasts when the mailbox has been suspect for
days and was tried again since.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

TRY_AGAIN_AFTER = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
"""Waits after the first failures; the last one repeats."""

LASTING_AFTER = timedelta(days=5)  # as long as mail is usually tried (RFC 5321 section 4.5.4.1)
_TRIALS = 2


@dataclass(frozen=True, slots=True)
class SuspectMailbox:
    """A mailbox of a registrant that refused mail.

    Attributes:
        mailbox_index: Blind index; the mailbox itself is not kept.
        since: When it first refused.
        failures: How often it has, not counting what was under way at the same time.
        try_at: From when the next message may try it.
    """

    owner_id: str
    mailbox_index: bytes
    since: datetime
    failures: int
    try_at: datetime

    def lasting(self, now: datetime) -> bool:
        """Whether the failure is no passing one."""
        return self.failures >= _TRIALS and now - self.since >= LASTING_AFTER

    def failed_again(self, now: datetime) -> "SuspectMailbox":
        """Return it after another failure; the same where that one was under way already."""
        if now < self.try_at:
            return self
        wait = TRY_AGAIN_AFTER[min(self.failures, len(TRY_AGAIN_AFTER) - 1)]
        return replace(self, failures=self.failures + 1, try_at=now + wait)


def newly_suspect(owner_id: str, mailbox_index: bytes, now: datetime) -> SuspectMailbox:
    """Return a mailbox after its first failure."""
    return SuspectMailbox(owner_id, mailbox_index, now, 1, now + TRY_AGAIN_AFTER[0])
