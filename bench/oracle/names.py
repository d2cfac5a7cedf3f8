"""The name server of the oracle's bench: `python -m bench.oracle.names FOLDER` prints a port."""

import asyncio
import signal
import sys
from pathlib import Path

from bench.oracle.cases import publish
from whoisproxy.demo.dns_server import DnsServer


async def serve(folder: Path) -> None:
    """Answer until terminated."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with DnsServer() as server:
        publish(server, folder)
        print(server.port, flush=True)
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
