"""A worker that does nothing but watch, for the test that kills it in the middle of a look."""

import asyncio
import json
import sys
from pathlib import Path

from tests.fakes import Clock
from tests.whoisproxy.services.callback_world import PublicSide
from tests.whoisproxy.services.watch_world import make_watcher, posts_of
from whoisproxy.observability import configure_logging
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.unit_of_work import Storage


async def main(url: str, keys: str, sides: list[list[str]], minutes: int) -> None:
    storage = await Storage.open(url, MasterKeys.load_or_create(Path(keys)))
    public, own = (PublicSide(rdap_url=rdap, whois_server=whois) for rdap, whois in sides)
    clock = Clock()
    clock.pass_by(minutes=minutes)
    await make_watcher(storage, posts_of(public, own), clock).run(asyncio.Event())


configure_logging("warning", "json")
asyncio.run(main(**json.loads(sys.argv[1])))
