"""Carry out a command in one transaction, with its line in the journal (RFC 5730 2.9).

Sessions, framing and faults are the business of `session`; what each command means, of its handler.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from registries.sandbox import contacts, domains, hosts, witness
from registries.sandbox.answers import Answer, greeting, services
from registries.sandbox.commands import (
    Command,
    ContactCheck,
    ContactCreate,
    ContactDelete,
    ContactInfo,
    ContactUpdate,
    DomainCheck,
    DomainCreate,
    DomainDelete,
    DomainInfo,
    DomainRenew,
    DomainUpdate,
    HostCheck,
    HostInfo,
    Login,
    Logout,
    Poll,
    Request,
)
from registries.sandbox.context import Context
from registries.sandbox.protocol import Refusal
from registries.sandbox.records import JournalEntry
from registries.sandbox.settings import Quirk, Tld
from registries.sandbox.store import State, Store


def _login(context: Context, command: Login) -> Answer:
    if command.version != "1.0":
        raise Refusal(2100, "the protocol version is 1.0")
    if command.language.lower() != "en":
        raise Refusal(2102, "the language is en")
    if not set(command.objects) <= set(services(context.tlds)):
        raise Refusal(2307, "an object service is not in the greeting")
    if command.extensions:
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
        return Answer(queue=queue.first(context.account))
    message = queue.first(context.account)
    return Answer(1300) if message is None else Answer(1301, queue=message, queue_text=True)


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
    DomainCheck: domains.check,
    DomainInfo: domains.info,
    DomainCreate: domains.create,
    DomainUpdate: domains.update,
    DomainRenew: domains.renew,
    DomainDelete: domains.delete,
    HostCheck: hosts.check,
    HostInfo: hosts.info,
}

COMMAND_NAMES = frozenset(kind.name for kind in _HANDLERS)


class Service:
    """The registry behind its sessions.

    Attributes:
        services: URIs of the object services that there are.
    """

    def __init__(
        self, store: Store, tlds: Sequence[Tld], quirks: frozenset[Quirk], clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._tlds = tlds
        self._quirks = quirks
        self._clock = clock
        self.services = services(tlds)

    def greeting(self) -> bytes:
        """Return the greeting that names the services of this registry's suffixes."""
        return greeting(self._clock(), self.services)

    async def execute(
        self, request: Request, account: str, server_transaction: str, refusal: Refusal | None = None
    ) -> Answer | Refusal:
        """Carry out or refuse a command; when this returns, the outcome and the journal are on disk.

        Args:
            request: What the client sent.
            account: Who is logged in or tries to; empty before a login.
            server_transaction: The svTRID of the answer.
            refusal: Why the session does not allow the command, if so; it is only put down.
        """

        def work(state: State) -> Answer | Refusal:
            context = Context(state, self._tlds, self._quirks, account, self._clock())
            before = witness.content(state, request.command)
            outcome = refusal or _attempt(state, context, request)
            sequence = state.journal.add(_entry(context, request, outcome, server_transaction))
            if witness.content(state, request.command) != before:
                witness.testify(state, request.command, sequence)
            return outcome

        return await self._store.transact(work)


def _attempt(state: State, context: Context, request: Request) -> Answer | Refusal:
    try:
        with state.savepoint():
            return _HANDLERS[type(request.command)](context, request.command)
    except Refusal as refusal:
        return refusal


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
