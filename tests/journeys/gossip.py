"""A registry that quotes a registrant in whatever it says: the sandbox behind a relay that adds the words."""

import asyncio
import re
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from registries.sandbox.authority import CertificateAuthority
from tests.registries.epp.peer import response, transaction_of

_ERROR = re.compile(rb'<result code="2')


@dataclass
class Gossip:
    """The relay.

    Attributes:
        words: Added to the `<msg>` of every answer, and as `<extValue>` to every refusal.
        refuses: What a command must hold to be answered 2308 and not passed on; b"" for none.
        refused: How many commands were.
    """

    authority: CertificateAuthority
    behind: int
    words: str
    refuses: bytes = b""
    refused: int = 0
    port: int = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        context = self.authority.server_context(self.authority.issue("gossip"))
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            registry, to_registry = await asyncio.open_connection(
                "127.0.0.1", self.behind, ssl=self.authority.client_context()
            )
        except OSError:
            to_client.transport.abort()
            return
        try:
            _send(to_client, await _receive(registry))
            while True:
                command = await _receive(client)
                if self.refuses and self.refuses in command:
                    self.refused += 1
                    answer = response(2308, b"", transaction_of(command))
                else:
                    _send(to_registry, command)
                    answer = await _receive(registry)
                _send(to_client, self._quoting(answer))
        except (asyncio.IncompleteReadError, OSError):
            to_client.transport.abort()
            to_registry.transport.abort()

    def _quoting(self, answer: bytes) -> bytes:
        words = self.words.encode()
        if _ERROR.search(answer):
            quoted = (
                b'<extValue><value><c:name xmlns:c="urn:ietf:params:xml:ns:contact-1.0">%s</c:name></value>'
                b"<reason>%s is not wanted</reason></extValue></result>" % (words, words)
            )
            answer = answer.replace(b"</result>", quoted, 1)
        return answer.replace(b"</msg>", b" (%s)</msg>" % words, 1)


async def _receive(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack("!I", await reader.readexactly(4))
    return await reader.readexactly(length - 4)


def _send(writer: asyncio.StreamWriter, frame: bytes) -> None:
    writer.write(struct.pack("!I", len(frame) + 4) + frame)
