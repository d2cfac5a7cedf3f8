"""The end of grants: when the registrar revokes one, its time is over, or whom it was about is gone.

Whoever looks is checked against domain and registrant each time, so a grant that nobody has ended yet
discloses nothing of another holder; ending it is what registrars are told of.
"""

from collections.abc import Iterable

from whoisproxy.domain.disclosure import Ending, Grant
from whoisproxy.services.events import emit_all
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.operations import NewEvent
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

EXPIRED, REVOKED = "disclosure.expired", "disclosure.revoked"

_AT_ONCE = 500


async def end_disclosures(uow: UnitOfWork, domain_id: str, ending: Ending, clock: Clock) -> None:
    """End the grants of a domain in the unit of work of what ends them, and tell the registrar."""
    await tell(uow, await uow.disclosures.end_of_domain(domain_id, ending, clock()), clock)


async def tell(uow: UnitOfWork, ended: Iterable[Grant], clock: Clock) -> None:
    """Emit an event for each grant that was ended."""
    await emit_all(uow, [_event(grant) for grant in ended], clock())


def _event(grant: Grant) -> NewEvent:
    kind = EXPIRED if grant.ending is Ending.EXPIRED else REVOKED
    data = {"disclosure_id": grant.id, "ending": grant.ending}
    return NewEvent(grant.registrar_id, kind, grant.domain, data)


class DisclosureExpiry:
    """Ends grants whose time is over."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def end_overdue(self) -> int:
        """End what is overdue now; return how many that were."""
        async with self._storage.reading() as uow:
            overdue = await uow.disclosures.overdue(self._clock(), _AT_ONCE)
        # Each for itself: whoever ends several at once may wait for another who does so too.
        for grant_id in overdue:
            async with self._storage.unit_of_work() as uow:
                ended = await uow.disclosures.end(grant_id, Ending.EXPIRED, self._clock())
                await tell(uow, [ended] if ended else [], self._clock)
        return len(overdue)
