"""A registry that knows one answer: the client is measured against it without the work of a registry.

`python -m bench.canned_registry FOLDER DELAY_S` prints its port; FOLDER holds its certificate authority. It
takes any login, and answers every command with the same domain, DELAY_S after the command came.
"""

import asyncio
import re
import sys
from pathlib import Path

from registries.sandbox.authority import CertificateAuthority

DOMAIN = "bench.net"
_HEADER_OCTETS = 4
_TRANSACTION = re.compile(rb"<clTRID>[^<]*</clTRID>")
_ANSWER = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    b'<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><response><result code="1000"><msg>Done</msg></result>'
    b'<resData><domain:infData xmlns:domain="urn:ietf:params:xml:ns:domain-1.0">'
    b"<domain:name>" + DOMAIN.encode() + b"</domain:name><domain:roid>D1-BENCH</domain:roid>"
    b'<domain:status s="ok"/><domain:clID>registrar-1</domain:clID></domain:infData></resData>'
    b"<trID>%s<svTRID>BENCH-1</svTRID></trID></response></epp>"
)
_GREETING = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
    b'<epp xmlns="urn:ietf:params:xml:ns:epp-1.0"><greeting><svID>Canned</svID>'
    b"<svDate>2026-01-01T00:00:00Z</svDate><svcMenu><version>1.0</version><lang>en</lang>"
    b"<objURI>urn:ietf:params:xml:ns:domain-1.0</objURI></svcMenu><dcp><access><all/></access><statement>"
    b"<purpose><prov/></purpose><recipient><ours/></recipient><retention><stated/></retention></statement>"
    b"</dcp></greeting></epp>"
)


class _Connection(asyncio.Protocol):
    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send(_GREETING)

    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        self._received += data
        while len(self._received) >= _HEADER_OCTETS:
            size = int.from_bytes(self._received[:_HEADER_OCTETS], "big")
            if len(self._received) < size:
                return
            frame, self._received = self._received[_HEADER_OCTETS:size], self._received[size:]
            found = _TRANSACTION.search(frame)
            answer = _ANSWER % (found[0] if found else b"")
            asyncio.get_running_loop().call_later(self._delay_s, self._send, answer)

    def _send(self, frame: bytes) -> None:
        self._transport.write((len(frame) + _HEADER_OCTETS).to_bytes(_HEADER_OCTETS, "big") + frame)


async def _serve(folder: Path, delay_s: float) -> None:
    authority = CertificateAuthority(folder)
    tls = authority.server_context(authority.issue("registry"))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(delay_s), "127.0.0.1", 0, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), float(sys.argv[2])))
