"""Messages of registries: kept before they are acknowledged, acted on once, offered to whom they concern.

What ends a change of ours moves its operation. Everything else is offered to the registrar that holds the
domain here, or to the one whose account it came to; messages that concern nobody here are only kept.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from prometheus_client import Counter

from registries.connector import Message
from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.domain.ids import new_id
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.operation import Operation
from whoisproxy.domain.registration import Registration
from whoisproxy.domain.registry import MessageKind, RegistryMessage
from whoisproxy.services.events import emit
from whoisproxy.services.registry_endings import Endings, standing
from whoisproxy.services.registry_troubles import DECLINED, trouble
from whoisproxy.services.settings import AccountFacts, Clock, PrivacySettings
from whoisproxy.services.work_orders import work_key
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork

_log = structlog.get_logger()
_MESSAGES = Counter("whoisproxy_registry_messages", "Messages taken from registries.", ["account", "kind"])

EVENT = "registry.message"


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a message is about, as far as it is known here.

    Attributes:
        operation: Whose change it ends.
        ours: Whether the registrar has nothing to do with it.
    """

    registration: Registration | None
    operation: Operation | None
    ours: bool


class MessageIntake:
    """Takes messages in; `finished` is called when an operation may have ended."""

    def __init__(
        self,
        storage: Storage,
        settings: PrivacySettings,
        clock: Clock,
        finished: Callable[[], None] = lambda: None,
    ) -> None:
        self._storage = storage
        self._settings = settings
        self._clock = clock
        self._finished = finished
        self._endings = Endings(settings, clock)

    async def take(self, account: AccountFacts, message: Message) -> None:
        """Put a message on disk with all that follows from it; one that is here already changes nothing.

        Only when this has returned may the message be acknowledged.
        """
        async with self._storage.unit_of_work() as uow:
            if await uow.registry_messages.known(account.name, message.message_id):
                return
            subject = await self._subject(uow, account, message)
            kept = await self._keep(uow, account, message, subject)
            await self._act(uow, message, subject)
        _MESSAGES.labels(account.name, kept.kind).inc()
        _log.info("registry-message-taken", account=account.name, kind=kept.kind, id=kept.id)
        self._finished()

    async def _subject(self, uow: UnitOfWork, account: AccountFacts, message: Message) -> _Subject:
        waiting = await uow.operations.awaiting(message.transaction) if message.transaction else []
        for operation in waiting:
            # Two registries may give the same transaction id.
            if self._account_of(DomainName(operation.domain)) == account:
                registration = await uow.registrations.by_id(operation.domain_id)
                return _Subject(registration, operation, ours=True)
        contact = await uow.registry_contacts.by_handle(account.name, message.about)
        if contact is not None:
            registration = await uow.registrations.by_id(contact.domain_id)
            return _Subject(registration, None, ours=contact.made)
        name = _name(message.about)
        if name is None or self._account_of(name) != account:
            return _Subject(None, None, ours=False)
        return _Subject(await uow.registrations.by_name(name), None, ours=False)

    def _account_of(self, name: DomainName) -> AccountFacts | None:
        return self._settings.accounts.get(name.suffix)

    async def _keep(
        self, uow: UnitOfWork, account: AccountFacts, message: Message, subject: _Subject
    ) -> RegistryMessage:
        registration, now = subject.registration, self._clock()
        kept = RegistryMessage(
            id=new_id("rmsg", now),
            account=account.name,
            message_id=message.message_id,
            registrar_id=None if subject.ours else await _reader(uow, account, registration),
            kind=_kind(message),
            domain=registration.name.a_label if registration else "",
            transaction=message.transaction,
            succeeded=message.succeeded,
            transfer=message.transfer,
            text=message.text,
            about=message.about,
            received_at=now,
        )
        await uow.registry_messages.add(kept)
        if kept.registrar_id is not None:
            data = {"message_id": kept.id, "kind": kept.kind.value}
            await emit(uow, kept.registrar_id, EVENT, kept.domain, data, self._clock)
        return kept

    async def _act(self, uow: UnitOfWork, message: Message, subject: _Subject) -> None:
        registration = subject.registration
        if registration is None:
            return
        if message.gone:
            await self._endings.depart(uow, registration)
            return
        now_is = await standing(uow, subject.operation.id) if subject.operation else None
        if now_is is not None and message.succeeded is False:
            await self._endings.fail(uow, now_is, trouble(DECLINED))
            await uow.outbox.withdraw(work_key(registration.id))
            return
        if now_is is not None:
            await self._endings.resume(uow, now_is)
        # Whatever was in the way of a change, it may be over: that is found out by reading.
        await uow.outbox.wake(work_key(registration.id), self._clock())


def _kind(message: Message) -> MessageKind:
    if message.transfer:
        return MessageKind.TRANSFER
    return MessageKind.OTHER if message.succeeded is None else MessageKind.CHANGE


def _name(about: str) -> DomainName | None:
    try:
        return DomainName.parse(about)
    except InvalidInput:
        return None


async def _reader(uow: UnitOfWork, account: AccountFacts, registration: Registration | None) -> str | None:
    """Return to which registrar a message is offered."""
    if registration is not None:
        return registration.registrar_id
    registrar = await uow.registrars.by_name(account.registrar) if account.registrar else None
    return registrar.id if registrar else None


class RegistryMessages:
    """Shows registrars their messages."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def page(self, registrar: Registrar, after: str, limit: int) -> list[RegistryMessage]:
        """Return up to `limit` messages that the registrar has not taken, from behind `after`."""
        async with self._storage.reading() as uow:
            return await uow.registry_messages.page(registrar.id, after, limit)

    async def acknowledge(self, registrar: Registrar, message_id: str) -> None:
        """Mark a message as taken: it is not shown again. Doing so twice does no harm.

        Raises:
            NotFound: The registrar has none of that id.
        """
        async with self._storage.unit_of_work() as uow:
            if not await uow.registry_messages.take(registrar.id, message_id, self._clock()):
                raise NotFound("you have no message of that id")
