"""What happens at each stage of an SMTP transaction: run the chain, record, enqueue, answer.

Knows nothing of sockets: `server` speaks SMTP (RFC 5321) and asks here. A message is answered 250 only
when it is durable in the queue. Replies are the same for strangers, owners and whoever pretends.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import cache

import structlog
from prometheus_client import Counter

from mailrelay.addresses import BounceAddresses
from mailrelay.authentication.authenticate import authenticate
from mailrelay.checks.chains import Chains
from mailrelay.checks.listed_sender import claimed_names
from mailrelay.checks.rates import network_of
from mailrelay.checks.stages import ConnectionContext, MessageContext, RecipientContext, SenderContext
from mailrelay.checks.verdict import (
    LOOP,
    MALFORMED,
    NOT_ACCEPTED,
    TRY_LATER,
    UNKNOWN_RECIPIENT,
    Action,
    Decision,
    Reply,
)
from mailrelay.directory import Directory
from mailrelay.dns import Resolver
from mailrelay.dsn_request import NOTHING_ASKED, DsnRequest, Notify
from mailrelay.message import RawMessage
from mailrelay.queue.cipher import KeyDestroyed
from mailrelay.queue.entry import Direction, NewMessage, State
from mailrelay.queue.operations import QueueUnavailable
from mailrelay.queue.store import QueueStore
from mailrelay.reports.relaying import report_of_relaying
from mailrelay.rewriting.forward import author_of, correspondent_of
from mailrelay.transaction import Transaction, bounce_entries, entries_of, operator_entries

_ANSWERS = Counter(
    "mailrelay_inbound_answers_total", "Answers to messages and recipients", ["stage", "action"]
)
_log = structlog.get_logger()

# A recipient is refused so long after RCPT, which is longer than any look-up takes.
_REFUSED_AFTER_S = 0.005
# Timers of the event loop begin to run when it has nothing to do, and so would count what was done before.
_WAITING = ThreadPoolExecutor(8, thread_name_prefix="refusal")
_RECIPIENT_OK = Reply(250, "2.1.5", "OK")
_SENDER_OK = Reply(250, "2.1.0", "OK")
# RFC 5321 4.5.1 and RFC 2142: these must reach a person wherever mail is taken.
_OPERATOR_MAILBOXES = frozenset({"postmaster", "abuse"})
_THE_REGISTRAR = "ask its registrar"


class Inbound:
    """The relay's side of SMTP, as decisions.

    Args:
        chains: The checks of each stage.
        directory: Knows the relay and reply addresses.
        resolver: For sender authentication.
        store: The queue.
        bounces: Reads return addresses.
        relay_domain: Domain of postmaster and abuse.
        authserv_id: Our name in Authentication-Results.
        clock: Gives aware UTC.
        takes_operator_mail: Whether somebody reads postmaster and abuse.
        validates_arc: Whether ARC chains are looked at.
        contact_url: Page by which owners can be reached too, named where a message is refused; the same for
            all addresses. Empty for none.
    """

    def __init__(  # noqa: PLR0913 - what a mail server is made of
        self,
        *,
        chains: Chains,
        directory: Directory,
        resolver: Resolver,
        store: QueueStore,
        bounces: BounceAddresses,
        relay_domain: str,
        authserv_id: str,
        clock: Callable[[], datetime],
        takes_operator_mail: bool = False,
        validates_arc: bool = True,
        contact_url: str = "",
    ) -> None:
        self._chains = chains
        self._directory = directory
        self._resolver = resolver
        self._store = store
        self._bounces = bounces
        self._relay_domain = relay_domain.lower()
        self._authserv_id = authserv_id
        self._clock = clock
        self._takes_operator_mail = takes_operator_mail
        self._validates_arc = validates_arc
        other_way = contact_url or _THE_REGISTRAR
        self._told = {one: one.naming(other_way) for one in (NOT_ACCEPTED, MALFORMED, LOOP)}

    async def connected(self, context: ConnectionContext) -> Reply | None:
        """Return a refusal for a new connection, or None."""
        decision = await self._chains.connection.run(context)
        return self._refusal(decision)

    async def sender(self, context: SenderContext) -> Reply:
        """Answer MAIL."""
        return self._refusal(await self._chains.sender.run(context)) or _SENDER_OK

    async def recipient(
        self, transaction: Transaction, address: str, request: DsnRequest = NOTHING_ASKED
    ) -> Reply:
        """Answer RCPT; an accepted recipient is added to the transaction.

        The time of a refusal says nothing of what was found, and how long that took.
        """
        refused_at = time.perf_counter() + _REFUSED_AFTER_S
        reply = await self._recipient(transaction, address, request)
        if reply is not _RECIPIENT_OK:
            await asyncio.get_running_loop().run_in_executor(_WAITING, _sleep_until, refused_at)
        return reply

    async def _recipient(self, transaction: Transaction, address: str, request: DsnRequest) -> Reply:
        # RFC 5321 4.5.1: postmaster is taken without a domain too.
        full = f"{address}@{self._relay_domain}" if address.lower() == "postmaster" else address
        local_part, _, domain = full.rpartition("@")
        if domain.lower() == self._relay_domain:
            if local_part.lower() in _OPERATOR_MAILBOXES and self._takes_operator_mail:
                transaction.to_operator.append(address)
                return _RECIPIENT_OK
            reported = self._bounces.decode(address, self._clock())
            if reported is not None:
                return self._bounce_recipient(transaction, reported)
        if address in transaction.routes:
            return _RECIPIENT_OK
        route = await self._directory.find_at_door(address)
        context = RecipientContext(transaction.sender, address, route, tuple(transaction.routes.values()))
        decision = await self._chains.recipient.run(context)
        if decision.action < Action.DEFER:
            decision = await self._admit(transaction, context)
        refusal = self._refusal(decision)
        _answers("recipient", decision.action).inc()
        if refusal is None and route is not None:
            transaction.routes[address] = route
            transaction.requests[address] = request
            return _RECIPIENT_OK
        return refusal or UNKNOWN_RECIPIENT

    async def _admit(self, transaction: Transaction, context: RecipientContext) -> Decision:
        """Judge the client of an acceptable recipient; who is in doubt may have to come again."""
        client = await self._chains.clients.judge(transaction.sender)
        if client.action >= Action.DEFER or not client.evidence:
            return client
        transaction.sender = replace(transaction.sender, evidence=client.evidence)
        return await self._chains.doubtful.run(replace(context, sender=transaction.sender))

    def erred(self, peer_ip: str) -> None:
        """Count a 5yz answer to a client: networks that get little else are kept away for a while."""
        self._chains.errors.add(network_of(peer_ip))

    async def message(self, transaction: Transaction, raw: bytes) -> Reply:
        """Answer the end of DATA. A 250 means that the message is durable."""
        entries: list[NewMessage] = []
        decision = Decision(Action.ACCEPT)
        if transaction.routes:
            decision, entries = await self._decide(transaction, raw)
        _answers("message", decision.action).inc()
        refusal = self._refusal(decision)
        if refusal is not None:
            if decision.action is Action.REJECT:
                await self._record_rejected(entries)
            return refusal
        return await self._store_accepted(transaction, raw, entries, decision.action)

    def _refusal(self, decision: Decision) -> Reply | None:
        if decision.action < Action.DEFER:
            return None
        reply = decision.reply or TRY_LATER
        return self._told.get(reply, reply)

    def _bounce_recipient(self, transaction: Transaction, message_id: str) -> Reply:
        # RFC 5321 4.5.5: reports have a null reverse-path; anything else there is not a report.
        if transaction.sender.reverse_path:
            return UNKNOWN_RECIPIENT
        transaction.bounces.append(message_id)
        return _RECIPIENT_OK

    async def _decide(self, transaction: Transaction, raw: bytes) -> tuple[Decision, list[NewMessage]]:
        message = RawMessage.parse(raw)
        sender = transaction.sender
        results = await authenticate(
            message,
            sender.connection.peer_ip,
            sender.helo,
            sender.reverse_path,
            self._resolver,
            self._clock(),
            validates_arc=self._validates_arc,
        )
        routes = tuple(transaction.routes.values())
        answered = correspondent_of(message, author_of(message, sender.reverse_path))
        correspondent = answered.address if answered else ""
        claimed = claimed_names(results.authors, sender.reverse_path, correspondent)
        # Answers need the one, strangers' mail the other, but asking for each alone would tell which it is.
        admission = await self._directory.admission(routes[0].relay_id, claimed)
        context = MessageContext(
            sender, routes, message, results, admission.mailboxes, admission.rules, claimed
        )
        await context.read()
        decision = await self._chains.message.run(context)
        return decision, entries_of(transaction, context, decision, correspondent, self._authserv_id)

    async def _store_accepted(
        self, transaction: Transaction, raw: bytes, entries: list[NewMessage], action: Action
    ) -> Reply:
        state = State.QUARANTINED if action is Action.QUARANTINE else State.QUEUED
        letters = [one for one in entries if one.direction is Direction.FORWARD]
        own = [
            # Answers are held at delivery, where the owner is told: at the door the time would tell.
            *[one for one in entries if one.direction is Direction.REPLY],
            *operator_entries(transaction, raw),
            *bounce_entries(transaction, raw),
            *self._reports(entries),
        ]
        try:
            # One commit whatever was decided: if it fails, the sender comes again with the whole.
            ids = await self._store.enqueue(letters, state, also=own) if letters or own else []
        except KeyDestroyed:
            # The owner was erased since RCPT.
            return UNKNOWN_RECIPIENT
        except QueueUnavailable as error:
            _log.error("message-not-stored", reason=error.reason)
            return Reply(error.code, error.enhanced, error.public)
        if not ids:
            return TRY_LATER
        _log.info("message-taken", ids=ids, state=state.value, size_octets=len(raw))
        return Reply(250, "2.0.0", f"OK {ids[0]}")

    def _reports(self, taken: Iterable[NewMessage]) -> Iterable[NewMessage]:
        """Return what senders are told who asked to hear of success: at once, and whatever happens next."""
        return (
            report_of_relaying(message, self._authserv_id, self._clock())
            for message in taken
            if message.proven and message.reverse_path and message.request.wants(Notify.SUCCESS)
        )

    async def _record_rejected(self, entries: list[NewMessage]) -> None:
        try:
            ids = await self._store.record_rejected(entries)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - the refusal stands, with or without a note of it
            _log.warning("refusal-not-recorded", error=type(error).__name__)
        else:
            _log.info("message-refused", ids=ids)


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.perf_counter()))


@cache
def _answers(stage: str, action: Action) -> Counter:
    return _ANSWERS.labels(stage, action.name.lower())
