"""The order of one conversation: who may come in, banner, command after command, limits, faults.

Each connection has one task from its beginning to its end, as in aiosmtpd; what its commands do is in
`commands`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from mailrelay.checks.stages import ConnectionContext
from mailrelay.checks.verdict import TOO_FAST, TRY_LATER, Reply
from mailrelay.server import metrics, replies
from mailrelay.server.proxy_protocol import BufferReader, NoProxyHeader, client_address
from mailrelay.server.replies import CommandRefused
from mailrelay.server.state import ServerState
from mailrelay.server.wire import HungUp, LastWord, Wire

_PROXY_HEADER_S = 10.0
_ERROR, _PERMANENT = 400, 500  # RFC 5321 section 4.2.1: 4yz and 5yz
# First words of protocols that are sent at mail servers by mistake or by browsers made to attack them.
_OTHER_PROTOCOLS = frozenset(
    {b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"CONNECT", b"TRACE", b"PATCH", b"PROXY"}
)

Command = Callable[[Any, str], Awaitable[None]]


class Conversation(Wire):
    """One client, without its commands.

    Args:
        state: Of the server.
    """

    commands: ClassVar[Mapping[bytes, Command]]

    def __init__(self, state: ServerState) -> None:
        super().__init__(asyncio.get_running_loop(), state.limits)
        self._state = state
        self._entered = ""  # address by which the connection is counted
        self._client = ConnectionContext("")
        self._errors = self._commands = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the client in, or turn it away at little cost."""
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        ip = str(peer[0]).removeprefix("::ffff:") if peer else ""
        self._client = ConnectionContext(ip)
        # Where TLS came first (RFC 8314 section 3), a PROXY header would have come before it.
        behind_proxy = self._state.is_proxy(ip) and self.session.ssl is None
        limit = "connections" if len(self._state.open) >= self._limits.connections else ""
        if not limit and not behind_proxy:
            limit = self._enter(ip)
        if limit:
            self._turn_away(limit)
            return
        self._state.open.add(self)
        metrics.CONNECTIONS.inc()
        self._handler_coroutine = self.loop.create_task(self._serve(behind_proxy=behind_proxy))

    def _leave(self) -> None:
        super()._leave()
        if self in self._state.open:
            self._state.open.discard(self)
            metrics.CONNECTIONS.dec()
        if self._entered:
            self._state.admission.leave(self._entered)
            self._entered = ""

    def _enter(self, ip: str) -> str:
        limit = self._state.admission.enter(ip)
        if not limit:
            self._entered = ip
        return limit

    def _turn_away(self, limit: str) -> None:
        metrics.TURNED_AWAY[limit].inc()
        self._hang_up(TOO_FAST)

    async def _serve(self, *, behind_proxy: bool) -> None:
        try:
            if behind_proxy:
                await self._learn_client()
            await self._greet()
            await self._handle_client()
        except LastWord as last:
            self._hang_up(last.reply)
        except (HungUp, NoProxyHeader):
            pass
        except Exception as error:  # noqa: BLE001 - no client may learn more of it than to try later
            self._hang_up(TRY_LATER)
            await self.handle_exception(error)
        finally:
            self._close()

    async def _learn_client(self) -> None:
        """Read the PROXY header; from then on the client counts, not the balancer."""
        deadline = self.loop.time() + _PROXY_HEADER_S
        reader = BufferReader(self._buffer, lambda: self._more(deadline))
        ip = await client_address(reader) or self._client.peer_ip
        self._client = ConnectionContext(ip)
        if limit := self._enter(ip):
            raise LastWord(TOO_FAST, limit)

    async def _greet(self) -> None:
        """Look at the connection, then say 220; who speaks before it is an early talker."""
        state, ip = self._state, self._client.peer_ip
        if state.greet_delay_s and ip not in state.polite:
            await asyncio.sleep(state.greet_delay_s)
            if not self._buffer:
                state.polite.add(ip)
        else:
            # What came with the connection is read in the loop's next round.
            await asyncio.sleep(0)
        self._note_early_talk()
        refusal = await state.inbound.connected(self._client)
        if refusal is not None:
            raise LastWord(refusal)
        self._note_early_talk()
        self._out.append(state.banner)

    def _note_early_talk(self) -> None:
        """Remember that the client sent more than it may at this point, if it did."""
        if self._buffer and not self._client.early_talker:
            metrics.EARLY_TALKERS.inc()
            self._client = replace(self._client, early_talker=True)

    async def _handle_client(self) -> None:
        deadline = self.loop.time() + self._limits.command_s
        while True:
            errors = self._errors
            try:
                line = self._next_line()
                if line is None:
                    await self._flush()
                    await self._more(deadline)
                else:
                    await self._obey(line)
                    deadline = self.loop.time() + self._limits.command_s
            except LastWord:
                raise
            except CommandRefused as refused:
                self._answer(refused.reply)
            except HungUp:
                raise
            except Exception as error:  # noqa: BLE001 - see `handle_exception`
                self._out.append((await self.handle_exception(error)).encode() + b"\r\n")
            if self._errors > max(errors, self._limits.free_errors):
                await asyncio.sleep(self._limits.error_pause_s)

    async def _obey(self, line: bytes) -> None:
        verb, _, argument = line.partition(b" ")
        verb = verb.upper()
        self._commands += 1
        if self._commands > self._limits.commands:
            raise LastWord(replies.TOO_MANY_COMMANDS, "commands")
        command = self.commands.get(verb)
        if command is None:
            if verb in _OTHER_PROTOCOLS:
                raise LastWord(replies.NOT_SMTP, "not-smtp")
            raise CommandRefused(replies.UNKNOWN_COMMAND if verb.isalpha() else replies.SYNTAX)
        await command(self, _text(argument))

    def _answer(self, reply: Reply, stage: str = "other") -> None:
        """Put an answer with the others; too many errors end the connection (RFC 5321 section 4.2.1)."""
        metrics.ANSWERS[stage, reply.code // 100].inc()
        if reply.code >= _ERROR:
            self._errors += 1
            if reply.code >= _PERMANENT:
                self._state.inbound.erred(self._client.peer_ip)
            if self._errors > self._limits.errors:
                raise LastWord(replies.TOO_MANY_ERRORS, "errors")
        self._out.append(f"{reply}\r\n".encode())

    def _message_taken(self) -> None:
        """Start counting anew: the client does what it is here for."""
        self._errors = self._commands = 0
        self._since = self.loop.time()


def _text(argument: bytes) -> str:
    try:
        text = argument.decode()
    except UnicodeDecodeError:
        raise CommandRefused(replies.SYNTAX) from None
    # RFC 5321 section 4.1.1: servers tolerate trailing white space. No control characters, NUL among them.
    if not text.isprintable():
        raise CommandRefused(replies.SYNTAX)
    return text.strip(" ")
