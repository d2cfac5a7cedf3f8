"""Exports: all data of an owner in one file, made for him alone and for a short time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

KEPT: Final = timedelta(days=3)
"""How long an export can be fetched, from when it was asked for."""

MOST_A_DAY: Final = 5
"""Exports that one owner may ask for within a day."""


class ExportState(StrEnum):
    """Where an export stands."""

    PENDING = "pending"  # it is being made
    READY = "ready"
    FAILED = "failed"  # something kept it from being made


@dataclass(frozen=True, slots=True)
class Export:
    """One export, without its content.

    Attributes:
        size_octets: Of the file; 0 until it is ready.
    """

    id: str
    account_id: str
    state: ExportState
    created_at: datetime
    expires_at: datetime
    size_octets: int = 0

    @property
    def is_ready(self) -> bool:
        """Whether there is a file to be fetched."""
        return self.state is ExportState.READY
