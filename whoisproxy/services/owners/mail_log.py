"""What an owner sees of the mail of his domains: a log with what became of each message, and charts.

Whoever calls has made sure who asks. What is shown is what the queue has committed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from mailrelay.queue.entry import Direction, MessageRecord
from mailrelay.queue.log import LogQuery
from mailrelay.queue.store import QueueStore
from mailrelay.rewriting.held_letter import line_of, person_in
from whoisproxy.domain.mail_log import STATES, Bar, Fate, LogEntry, bars
from whoisproxy.domain.owner_account import OwnerAccount
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.owned_mail import Addresses, OwnedRelay
from whoisproxy.storage.unit_of_work import Storage

_MONTHS = 12


class Period(StrEnum):
    """How far back a list or a chart goes."""

    WEEK = "7"
    MONTH = "30"
    YEAR = "365"


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What of the log is wanted.

    Attributes:
        domain: A-label; "" for all of the owner's.
        fate: None for every one.
        period: None for all that is kept.
    """

    domain: str = ""
    fate: Fate | None = None
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of the log; `older` is the id behind which it goes on, "" at its end."""

    entries: tuple[LogEntry, ...]
    older: str


class OwnerMailLog:
    """Shows owners what came, what left, and what became of it.

    Args:
        storage: The database.
        queue: Has the messages.
        clock: Gives aware UTC.
    """

    def __init__(self, storage: Storage, queue: QueueStore, clock: Clock) -> None:
        self._storage = storage
        self._queue = queue
        self._clock = clock

    async def page(self, account: OwnerAccount, wanted: LogFilter, before: str, limit: int) -> LogPage:
        """Return up to `limit` messages, newest first; `before` is the last id seen.

        A domain that is not the owner's has no messages.
        """
        addresses = await self._addresses(account, wanted.domain)
        query = LogQuery(
            addresses.relay_ids,
            addresses.holder_ids,
            states=STATES[wanted.fate] if wanted.fate else (),
            since=self._clock() - timedelta(days=int(wanted.period)) if wanted.period else None,
        )
        records = await self._queue.logged(query, limit + 1, before) if addresses.relay_ids else []
        relays = await self._relays(account, records)
        # A domain may have gone to another meanwhile.
        shown = [_entry(one, relays[one.relay_id]) for one in records[:limit] if one.relay_id in relays]
        return LogPage(tuple(shown), records[limit - 1].id if len(records) > limit else "")

    async def find(self, account: OwnerAccount, message_id: str) -> LogEntry | None:
        """Return a message; None where it is not the owner's."""
        record = await self._queue.get(message_id)
        if record is None or record.direction not in {Direction.FORWARD, Direction.REPLY}:
            return None
        relay = (await self._relays(account, [record])).get(record.relay_id)
        if relay is None or relay.registrant_id != record.owner_id:
            return None
        return _entry(record, relay)

    async def chart(self, account: OwnerAccount, domain: str, period: Period) -> tuple[Bar, ...]:
        """Return how much strangers' mail came, a bar for each day of a month or each month of a year."""
        begins = _begins(self._clock().date(), period)
        found = await self._addresses(account, domain)
        since = datetime.combine(begins[0], datetime.min.time(), self._clock().tzinfo)
        query = LogQuery(found.relay_ids, found.holder_ids, directions=(Direction.FORWARD,), since=since)
        return bars(begins, await self._queue.numbers(query) if found.relay_ids else ())

    async def _addresses(self, account: OwnerAccount, domain: str) -> Addresses:
        async with self._storage.reading() as uow:
            return await uow.owned_mail.addresses(account.registrar_id, account.owner_index, domain)

    async def _relays(self, account: OwnerAccount, records: Sequence[MessageRecord]) -> dict[str, OwnedRelay]:
        relay_ids = [one.relay_id for one in records]
        async with self._storage.reading() as uow:
            return await uow.owned_mail.relays(account.registrar_id, account.owner_index, relay_ids)


def _entry(record: MessageRecord, relay: OwnedRelay) -> LogEntry:
    other = person_in(record.author)[0] if record.author else ""
    if not other and record.direction is Direction.FORWARD:
        other = line_of(record.sender)
    return LogEntry(relay.name.a_label, other, line_of(record.subject), record)


def _begins(today: date, period: Period) -> list[date]:
    """Return the first days of the bars of a chart that ends today."""
    if period is not Period.YEAR:
        days = int(period)
        return [today - timedelta(days=days - 1 - number) for number in range(days)]
    months = [today.year * 12 + today.month - _MONTHS + number for number in range(_MONTHS)]
    return [date(month // 12, month % 12 + 1, 1) for month in months]
