"""What is done now and then is done for everything that has its time."""

from datetime import datetime, timedelta
from pathlib import Path

from tests.whoisproxy.storage.values import NOW, REGISTRAR, hold_domain, made_reply, relay
from whoisproxy.config import load
from whoisproxy.domain.relay import REPLY_LIFETIME
from whoisproxy.domain.sign_in import HISTORY_KEPT, Visit
from whoisproxy.runtime.core import Core, open_core
from whoisproxy.runtime.housekeeping import Housekeeping


async def test_accounts_of_who_has_no_domain_and_what_is_over_are_forgotten(tmp_path: Path) -> None:
    config = tmp_path / "whoisproxy.toml"
    config.write_text("", encoding="ascii")
    now = NOW

    def clock() -> datetime:
        return now

    async def left(core: Core) -> list[int]:
        async with core.storage.reading() as unit:
            found = []
            for table in ("owner_accounts", "owner_sessions", "sign_in_attempts", "used_tokens"):
                rows = await unit.connection.exec_driver_sql(f"SELECT count(*) FROM {table}")  # noqa: S608
                found.append(rows.scalar_one())
        return found

    async with open_core(load(config, {}), clock) as core:
        await hold_domain(core.storage)
        made = await core.entry.sign_in.registrar_link(REGISTRAR, "own_1")
        assert await core.entry.sign_in.by_link(made.token, Visit("192.0.2.0/24", "")) is not None
        visit = Visit("192.0.2.0/24", "")
        assert await core.entry.sign_in.by_password("nobody@home.example", "x" * 12, visit) is None
        counts = []
        for days in (0, 1, HISTORY_KEPT.days):
            now += timedelta(days=days)
            await Housekeeping(core)._purge_mail()
            counts.append(await left(core))
        async with core.storage.unit_of_work() as unit:
            await unit.registrations.remove("dom_1")
        await Housekeeping(core)._purge_mail()
        counts.append(await left(core))
    assert counts == [[1, 1, 2, 1], [1, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


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
