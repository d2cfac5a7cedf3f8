"""`whoisproxy demo`: the main job on loopback, told step by step."""

import asyncio
import signal
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from whoisproxy.cli.failures import explain
from whoisproxy.cli.output import Exit, command, console, stop
from whoisproxy.demo.stage import Stage, StepFailed
from whoisproxy.demo.story import tell
from whoisproxy.demo.world import World, loopback_world


@command
async def demo(
    *, keep: Annotated[bool, typer.Option("--keep", help="Leave everything running afterwards.")] = False
) -> None:
    """Run the main job on loopback: privacy on, mail relayed, spam stopped. Exits 1 naming a failed step."""
    stage = Stage()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="whoisproxy-demo-") as folder:
        try:
            async with loopback_world(Path(folder)) as world:
                await tell(stage, world)
                stage.end(time.monotonic() - began)
                if keep:
                    await _keep(world)
        except StepFailed as failure:
            stop(f"demo failed in {failure.step}: {failure.problem}", Exit.FAILED)
        except TimeoutError:
            stop(f"demo failed in {stage.step}: what was waited for did not come", Exit.FAILED)
        except Exception as error:  # noqa: BLE001 - whatever it is, the step is named
            stop(f"demo failed in {stage.step}: {explain(error)[0]}", Exit.FAILED)


async def _keep(world: World) -> None:
    """Print what there is to try, and wait for Ctrl-C."""
    ports = world.service.ports
    api, pages = f"http://127.0.0.1:{ports['api']}", world.service.core.settings.portal.base_url
    file = world.folder / "whoisproxy.toml"
    console.rule("everything is still running; Ctrl-C ends it", align="left")
    for name, where in (*world.service.addresses().items(), ("EPP", f"127.0.0.1:{world.registry.port}")):
        console.print(f"{name:8} {where}", markup=False)
    console.print(f"DNS      {world.dns.nameserver}")
    console.print(f"settings {file}", soft_wrap=True)
    console.print(f"API key  {world.api_key}", soft_wrap=True)
    console.print("\nTry:")
    for line in (
        f"curl -H 'Authorization: Bearer {world.api_key}' {api}/v1/domains",
        f"curl http://127.0.0.1:{ports['rdap']}/domain/example-bakery.org",
        f"whois -h 127.0.0.1 -p {ports['whois']} example-bakery.org",
        f".venv/bin/whoisproxy privacy status example-bakery.org --config {file}",
        f".venv/bin/whoisproxy portal-link example-bakery.org --config {file}",
        "what that prints in a browser: the owner's pages",
        f"{pages}/contact/example-bakery.org in a browser: what strangers see",
        f"{api}/docs in a browser",
    ):
        console.print(f"  {line}", markup=False, soft_wrap=True)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await stopped.wait()
