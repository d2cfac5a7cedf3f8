"""The servers that `bench_rdds` measures: `python -m bench.rdds_server KIND FILE` prints ports as JSON.

Kinds: `ours` runs the role of the service, in as many processes as the settings in FILE say, and prints the
ports by listener and the processes' ids; `bare-rdap` and `bare-whois` send the bytes of FILE, whatever is
asked, from aiohttp's low-level server and from a protocol of asyncio. All run on uvloop.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import cast

import orjson
import uvloop
from aiohttp import web

from whoisproxy.config import Settings
from whoisproxy.observability import configure_logging
from whoisproxy.runtime.service import Role, Service

_HOST = "127.0.0.1"


class BareWhois(asyncio.Protocol):
    """Sends the same bytes to everybody who has sent something, and closes."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - whatever it is
        """Answer."""
        self._transport.write(self._body)
        self._transport.close()


async def serve(kind: str, content: bytes) -> None:
    """Be a server until terminated."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    if kind == "ours":
        await _ours(Settings.model_validate(orjson.loads(content)), stopped)
    else:
        await _bare(kind, content, stopped)


async def _ours(settings: Settings, stopped: asyncio.Event) -> None:
    configure_logging("error", "json")
    service = Service(settings, [Role.RDDS])
    await service.start()
    pids = [pid for each in service._children.values() for pid in each.pids] or [os.getpid()]  # noqa: SLF001 - for figures only
    _say({"rdap": service.ports["rdap"], "whois": service.ports["whois"], "pids": pids})
    await stopped.wait()
    await service.stop()


async def _bare(kind: str, body: bytes, stopped: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    if kind == "bare-whois":
        server = await loop.create_server(lambda: BareWhois(body), _HOST, 0, backlog=1024)
    else:

        async def answer(_request: web.BaseRequest) -> web.Response:
            return web.Response(body=body, content_type="application/rdap+json")

        server = await loop.create_server(web.Server(answer), _HOST, 0, backlog=1024)
    port = server.sockets[0].getsockname()[1]
    _say({"rdap": port, "whois": port, "pids": [os.getpid()]})
    await stopped.wait()
    server.close()


def _say(content: dict[str, object]) -> None:
    print(orjson.dumps(content).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], Path(sys.argv[2]).read_bytes()))
