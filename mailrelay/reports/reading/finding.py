"""What a report says about one recipient."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a returning message means for the address it is about."""

    HARD = "hard"  # the address or its domain takes no mail; sending again cannot help
    SOFT = "soft"  # this message was not taken, or not yet; the address itself may well be good
    AUTO_REPLY = "auto-reply"  # the message arrived, and software answered it
    FEEDBACK = "feedback"  # the message arrived, and someone complains about it
    NONE = "none"  # nothing of the kind


@dataclass(frozen=True, slots=True)
class Finding:
    """What a report says about one recipient.

    Attributes:
        recipient: Address the report is about; empty where it names none.
        status: Enhanced status code (RFC 3463), empty where none was given and none follows.
        reason: kebab-case, a row of `classification`; empty where nothing was reported.
        final: The message was not delivered, and whoever reports so has given up.
    """

    kind: Kind
    recipient: str = ""
    status: str = ""
    reason: str = ""
    final: bool = False


NOTHING = Finding(Kind.NONE)
