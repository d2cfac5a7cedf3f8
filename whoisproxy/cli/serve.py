"""`whoisproxy serve`: run the service until it is told to stop."""

import asyncio
import signal
from typing import Annotated

import typer

from whoisproxy.cli.context import ConfigOption, settings_from
from whoisproxy.cli.output import command, console
from whoisproxy.observability import configure_logging
from whoisproxy.runtime.service import Role, Service


@command
async def serve(
    config: ConfigOption = None,
    role: Annotated[
        list[Role] | None, typer.Option(help="Run only this part; may be repeated (default: all).")
    ] = None,
) -> None:
    """Run the service: API, RDAP, WHOIS, the mail relay, owners' pages and the workers, in one process.

    Setting smtp.processes gives the mail relay processes of its own.

    SIGTERM or Ctrl-C stops it: what is in flight is finished, nothing is lost.
    """
    settings = settings_from(config)
    configure_logging(settings.log.level, settings.log.format)
    service = Service(settings, roles=role or tuple(Role))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await service.start()
    try:
        for name, where in service.addresses().items():
            console.print(f"{name:6} {where}", markup=False)
        if not await service.core.accounts.registrars():
            console.print(
                "No registrar yet: `whoisproxy registrar add NAME --url URL` makes one and its API key.",
                soft_wrap=True,
            )
        await stop.wait()
    finally:
        await service.stop()
