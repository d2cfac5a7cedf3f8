"""A mail server in a process of its own, for the tests that kill it: prints its port.

It delivers to the port on loopback that it is given; without one it only takes mail.
"""

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from tests.mailrelay.world import open_world, running


async def main(folder: Path, deliver_to: int | None) -> None:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(open_world(folder, deliver_to=deliver_to))
        if deliver_to is not None:
            await stack.enter_async_context(running(world))
        sys.stdout.write(f"{world.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None))
