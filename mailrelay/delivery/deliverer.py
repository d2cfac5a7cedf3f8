"""Bring one claimed message to its next state: prepare, sign, route, send, and record what came of it.

What fails for now is put off by the schedule, what fails for good is reported to whom it concerns. A fault
of ours never loses a message.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from prometheus_client import Counter

from mailrelay.addresses import split_address
from mailrelay.delivery.client import Accepted, SmtpClient
from mailrelay.delivery.destinations import DestinationResting, Destinations
from mailrelay.delivery.failures import Reports, may_be_told
from mailrelay.delivery.mailbox_failures import MailboxFailures, MailboxRefused, MailboxRests
from mailrelay.delivery.objections import CopyOfAnswer, NotWanted
from mailrelay.delivery.preparation import Outgoing, Preparation
from mailrelay.delivery.refusals import HostUnavailable
from mailrelay.delivery.routing import Router
from mailrelay.delivery.schedule import TOLD_AFTER, Schedule
from mailrelay.delivery.signing import Signer
from mailrelay.dsn_request import Notify
from mailrelay.errors import MailError, PermanentMailError, TemporaryMailError
from mailrelay.notices import OwnerNotices
from mailrelay.queue.cipher import KeyDestroyed
from mailrelay.queue.entry import Direction, MessageRecord, NewMessage, QueuedMessage
from mailrelay.queue.store import QueueStore
from mailrelay.reports.reading.report import read_report
from mailrelay.rewriting.reply import AnswerHeld, AutomaticMail

_log = structlog.get_logger()
_OUTCOMES = Counter("mailrelay_deliveries_total", "What came of claimed messages", ["direction", "outcome"])
_DELIVERED = {direction: _OUTCOMES.labels(direction.value, "delivered") for direction in Direction}

_LOCAL_FAULT = TemporaryMailError(451, "4.3.0", "Local fault", "local-fault")


class Deliverer:
    """Delivers claimed messages.

    Args:
        store: The queue.
        preparation: Rewrites.
        router: Finds mail servers.
        client: Sends.
        signer: Signs.
        reports: Writes DSNs.
        notices: Writes notices to owners.
        mailboxes: Decides on what an owner's mailbox refuses.
        clock: Gives aware UTC.
        worker_id: Under which the messages were claimed.
        schedule: Waits between attempts.
        destinations: Which of them rest.
        chance: Gives 0 to 1, for the spread of retries.
        answered: Each is told of every answer of an owner that was sent, and raises nothing.
    """

    def __init__(  # noqa: PLR0913 - the parts of a delivery
        self,
        *,
        store: QueueStore,
        preparation: Preparation,
        router: Router,
        client: SmtpClient,
        signer: Signer,
        reports: Reports,
        notices: OwnerNotices,
        mailboxes: MailboxFailures,
        clock: Callable[[], datetime],
        worker_id: str,
        schedule: Schedule | None = None,
        destinations: Destinations | None = None,
        chance: Callable[[], float] = random.random,
        answered: Sequence[Callable[[QueuedMessage], Awaitable[None]]] = (),
    ) -> None:
        self._store = store
        self._preparation = preparation
        self._router = router
        self._client = client
        self._signer = signer
        self._reports = reports
        self._notices = notices
        self._mailboxes = mailboxes
        self._clock = clock
        self._worker_id = worker_id
        self._schedule = schedule or Schedule()
        self._destinations = destinations or Destinations()
        self._chance = chance
        self._answered = answered

    async def deliver(self, message: QueuedMessage) -> None:
        """Bring one claimed message to its next state; raises only where that cannot be recorded."""
        try:
            if message.direction is Direction.BOUNCE:
                outcome = await self._read_bounce(message)
            else:
                await self._forward(message)
                _DELIVERED[message.direction].inc()
                return
        except AnswerHeld as held:
            notices = await self._notices.about(message, held.reason, held.hits, held.places)
            await self._store.held(self._worker_id, message.id, held.reason, notices)
            outcome = "held"
        except (AutomaticMail, NotWanted) as unwanted:
            # A notice about automatic mail would be answered by the same software; who wants none gets none.
            await self._store.held(self._worker_id, message.id, unwanted.reason, [])
            outcome = "held"
        except CopyOfAnswer:
            await self._store.not_sent(self._worker_id, message.id, "copy-of-an-answer")
            outcome = "copied"
        except (MailboxRests, MailboxRefused) as trouble:
            outcome = await self._mailboxes.keep(message, trouble)
        except PermanentMailError as error:
            outcome = await self._give_up(message, error)
        except MailError as error:
            outcome = await self._defer(message, error)
        except KeyDestroyed:
            await self._store.bounced(self._worker_id, message.id, "owner-erased")
            outcome = "discarded"
        except Exception as fault:  # noqa: BLE001 - a fault of ours must not lose the message
            _log.error("delivery-fault", id=message.id, error=type(fault).__name__)
            outcome = await self._defer(message, _LOCAL_FAULT)
        _OUTCOMES.labels(message.direction.value, outcome).inc()
        _log.info("delivery", id=message.id, direction=message.direction.value, outcome=outcome)

    async def close(self) -> None:
        """Take leave of every mail server."""
        await self._client.close()

    async def _forward(self, message: QueuedMessage) -> None:
        outgoing = await self._preparation.prepare(message)
        try:
            accepted = await self._send(message, outgoing)
        except PermanentMailError as error:
            raise self._mailboxes.meaning(message, outgoing.recipient, error) from None
        thread = [(message.relay_id, outgoing.recipient, one) for one in outgoing.learned]
        event = f"delivered-tls-{accepted.tls}"
        await self._store.delivered(self._worker_id, message.id, thread, event=event)
        if outgoing.on_trial:
            await self._mailboxes.worked(message, outgoing.recipient)
        if message.direction is Direction.REPLY:
            for told in self._answered:
                await told(message)

    async def _send(self, message: QueuedMessage, outgoing: Outgoing) -> Accepted:
        """Hand the message to a mail server of its recipient.

        Raises:
            MailError: None took it.
        """
        try:
            _, domain = split_address(outgoing.recipient)
        except ValueError:
            raise PermanentMailError(553, "5.1.3", "Recipient is no mailbox", "bad-recipient") from None
        route = await self._router.route(domain)
        destination = route.destination
        self._destinations.admit(destination)
        raw = self._signer.sign(outgoing.message, outgoing.findings).raw
        taken = partial(self._store.sent, message.id)
        try:
            accepted = await self._client.send(route, outgoing.reverse_path, outgoing.recipient, raw, taken)
        except HostUnavailable:
            self._destinations.failed(destination)
            raise
        except MailError:
            self._destinations.reached(destination)
            raise
        self._destinations.reached(destination)
        return accepted

    async def _read_bounce(self, report: QueuedMessage) -> str:
        """Take in what a later server says about a message we delivered."""
        findings = await asyncio.to_thread(read_report, report.raw)
        about = await self._store.get(report.about_id)
        if about is not None:
            await self._mailboxes.returned(about, findings)
        failed = next((found for found in findings if found.final), None)
        if about is not None and failed is not None:
            reports = await self._of_failure(about)
            await self._store.failed_later(about.id, "returned-by-a-later-server", reports)
        await self._store.delivered(self._worker_id, report.id, event="read")
        return "read"

    async def _defer(self, message: QueuedMessage, error: MailError) -> str:
        now = self._clock()
        age = now - message.received_at
        wait = self._schedule.wait_at(age, self._chance)
        if wait is None:
            return await self._give_up(message, error)
        if isinstance(error, DestinationResting):
            # Nothing was tried: it is due when the rest is over, spread out a little.
            wait = min(wait, timedelta(seconds=error.rest_s * (1 + 0.5 * self._chance())))
        if age < TOLD_AFTER and may_be_told(message, Notify.DELAY):
            wait = min(wait, TOLD_AFTER - age)
        late = self._told_late(message, error, now)
        await self._store.deferred(
            self._worker_id, message.id, error.reason[:64], now + wait, reports=late, warned=bool(late)
        )
        return "deferred"

    def _told_late(self, message: QueuedMessage, error: MailError, now: datetime) -> list[NewMessage]:
        """Return the report that a message is late, once, when it is."""
        if message.warned_at is not None or now - message.received_at < TOLD_AFTER:
            return []
        retry_until = message.received_at + self._schedule.lifetime
        return self._reports.of_delay(message, error.enhanced, retry_until, now)

    async def _give_up(self, message: QueuedMessage, error: MailError) -> str:
        reports = await self._of_failure(message)
        await self._store.bounced(self._worker_id, message.id, error.reason[:64], reports)
        return "bounced"

    async def _of_failure(self, message: QueuedMessage | MessageRecord) -> list[NewMessage]:
        if message.direction is Direction.REPLY:
            return await self._notices.about(message, "delivery-failed")
        return self._reports.of_failure(message, self._clock())
