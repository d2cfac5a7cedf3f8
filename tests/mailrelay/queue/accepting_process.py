"""A mail server in a process of its own, for the test that kills it: prints its port, never delivers."""

import asyncio
import sys
from pathlib import Path

from tests.mailrelay.world import open_world


async def main(folder: Path) -> None:
    async with open_world(folder) as world:
        sys.stdout.write(f"{world.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


asyncio.run(main(Path(sys.argv[1])))
