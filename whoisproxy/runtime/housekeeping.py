"""What is done now and then: addresses retire after their grace, what has had its time is deleted."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from prometheus_client import Gauge

from mailrelay.checks.greylist_store import SqlGreylist
from mailrelay.queue.entry import FINAL, State
from whoisproxy.domain.owner_mailbox import CONFIRM_WITHIN
from whoisproxy.domain.owner_session import LONGEST_SESSION
from whoisproxy.domain.sign_in import BUDGET_OF_NETWORK, HISTORY_KEPT
from whoisproxy.runtime.contact_form import contact_form
from whoisproxy.runtime.core import Core
from whoisproxy.services.disclosure_endings import DisclosureExpiry
from whoisproxy.services.quarantine_digests import DigestSchedule
from whoisproxy.services.relay_lifecycle import RelayLifecycle
from whoisproxy.storage.engine import is_sqlite
from whoisproxy.storage.published_changes import purge_changes

_log = structlog.get_logger()
_QUEUED = Gauge("whoisproxy_mail_queue_messages", "Messages that have not come to an end", ["state"])
_PAUSE_S = 60.0


class Housekeeping:
    """Runs every minute; a failure of one task is logged and does not stop the others."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._lifecycle = RelayLifecycle(core.storage, core.clock)
        self._disclosures = DisclosureExpiry(core.storage, core.clock)
        keep = timedelta(days=core.settings.retention.quarantine_days)
        self._digests = DigestSchedule(core.storage, core.queue, core.clock, keep)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set."""
        contact = contact_form(self._core)
        while not stop.is_set():
            for task in (
                self._lifecycle.retire_expired,
                self._core.registry_tasks.wake_due,
                self._disclosures.end_overdue,
                self._purge_answers,
                self._purge_events,
                self._purge_mail,
                contact.purge,
                self._purge_changes,
                self._digests.look,
                self._measure_queue,
            ):
                await self._attempt(task)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _PAUSE_S)

    async def _attempt(self, task: Callable[[], Awaitable[object]]) -> None:
        try:
            await task()
        except Exception:  # noqa: BLE001 - whatever it is, the next round goes on
            _log.exception("housekeeping-failed", task=task.__name__)

    async def _purge_answers(self) -> None:
        hours = self._core.settings.retention.idempotency_hours
        async with self._core.storage.unit_of_work() as uow:
            await uow.idempotency.purge(self._core.clock() - timedelta(hours=hours))

    async def _purge_events(self) -> None:
        days = self._core.settings.retention.events_days
        before = self._core.clock() - timedelta(days=days)
        await self._core.registry_tasks.purge(timedelta(days=days))
        async with self._core.storage.unit_of_work() as uow:
            await uow.events.purge(before)
            await uow.outbox.purge(before)
            await uow.registry_messages.purge(before)
            await uow.corrections.purge(before)
            await uow.publication_history.purge(self._core.clock())
            kept = timedelta(days=self._core.settings.retention.disclosures_days)
            await uow.disclosures.purge(self._core.clock() - kept)

    async def _purge_mail(self) -> None:
        retention, now = self._core.settings.retention, self._core.clock()
        await self._core.queue.discard_unclaimed(now - timedelta(days=retention.quarantine_days))
        await self._core.queue.purge(now - timedelta(days=retention.messages_days))
        await SqlGreylist(self._core.storage.engine).purge(now)
        await self._core.learning.purge()
        kept = timedelta(days=retention.quarantine_days + 1)
        async with self._core.storage.unit_of_work() as uow:
            await uow.suspect_mailboxes.purge(now - timedelta(days=retention.messages_days))
            await uow.replies.purge(now)
            await uow.quarantines.purge(now - kept)
            await uow.owner_accounts.purge(now)
            await uow.owner_mailboxes.purge(now - CONFIRM_WITHIN)
            await uow.owner_exports.purge(now)
            await uow.owner_sessions.purge(now - LONGEST_SESSION)
            await uow.sign_in_attempts.purge(now - HISTORY_KEPT, now - BUDGET_OF_NETWORK.within)

    async def _purge_changes(self) -> None:
        if not is_sqlite(self._core.storage.engine):
            return
        more = True
        while more:
            # A batch at a time, so that others may write in between.
            async with self._core.storage.unit_of_work() as uow:
                more = await purge_changes(uow.connection)

    async def _measure_queue(self) -> None:
        depth = await self._core.queue.depth()
        for state in State:
            if state not in FINAL:
                _QUEUED.labels(state.value).set(depth.get(state, 0))
