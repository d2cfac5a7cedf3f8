"""What is done now and then is done for everything that has its time."""

from datetime import datetime, timedelta
from pathlib import Path

from tests.whoisproxy.storage.values import NOW, hold_domain, made_reply, relay
from whoisproxy.config import load
from whoisproxy.domain.relay import REPLY_LIFETIME
from whoisproxy.runtime.core import open_core
from whoisproxy.runtime.housekeeping import Housekeeping


async def test_reply_addresses_are_forgotten_when_they_have_ended(tmp_path: Path) -> None:
    config = tmp_path / "whoisproxy.toml"
    config.write_text("", encoding="ascii")
    now = NOW + REPLY_LIFETIME - timedelta(days=1)

    def clock() -> datetime:
        return now

    async with open_core(load(config, {}), clock) as core:
        await hold_domain(core.storage)
        async with core.storage.unit_of_work() as unit:
            await unit.relays.add(relay())
            local_part = await made_reply(unit)
        found = []
        for _ in range(2):
            await Housekeeping(core)._purge_mail()
            async with core.storage.reading() as unit:
                found.append(await unit.replies.by_local_part(local_part, "relay.example") is not None)
            now += timedelta(days=1)
    assert found == [True, False]
