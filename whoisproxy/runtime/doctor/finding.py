"""What a check of the doctor says."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"  # works, but not as it should
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One checked thing.

    Attributes:
        advice: What to do; "" when all is well.
    """

    subject: str
    health: Health
    advice: str = ""
