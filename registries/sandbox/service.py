"""Carry out a command in one transaction, with its line in the journal (RFC 5730 2.9).

Sessions, framing and faults are the business of `session`; what each command means, of its handler.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from registries.sandbox import contacts, domains, hosts, review, transfers, witness
from registries.sandbox.answers import Answer, greeting, services
from registries.sandbox.commands import (
    Command,
    ContactCheck,
    ContactCreate,
    ContactDelete,
    ContactInfo,
    ContactTransfer,
    ContactUpdate,
    DomainCheck,
    DomainCreate,
    DomainDelete,
    DomainInfo,
    DomainRenew,
    DomainTransfer,
    DomainUpdate,
    HostCheck,
    HostCreate,
    HostDelete,
    HostInfo,
    HostUpdate,
    Login,
    Logout,
    Poll,
    Request,
)
from registries.sandbox.context import Context
from registries.sandbox.protocol import CONTACT, EXTENSIONS, Refusal
from registries.sandbox.records import JournalEntry
from registries.sandbox.settings import DataModel, Quirk, Rules, Tld
from registries.sandbox.store import State, Store

_ResultT = TypeVar("_ResultT")


def _login(context: Context, command: Login) -> Answer:
    if command.version != "1.0":
        raise Refusal(2100, "the protocol version is 1.0")
    if command.language.lower() != "en":
        raise Refusal(2102, "the language is en")
    if not set(command.objects) <= set(services(context.tlds)):
        raise Refusal(2307, "an object service is not in the greeting")
    if Quirk.CONTACTS_REFUSED in context.quirks and CONTACT in command.objects:
        raise Refusal(2307, "the contact service is not for this account")
    if not set(command.extensions) <= set(EXTENSIONS):
        raise Refusal(2103, "an extension is not in the greeting")
    if not context.state.accounts.authenticate(command.client_id, command.password):
        raise Refusal(2200, "the account or its password is wrong")
    if command.new_password is not None:
        context.state.accounts.set_password(command.client_id, command.new_password)
    return Answer()


def _logout(_: Context, __: Logout) -> Answer:
    return Answer(1500)


def _poll(context: Context, command: Poll) -> Answer:
    queue = context.state.messages
    if command.message_id is not None:
        if not queue.remove(context.account, command.message_id):
            raise Refusal(2303, "there is no message of that id")
        return Answer(acknowledged=(command.message_id, queue.waiting(context.account)))
    message = queue.first(context.account)
    return Answer(1300) if message is None else Answer(1301, queue=message)


_Handler = Callable[[Context, Any], Answer]

_HANDLERS: Mapping[type[Command], _Handler] = {
    Login: _login,
    Logout: _logout,
    Poll: _poll,
    ContactCheck: contacts.check,
    ContactInfo: contacts.info,
    ContactCreate: contacts.create,
    ContactUpdate: contacts.update,
    ContactDelete: contacts.delete,
    ContactTransfer: transfers.transfer,
    DomainCheck: domains.check,
    DomainInfo: domains.info,
    DomainCreate: domains.create,
    DomainUpdate: domains.update,
    DomainRenew: domains.renew,
    DomainDelete: domains.delete,
    DomainTransfer: transfers.transfer,
    HostCheck: hosts.check,
    HostInfo: hosts.info,
    HostCreate: hosts.create,
    HostUpdate: hosts.update,
    HostDelete: hosts.delete,
}

COMMAND_NAMES = frozenset(kind.name for kind in _HANDLERS)


def _carry_out(context: Context, command: Command) -> Answer:
    return _HANDLERS[type(command)](context, command)


class RepeatedTransaction(Exception):
    """The clTRID was used before, which this registry answers with the end of the connection."""


class Service:
    """The registry behind its sessions.

    Attributes:
        services: URIs of the object services that a login may name.
    """

    def __init__(
        self,
        store: Store,
        tlds: Sequence[Tld],
        quirks: frozenset[Quirk],
        clock: Callable[[], datetime],
        rules: Rules,
    ) -> None:
        self._store = store
        if Quirk.MINIMUM_DATA_SET in quirks:
            tlds = [replace(tld, data_model=DataModel.MINIMUM, required=()) for tld in tlds]
        self._tlds = tlds
        self._quirks = quirks
        self._clock = clock
        self._rules = rules
        by_quirk = quirks & {Quirk.PENDING, Quirk.PENDING_REFUSED}
        self._reviewed = review.TRANSFORMS if by_quirk else rules.reviewed
        self._offered = services(tlds)
        refused = {CONTACT} if Quirk.CONTACTS_REFUSED in quirks else set()
        self.services = tuple(service for service in self._offered if service not in refused)

    def greeting(self) -> bytes:
        """Return the greeting that names the services of this registry's suffixes."""
        return greeting(self._clock(), self._offered)

    async def execute(
        self, request: Request, account: str, server_transaction: str, refusal: Refusal | None = None
    ) -> Answer | Refusal:
        """Carry out or refuse a command; when this returns, the outcome and the journal are on disk.

        Args:
            request: What the client sent.
            account: Who is logged in or tries to; empty before a login.
            server_transaction: The svTRID of the answer.
            refusal: Why the session does not allow the command, if so; it is only put down.

        Raises:
            RepeatedTransaction: By a quirk; nothing is put down.
        """

        def work(context: Context) -> Answer | Refusal:
            self._demand_new(context, request)
            before = witness.content(context.state, request.command)
            outcome = refusal or self._attempt(context, request, server_transaction)
            sequence = context.state.journal.add(_entry(context, request, outcome, server_transaction))
            if witness.content(context.state, request.command) != before:
                witness.testify(context.state, request.command, sequence)
            return outcome

        return await self.transact(work, account)

    async def transact(self, work: Callable[[Context], _ResultT], account: str = "") -> _ResultT:
        """Run `work` in a transaction in which everything that was due is decided first."""

        def run(state: State) -> _ResultT:
            context = Context(state, self._tlds, self._quirks, account, self._clock(), self._rules)
            transfers.settle(context)
            review.settle(context, _carry_out)
            return work(context)

        return await self._store.transact(run)

    async def decide(self, kind: str, object_id: str, *, approve: bool) -> None:
        """Decide what waits at an object: a transfer, or a command that was answered 1001.

        Raises:
            KeyError: Nothing waits there.
        """

        def work(context: Context) -> None:
            pending = context.state.pendings.get(kind, object_id)
            if pending is not None:
                review.decide(context, pending, _carry_out, approve=approve)
            elif not transfers.decide(context, kind, object_id, approve=approve):
                raise KeyError(object_id)

        await self.transact(work)

    def _attempt(self, context: Context, request: Request, server_transaction: str) -> Answer | Refusal:
        transforms = request.command.name in review.TRANSFORMS
        try:
            with context.state.savepoint():
                if transforms and Quirk.NOT_APPLIED in self._quirks:
                    return review.rehearse(context, request.command, _carry_out)
                if request.command.name in self._reviewed:
                    return review.defer(context, request, server_transaction, _carry_out)
                return _carry_out(context, request.command)
        except Refusal as refusal:
            return refusal

    def _demand_new(self, context: Context, request: Request) -> None:
        if Quirk.DROP_REPEATED not in self._quirks or request.client_transaction is None:
            return
        if context.state.journal.knows(request.client_transaction):
            raise RepeatedTransaction


def _entry(
    context: Context, request: Request, outcome: Answer | Refusal, server_transaction: str
) -> JournalEntry:
    return JournalEntry(
        sequence=0,
        at=context.now,
        account=context.account,
        command=request.command.name,
        object_id=request.command.object_id,
        client_transaction=request.client_transaction,
        server_transaction=server_transaction,
        code=outcome.code,
    )
