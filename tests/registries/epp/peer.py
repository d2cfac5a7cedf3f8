"""A registry that follows a script, on a real TLS socket: for what no well-behaved registry does."""

import asyncio
import re
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from registries.epp.session import Account
from registries.epp.transport import Deadlines, Endpoint
from registries.sandbox.authority import CertificateAuthority

GREETING = b"""<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><greeting><svID>Scripted</svID>
<svDate>2026-01-01T00:00:00Z</svDate><svcMenu><version>1.0</version><lang>en</lang>
<objURI>urn:ietf:params:xml:ns:domain-1.0</objURI><objURI>urn:ietf:params:xml:ns:contact-1.0</objURI>
</svcMenu><dcp><access><all/></access><statement><purpose><prov/></purpose><recipient><ours/></recipient>
<retention><stated/></retention></statement></dcp></greeting></epp>"""


class Connection:
    """The registry's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.received: list[bytes] = []

    async def receive(self) -> bytes:
        (length,) = struct.unpack("!I", await self._reader.readexactly(4))
        frame = await self._reader.readexactly(length - 4)
        self.received.append(frame)
        return frame

    async def send(self, frame: bytes) -> None:
        await self.send_raw(struct.pack("!I", len(frame) + 4) + frame)

    async def send_raw(self, octets: bytes) -> None:
        self._writer.write(octets)
        await self._writer.drain()

    async def answer(self, code: int, data: bytes = b"", *, transaction: bytes | None = None) -> None:
        """Receive a command and answer it, repeating its clTRID."""
        frame = await self.receive()
        await self.send(response(code, data, transaction or transaction_of(frame)))

    async def accept_login(self) -> None:
        await self.send(GREETING)
        await self.answer(1000)

    async def until_closed(self) -> None:
        while await self._reader.read(65536):
            pass


def transaction_of(frame: bytes) -> bytes:
    found = re.search(rb"<clTRID>([^<]+)</clTRID>", frame)
    return found[1] if found else b""


def response(
    code: int, data: bytes = b"", transaction: bytes = b"", message: bytes = b"as scripted"
) -> bytes:
    carried = b"<resData>" + data + b"</resData>" if data else b""
    client = b"<clTRID>" + transaction + b"</clTRID>" if transaction else b""
    return (
        b'<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><response><result code="%d"><msg>%s</msg></result>'
        b"%s<trID>%s<svTRID>S-1</svTRID></trID></response></epp>"
    ) % (code, message, carried, client)


Script = Callable[[Connection], Awaitable[None]]


@asynccontextmanager
async def scripted_registry(folder: Path, *scripts: Script) -> AsyncIterator[Account]:
    """Serve connections, each by the next script, and give the account to reach them by."""
    authority = CertificateAuthority(folder)
    waiting = list(scripts)
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        try:
            if waiting:
                await waiting.pop(0)(Connection(reader, writer))
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.transport.abort()
            serving.discard(task)

    server = await asyncio.start_server(
        serve, "127.0.0.1", 0, ssl=authority.server_context(authority.issue("registry"))
    )
    endpoint = Endpoint("127.0.0.1", server.sockets[0].getsockname()[1], authority.client_context())
    deadlines = Deadlines(connect_s=5, greeting_s=5, answer_s=5, close_s=0.5)
    try:
        yield Account("scripted", endpoint, "registrar-1", "foo-BAR2", deadlines=deadlines)
    finally:
        server.close()
        for task in list(serving):
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await server.wait_closed()


DOMAIN_OF = (
    b'<domain:infData xmlns:domain="urn:ietf:params:xml:ns:domain-1.0"><domain:name>zoe.example</domain:name>'
    b'<domain:roid>D-1</domain:roid><domain:status s="ok"/><domain:registrant>%s</domain:registrant>'
    b"<domain:clID>%s</domain:clID></domain:infData>"
)
