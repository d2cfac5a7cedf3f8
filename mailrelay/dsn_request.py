"""What a sender asked to be told about a message: the DSN extension of SMTP (RFC 3461)."""

from dataclasses import dataclass
from enum import StrEnum


class Notify(StrEnum):
    """When a sender wants a delivery status notification (RFC 3461 section 4.1)."""

    SUCCESS = "success"
    FAILURE = "failure"
    DELAY = "delay"


@dataclass(frozen=True, slots=True)
class DsnRequest:
    """The wishes for one recipient.

    Attributes:
        notify: On what to notify; empty for NEVER, None where the sender said nothing: failures then.
        returns_full: RET=FULL; else only the header comes back.
        envelope_id: ENVID, decoded from xtext; empty where not given.
        original_recipient: ORCPT as `type;address`, decoded; empty where not given.
    """

    notify: frozenset[Notify] | None = None
    returns_full: bool = False
    envelope_id: str = ""
    original_recipient: str = ""

    def wants(self, event: Notify) -> bool:
        """Return whether the sender wants to be told."""
        return event is Notify.FAILURE if self.notify is None else event in self.notify


NOTHING_ASKED = DsnRequest()
