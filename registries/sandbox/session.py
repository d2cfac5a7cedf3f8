"""One connection of a registrar: framing (RFC 5734 4), session state (RFC 5730 2), faults on demand.

Every way a peer can misbehave ends in an answer or a closed connection, in bounded time.
"""

import asyncio
import itertools
import secrets
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import structlog

from registries.sandbox.answers import Answer, response
from registries.sandbox.commands import Hello, Login, Request
from registries.sandbox.faults import Faults
from registries.sandbox.parser import parse
from registries.sandbox.protocol import CONTACT, DOMAIN, HOST, Refusal
from registries.sandbox.service import Service
from registries.sandbox.settings import Limits

_log = structlog.get_logger()

_HEADER_OCTETS = 4
_CLOSING_CODES = 2500
_ENDING_SESSION = 1500
_SERVICE_OF: Mapping[str, str] = MappingProxyType({"contact": CONTACT, "domain": DOMAIN, "host": HOST})


class SessionCounts:
    """How many sessions each account has, and the numbers that make each svTRID its own."""

    def __init__(self, max_sessions: int) -> None:
        self._max_sessions = max_sessions
        self._open: Counter[str] = Counter()
        # A restarted registry must not repeat the identifiers of the time before.
        self._prefix = secrets.token_hex(6)
        self._numbers = itertools.count(1)

    def enter(self, account: str) -> bool:
        """Take a place for an account; returns False when it has none left."""
        if self._open[account] >= self._max_sessions:
            return False
        self._open[account] += 1
        return True

    def leave(self, account: str) -> None:
        """Give a place back."""
        self._open[account] -= 1
        if not self._open[account]:
            del self._open[account]

    def next_transaction(self) -> str:
        """Return a new svTRID."""
        return f"SANDBOX-{self._prefix}-{next(self._numbers)}"


@dataclass(frozen=True, slots=True)
class Desk:
    """What all sessions of a registry share."""

    service: Service
    counts: SessionCounts
    faults: Faults
    limits: Limits


class BrokenFraming(Exception):
    """The octets that follow cannot be told apart any more; answer 2500 and close."""


class Dropped(Exception):
    """An armed fault closes the connection now."""


class Session:
    """Serves one connection from greeting to close."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, desk: Desk) -> None:
        self._reader = reader
        self._writer = writer
        self._service = desk.service
        self._counts = desk.counts
        self._faults = desk.faults
        self._limits = desk.limits
        self._account = ""
        self._objects: frozenset[str] = frozenset()
        self._failed_logins = 0

    async def run(self) -> None:
        """Talk until the peer, a deadline or a fault ends it; the connection is closed afterwards."""
        try:
            await self._converse()
        except (asyncio.IncompleteReadError, TimeoutError, OSError) as end:
            _log.info("epp-connection-ended", reason=type(end).__name__)
        except Dropped:
            _log.info("epp-connection-dropped-on-demand")
            self._writer.transport.abort()
        except BaseException:
            self._writer.transport.abort()
            raise
        finally:
            if self._account:
                self._counts.leave(self._account)
            await self._close()

    async def _converse(self) -> None:
        await self._send(self._service.greeting())
        while True:
            try:
                frame = await self._read_frame()
            except BrokenFraming as broken:
                await self._send(self._respond(Refusal(2500, str(broken)), None))
                await self._linger()
                return
            if frame is None:
                return
            payload, ends = await self._answer(frame)
            await asyncio.sleep(self._faults.delay_s)
            await self._send(payload)
            if ends:
                return

    async def _answer(self, frame: bytes) -> tuple[bytes, bool]:
        """Return the answer to a frame, and whether it ends the session."""
        try:
            parsed = parse(frame)
        except Refusal as refusal:
            _log.info("epp-frame-refused", code=refusal.code)
            return self._respond(refusal, refusal.client_transaction), False
        if isinstance(parsed, Hello):
            return self._service.greeting(), False
        return await self._command(parsed)

    async def _command(self, request: Request) -> tuple[bytes, bool]:
        name = request.command.name
        if self._faults.goes_off_before(name):
            raise Dropped
        transaction = self._counts.next_transaction()
        try:
            if isinstance(request.command, Login):
                outcome = await self._login(request, request.command, transaction)
            else:
                outcome = await self._service.execute(
                    request, self._account, transaction, self._objection(name)
                )
        except sqlite3.Error as error:
            # The transaction was taken back; the peer learns that, and no more.
            _log.error(
                "epp-command-failed", command=name, transaction=transaction, error=type(error).__name__
            )
            outcome = Refusal(2400, "the registry had a fault of its own")
        _log.debug("epp-command", command=name, code=outcome.code, transaction=transaction)
        if self._faults.goes_off_after(name):
            raise Dropped
        ends = outcome.code == _ENDING_SESSION or outcome.code >= _CLOSING_CODES
        return response(outcome, request.client_transaction, transaction), ends

    def _objection(self, name: str) -> Refusal | None:
        if not self._account:
            return Refusal(2002, "log in first")
        service = _SERVICE_OF.get(name.partition(":")[0])
        if service is None or service in self._objects:
            return None
        if service not in self._service.services:
            return Refusal(2307, "the object service is not in the greeting")
        return Refusal(2002, "the object service was not named at login")

    async def _login(self, request: Request, login: Login, transaction: str) -> Answer | Refusal:
        objection = None
        if self._account:
            objection = Refusal(2002, "the session is logged in already")
        elif self._failed_logins >= self._limits.max_failed_logins:
            objection = Refusal(2501, "too many failed logins")
        elif not self._counts.enter(login.client_id):
            objection = Refusal(2502, "the account has as many sessions as it may have")
        if objection is not None:
            return await self._service.execute(request, login.client_id, transaction, objection)
        # The place is held while the password is checked, so that two logins cannot share the last one.
        self._account = login.client_id
        try:
            outcome = await self._service.execute(request, login.client_id, transaction)
        except BaseException:
            self._forget_account()
            raise
        if isinstance(outcome, Refusal):
            self._forget_account()
            self._failed_logins += 1
        else:
            self._objects = frozenset(login.objects)
        return outcome

    def _forget_account(self) -> None:
        self._counts.leave(self._account)
        self._account = ""

    def _respond(self, refusal: Refusal, client_transaction: str | None) -> bytes:
        return response(refusal, client_transaction, self._counts.next_transaction())

    async def _read_frame(self) -> bytes | None:
        """Return a frame's payload, or None when the peer closed or was idle between frames."""
        try:
            async with asyncio.timeout(self._limits.idle_s):
                first = await self._reader.read(1)
        except TimeoutError:
            return None
        if not first:
            return None
        try:
            async with asyncio.timeout(self._limits.read_s):
                header = first + await self._reader.readexactly(_HEADER_OCTETS - 1)
                return await self._reader.readexactly(self._payload_size(header))
        except TimeoutError:
            raise BrokenFraming("the frame did not arrive in time") from None

    def _payload_size(self, header: bytes) -> int:
        # RFC 5734 4: the length counts its own four octets.
        size = int.from_bytes(header, "big")
        if not _HEADER_OCTETS <= size <= self._limits.max_frame_octets:
            raise BrokenFraming(f"a frame is of 4 to {self._limits.max_frame_octets} octets")
        return size - _HEADER_OCTETS

    async def _send(self, payload: bytes) -> None:
        self._writer.write((len(payload) + _HEADER_OCTETS).to_bytes(_HEADER_OCTETS, "big") + payload)
        async with asyncio.timeout(self._limits.write_s):
            await self._writer.drain()

    async def _linger(self) -> None:
        # Closing with unread octets makes a reset, which could overtake the answer at the peer.
        try:
            async with asyncio.timeout(self._limits.linger_s):
                while await self._reader.read(65536):
                    pass
        except TimeoutError:
            pass

    async def _close(self) -> None:
        self._writer.close()
        try:
            async with asyncio.timeout(self._limits.linger_s):
                await self._writer.wait_closed()
        except (TimeoutError, OSError):
            self._writer.transport.abort()
