"""All that owners see and decide of their own data, put together."""

from dataclasses import dataclass
from typing import Self

from whoisproxy.services.owners.corrections import Corrections
from whoisproxy.services.owners.exports import Exports
from whoisproxy.services.owners.held_data import HeldData, Kept
from whoisproxy.services.owners.preferences import OwnerPreferences
from whoisproxy.services.owners.sessions import OwnerSessions
from whoisproxy.services.registration import Registrations
from whoisproxy.services.settings import Clock
from whoisproxy.storage.unit_of_work import Storage


@dataclass(frozen=True, slots=True)
class OwnData:
    """The services of the account's pages on one database."""

    held: HeldData
    corrections: Corrections
    preferences: OwnerPreferences
    exports: Exports

    @classmethod
    def on(cls, storage: Storage, registrations: Registrations, kept: Kept, clock: Clock) -> Self:
        """Put them on a database."""
        sessions = OwnerSessions(storage, clock)
        corrections = Corrections(storage, registrations, sessions, clock)
        return cls(
            HeldData(storage, kept, clock),
            corrections,
            OwnerPreferences(storage, sessions, corrections, clock),
            Exports(storage, sessions, clock),
        )
