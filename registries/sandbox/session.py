"""One connection of a registrar: session state (RFC 5730 2), limits, faults on demand.

Every way a peer can misbehave ends in an answer or a closed connection, in bounded time.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from registries.sandbox import dnssec
from registries.sandbox.answers import Answer, response
from registries.sandbox.authority import matches
from registries.sandbox.commands import Command, Hello, Login, Request
from registries.sandbox.counts import SessionCounts
from registries.sandbox.faults import Faults
from registries.sandbox.framing import BrokenFraming, Framing
from registries.sandbox.parser import parse
from registries.sandbox.protocol import OBJECTS, SECDNS, Refusal
from registries.sandbox.service import RepeatedTransaction, Service
from registries.sandbox.settings import Limits, Quirk

_log = structlog.get_logger()

_ENDING_SESSION = 1500
_ERRORS = 2000
_UNIMPLEMENTED = 2101
_CLOSING_CODES = 2500
_MAX_CLIENT_TRANSACTION = 64
_SESSION_COMMANDS = frozenset({"login", "logout"})


@dataclass(frozen=True, slots=True)
class Desk:
    """What all sessions of a registry share; `pins` has the certificate of each account that needs one."""

    service: Service
    counts: SessionCounts
    faults: Faults
    limits: Limits
    quirks: frozenset[Quirk]
    pins: Mapping[str, str]
    clock: Callable[[], datetime]


class Dropped(Exception):
    """An armed fault closes the connection now."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """An answer: whether the session ends with it, and whether it is one that quirks and faults may spoil."""

    payload: bytes
    code: int
    ends: bool = False
    on_object: bool = False


class Session:
    """Serves one connection from greeting to close."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, desk: Desk) -> None:
        self._framing = Framing(reader, writer, desk.limits)
        peer = writer.get_extra_info("ssl_object")
        self._certificate: bytes | None = peer.getpeercert(binary_form=True) if peer else None
        self._desk = desk
        self._service = desk.service
        self._counts = desk.counts
        self._faults = desk.faults
        self._limits = desk.limits
        self._quirks = desk.quirks
        self._account = ""
        self._named: frozenset[str] = frozenset()
        self._failed_logins = 0
        self._commands = 0

    async def run(self) -> None:
        """Talk until the peer, a deadline or a fault ends it; the connection is closed afterwards."""
        try:
            await self._converse()
        except (asyncio.IncompleteReadError, TimeoutError, OSError) as end:
            _log.info("epp-connection-ended", reason=type(end).__name__)
        except (Dropped, RepeatedTransaction):
            _log.info("epp-connection-dropped-on-demand")
            self._framing.abort()
        except BaseException:
            self._framing.abort()
            raise
        finally:
            if self._account:
                self._counts.leave(self._account)
            await self._framing.close()

    async def _converse(self) -> None:
        await self._framing.send(self._service.greeting())
        while True:
            try:
                frames = await self._frames()
            except BrokenFraming as broken:
                await self._framing.send(self._respond(Refusal(2500, str(broken)), None))
                await self._framing.linger()
                return
            if not frames:
                return
            came_at = time.monotonic()
            replies = [await self._answer(frame) for frame in frames]
            # As it was seen: of five, the answers came as 0, 1, 4, 3, 2.
            kept = (len(replies) - 1) // 2
            for reply in [*replies[:kept], *reversed(replies[kept:])]:
                if await self._send(reply, came_at):
                    return

    async def _frames(self) -> list[bytes]:
        if Quirk.OUT_OF_ORDER in self._quirks:
            return await self._framing.read_pipelined()
        frame = await self._framing.read()
        return [] if frame is None else [frame]

    async def _send(self, reply: _Reply, came_at: float) -> bool:
        """Send an answer, late and spoilt as it shall be; returns whether the session ends."""
        delay_s = self._faults.delay_s + (self._faults.error_delay_s if reply.code >= _ERRORS else 0)
        # Counted from when the command came: whoever sets it to 50 ms has a registry that answers in 50 ms.
        if (left_s := came_at + delay_s - time.monotonic()) > 0:
            await asyncio.sleep(left_s)
        spoil = reply.on_object and self._faults.by_chance(self._faults.wire_share)
        broken = await self._framing.send(reply.payload, self._quirks if spoil else frozenset())
        return broken or reply.ends or (reply.on_object and self._faults.by_chance(self._faults.close_share))

    async def _answer(self, frame: bytes) -> _Reply:
        try:
            parsed = parse(frame, untyped=Quirk.DISCLOSE_UNTYPED in self._quirks)
        except Refusal as refusal:
            _log.info("epp-frame-refused", code=refusal.code)
            payload = self._respond(refusal, refusal.client_transaction)
            return _Reply(payload, refusal.code, ends=self._closes_after(refusal.code))
        if isinstance(parsed, Hello):
            return _Reply(self._service.greeting(), code=0)
        return await self._command(parsed)

    async def _command(self, request: Request) -> _Reply:
        name = request.command.name
        if self._faults.goes_off_before(name):
            raise Dropped
        transaction = self._counts.next_transaction()
        outcome = await self._outcome(request, transaction)
        _log.debug("epp-command", command=name, code=outcome.code, transaction=transaction)
        if self._faults.goes_off_after(name):
            raise Dropped
        if isinstance(outcome, Answer) and SECDNS not in self._named:
            # RFC 9038 1: a client is not sent what it did not name.
            outcome = replace(outcome, extension=None)
        told = request.client_transaction
        if Quirk.CLTRID_MISMATCH in self._quirks and told is not None and name not in _SESSION_COMMANDS:
            told = f"not-{told}"[:_MAX_CLIENT_TRANSACTION]
        return _Reply(
            response(outcome, told, transaction),
            outcome.code,
            ends=self._closes_after(outcome.code),
            on_object=name not in _SESSION_COMMANDS,
        )

    async def _outcome(self, request: Request, transaction: str) -> Answer | Refusal:
        try:
            if isinstance(request.command, Login):
                return await self._login(request, request.command, transaction)
            objection = self._objection(request.command)
            return await self._service.execute(request, self._account, transaction, objection)
        except sqlite3.Error as error:
            # The transaction was taken back; the peer learns that, and no more.
            _log.error(
                "epp-command-failed",
                command=request.command.name,
                transaction=transaction,
                error=type(error).__name__,
            )
            return Refusal(2400, "the registry had a fault of its own")

    def _closes_after(self, code: int) -> bool:
        return (
            code == _ENDING_SESSION
            or code >= _CLOSING_CODES
            or (code == _UNIMPLEMENTED and Quirk.CLOSE_AFTER_2101 in self._quirks)
        )

    def _objection(self, command: Command) -> Refusal | None:
        """Return why the session does not allow a command now."""
        if not self._account:
            return Refusal(2002, "log in first")
        self._commands += 1
        if self._limits.max_commands is not None and self._commands > self._limits.max_commands:
            return Refusal(2502, "a session has no more commands than that")
        wait_s = self._counts.wait_s(self._account, self._desk.clock())
        if wait_s:
            return Refusal(2502, f"too many commands in a minute; come back in {wait_s} seconds")
        if command.name not in _SESSION_COMMANDS and self._faults.by_chance(self._faults.failure_share):
            return Refusal(2400, "the registry failed by chance")
        if dnssec.is_changed_by(command) and SECDNS not in self._named:
            return Refusal(2002, "the extension was not named at login")
        return self._unserved(command.name)

    def _unserved(self, name: str) -> Refusal | None:
        service = OBJECTS.get(name.partition(":")[0])
        if service is None or service in self._named:
            return None
        if service not in self._service.services:
            if Quirk.MINIMUM_DATA_SET in self._quirks:
                return Refusal(2101, "this registry has no contacts")
            return Refusal(2307, "the object service is not in the greeting")
        return Refusal(2002, "the object service was not named at login")

    async def _login(self, request: Request, login: Login, transaction: str) -> Answer | Refusal:
        objection = None
        if self._account:
            objection = Refusal(2002, "the session is logged in already")
        elif self._failed_logins >= self._limits.max_failed_logins:
            objection = Refusal(2501, "too many failed logins")
        elif not self._shows_certificate(login.client_id):
            self._failed_logins += 1
            objection = Refusal(2200, "the account's certificate was not shown")
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
            self._named = frozenset({*login.objects, *login.extensions})
        return outcome

    def _shows_certificate(self, account: str) -> bool:
        pin = self._desk.pins.get(account)
        return pin is None or matches(self._certificate, pin)

    def _forget_account(self) -> None:
        self._counts.leave(self._account)
        self._account = ""

    def _respond(self, refusal: Refusal, client_transaction: str | None) -> bytes:
        return response(refusal, client_transaction, self._counts.next_transaction())
