"""One EPP session: greeting, login, then one command in flight at a time (RFC 5730 section 2).

The dead-connection rule: after a timeout, an end of stream, a broken frame, an answer to another command or
a cancelled wait nobody knows what the next octets belong to. The session is then dead for good. A command
that only reads may be asked again elsewhere (`RegistryUnavailable`); of one that changes something nobody
knows whether it was done (`OutcomeUnknown`).
"""

import asyncio
import secrets
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
from prometheus_client import Counter, Histogram

from registries.epp.extensions.fee import read_charge
from registries.epp.frames.base import (
    Answer,
    Command,
    Extension,
    Greeting,
    Response,
    encode,
    encode_hello,
    read_frame,
)
from registries.epp.frames.session import Login, Logout
from registries.epp.markup import CONTACT, FrameError
from registries.epp.pace import Pace
from registries.epp.results import NOT_HELD, Outcome, error_of, rule_of
from registries.epp.transport import Deadlines, Endpoint, Peer, Transport, WireLog
from registries.errors import (
    ConnectionLost,
    OutcomeUnknown,
    RegistryError,
    RegistryRefused,
    RegistryUnavailable,
    Trace,
)

_log = structlog.get_logger()

_COMMANDS = Counter(
    "registries_epp_commands", "EPP commands sent, by what became of them", ["command", "outcome"]
)
_SECONDS = Histogram("registries_epp_command_seconds", "Time from command to answer", ["command"])

# RFC 5730 section 3: a registry that could not read our command cannot repeat its transaction id.
_SYNTAX_CODES = range(2000, 2100)

DataT = TypeVar("DataT")


@dataclass(frozen=True, slots=True)
class Account:
    """A registrar's account at one registry.

    Attributes:
        name: What logs call it; names no person.
        language: Of the messages we ask for; must be in the greeting.
        new_password: What a login makes the password; "" to keep it.
    """

    name: str
    endpoint: Endpoint
    client_id: str
    password: str = field(repr=False)
    language: str = "en"
    deadlines: Deadlines = field(default_factory=Deadlines)
    new_password: str = field(default="", repr=False)


def new_transaction_id() -> str:
    """Return a client transaction id that nobody used or will use: 128 random bits."""
    return f"wp-{secrets.token_hex(16)}"


@dataclass(slots=True)
class Opening:
    """How long the steps of opening a session took."""

    connect_s: float
    greeting_s: float
    login_s: float = 0.0


class Session:
    """A logged-in connection. Commands of several tasks wait for each other.

    Attributes:
        holds_contacts: Whether the registry offers contacts to this account.
        commands_sent: The login included.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - made by `open` alone
        self,
        transport: Transport,
        account: Account,
        greeting: Greeting,
        opening: Opening,
        pace: Pace | None,
        transaction_id: Callable[[], str],
    ) -> None:
        self.greeting = greeting
        self.opening = opening
        self.holds_contacts = greeting.holds_contacts
        self.commands_sent = 0
        self._transport = transport
        self._account = account
        self._pace = pace
        self._transaction_id = transaction_id
        self._in_flight = asyncio.Lock()
        self._dead = False

    @classmethod
    async def open(
        cls,
        account: Account,
        *,
        on_frame: WireLog | None = None,
        pace: Pace | None = None,
        transaction_id: Callable[[], str] = new_transaction_id,
    ) -> "Session":
        """Connect, read the greeting and log in.

        Args:
            account: Where, and as whom.
            on_frame: Called with each frame; see there.
            pace: Where every command waits for its turn; None for an account without such a limit.
            transaction_id: Makes the clTRID of each command.

        Raises:
            RegistryUnavailable: No connection, no greeting, or no room for another session.
            RegistryRefused: The registry does not accept the credentials.
        """
        session = await cls._connect(account, on_frame, pace, transaction_id)
        try:
            await session.log_in(session.greeting.object_uris)
        except RegistryRefused as error:
            if error.code not in NOT_HELD or not session.greeting.holds_contacts:
                raise
        else:
            return session
        # A registry with a minimum data set may list contacts and then refuse a login that names them.
        session = await cls._connect(account, on_frame, pace, transaction_id)
        session.holds_contacts = False
        await session.log_in(tuple(uri for uri in session.greeting.object_uris if uri != CONTACT))
        return session

    @classmethod
    async def _connect(
        cls,
        account: Account,
        on_frame: WireLog | None,
        pace: Pace | None,
        transaction_id: Callable[[], str],
    ) -> "Session":
        started = time.perf_counter()
        try:
            transport = await Transport.connect(account.endpoint, account.deadlines, on_frame)
        except (OSError, TimeoutError) as error:
            _log.warning("epp-connection-failed", account=account.name, error=type(error).__name__)
            raise RegistryUnavailable(f"no connection to the registry: {_cause(error)}") from error
        connected = time.perf_counter()
        try:
            async with asyncio.timeout(account.deadlines.greeting_s):
                greeting = read_frame(await transport.receive())
            if not isinstance(greeting, Greeting):
                raise FrameError("the registry began without a greeting")  # noqa: TRY301 - dead either way
        except (OSError, TimeoutError, FrameError) as error:
            transport.abort()
            _log.warning("epp-greeting-failed", account=account.name, error=_cause(error))
            raise RegistryUnavailable(f"no greeting from the registry: {_cause(error)}") from error
        except BaseException:
            transport.abort()
            raise
        opening = Opening(connected - started, time.perf_counter() - connected)
        return cls(transport, account, greeting, opening, pace, transaction_id)

    async def log_in(self, object_uris: tuple[str, ...]) -> None:
        """Log in on a connection that `open` made; a session that fails is dead."""
        account = self._account
        login = Login(
            account.client_id,
            account.password,
            object_uris,
            self.greeting.extension_uris,
            language=account.language,
            new_password=account.new_password,
        )
        started = time.perf_counter()
        try:
            await self.send(login)
        except RegistryError as error:
            _log.warning("epp-login-failed", account=account.name, code=getattr(error, "code", None))
            self.abort()
            raise
        self.opening.login_s = time.perf_counter() - started
        _log.info("epp-session-opened", account=account.name, contacts=self.holds_contacts)

    @property
    def peer(self) -> Peer:
        """What the TLS handshake showed of the registry."""
        return self._transport.peer

    @property
    def usable(self) -> bool:
        """Whether another command can be sent, as far as is known without asking."""
        return not self._dead and not self._transport.gone

    async def send(self, command: Command[DataT], *extensions: Extension) -> Answer[DataT]:
        """Send a command, with what extensions add to it, and return its answer.

        Raises:
            RegistryUnavailable: Not done; the same may work later or on another session.
            OutcomeUnknown: `command` changes something, was sent, and no answer came.
            RegistryRefused: The registry will not.
        """
        client_transaction = self._transaction_id()
        try:
            frame = encode(command, client_transaction, extensions)
        except ValueError:
            # RFC 5730 section 3, 2005: what the registry would say, could it be asked.
            raise RegistryRefused(2005, "a value holds characters that XML cannot carry") from None
        async with self._in_flight:
            response = await self._exchange(command, frame, client_transaction)
        return self._judge(command, response, client_transaction)

    async def hello(self) -> Greeting:
        """Ask for the greeting again: proves that the session lives and keeps it from idling out.

        Raises:
            RegistryUnavailable: The session is dead.
        """
        async with self._in_flight:
            try:
                answer = await self._question(encode_hello())
                if not isinstance(answer, Greeting):
                    raise FrameError("hello was not answered with a greeting")  # noqa: TRY301 - dead either way
            except (OSError, TimeoutError, FrameError) as error:
                self.abort()
                raise RegistryUnavailable(f"the session is dead: {_cause(error)}") from error
        return answer

    async def _exchange(self, command: Command[DataT], frame: bytes, client_transaction: str) -> Response:
        if self._pace is not None:
            await self._pace.turn(self._account.deadlines.answer_s)
        if not self.usable:
            self.abort()
            raise ConnectionLost("the session is dead")
        self.commands_sent += 1
        started = time.perf_counter()
        try:
            answer = await self._question(frame)
            response = _matching(answer, client_transaction)
        except (OSError, TimeoutError, FrameError) as error:
            self.abort()
            _COMMANDS.labels(command.name, "dead").inc()
            _log.warning(
                "epp-session-dead",
                account=self._account.name,
                command=command.name,
                client_transaction=client_transaction,
                error=_cause(error),
            )
            kind = OutcomeUnknown if command.transform else ConnectionLost
            trace = Trace(command.name, client_transaction)
            raise kind(f"{command.name}: no answer, {_cause(error)}", trace=trace) from error
        _SECONDS.labels(command.name).observe(time.perf_counter() - started)
        return response

    async def _question(self, frame: bytes) -> Greeting | Response:
        try:
            async with asyncio.timeout(self._account.deadlines.answer_s):
                await self._transport.send(frame)
                return read_frame(await self._transport.receive())
        except asyncio.CancelledError:
            # The answer may still come and would be taken for the next one's.
            self.abort()
            raise

    def _judge(self, command: Command[DataT], response: Response, client_transaction: str) -> Answer[DataT]:
        rule = rule_of(response.code)
        _COMMANDS.labels(command.name, rule.outcome.name.lower()).inc()
        _log.debug(
            "epp-command",
            account=self._account.name,
            command=command.name,
            code=response.code,
            client_transaction=client_transaction,
            server_transaction=response.server_transaction,
        )
        if rule.closes or rule.outcome is Outcome.UNKNOWN:
            self.abort()
        trace = response.trace(command, client_transaction)
        error = error_of(response.code, transform=command.transform, trace=trace)
        if error is not None:
            raise error
        try:
            data = command.read(response)
        except FrameError as unreadable:
            raise RegistryUnavailable(f"{command.name}: {unreadable}", trace=trace) from unreadable
        self._note_charge(command, response)
        return Answer(
            response.code, data, response.server_transaction, response.queue, response.extension, trace
        )

    def _note_charge(self, command: Command[DataT], response: Response) -> None:
        """Log what the command cost, so that an update that is not free comes to light."""
        charge = read_charge(response.extension)
        if charge is not None and charge.amount:
            _log.warning(
                "epp-charged",
                account=self._account.name,
                command=command.name,
                amount=str(charge.amount),
                currency=charge.currency,
                server_transaction=response.server_transaction,
            )

    async def close(self) -> None:
        """Log out if the session still lives, and close the connection; never raises."""
        if self.usable:
            with suppress(RegistryError, TimeoutError):
                async with asyncio.timeout(self._account.deadlines.close_s):
                    await self.send(Logout())
        self._dead = True
        await self._transport.close(self._account.deadlines)

    def abort(self) -> None:
        """Drop the session without a word; nobody will use it again."""
        self._dead = True
        self._transport.abort()


def _matching(answer: Greeting | Response, client_transaction: str) -> Response:
    if not isinstance(answer, Response):
        raise FrameError("a command was answered with a greeting")
    unread = not answer.client_transaction and answer.code in _SYNTAX_CODES
    if answer.client_transaction != client_transaction and not unread:
        raise FrameError("the answer belongs to another command")
    return answer


def _cause(error: Exception) -> str:
    """Say what broke without quoting the peer: our own texts, else the kind of error."""
    if isinstance(error, FrameError):
        return str(error)
    if isinstance(error, TimeoutError):
        return "not within the deadline"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate was not accepted ({error.verify_message})"
    return type(error).__name__
