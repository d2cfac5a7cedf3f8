"""The engines that the settings name, ready to be asked."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from mailrelay.checks.engine import EngineCheck, WhenDown
from mailrelay.engines.clamav import ClamAv
from mailrelay.engines.engine import Engine, Scale
from mailrelay.engines.guard import Guard, GuardLimits
from mailrelay.engines.rspamd import Rspamd
from mailrelay.engines.spamassassin import SpamAssassin
from whoisproxy.config import EngineSettings, Settings


@dataclass(frozen=True, slots=True)
class ConfiguredEngine:
    """An engine with what the settings say of it."""

    guard: Guard
    settings: EngineSettings

    @property
    def check(self) -> EngineCheck:
        """The check that asks it."""
        return EngineCheck(self.guard, WhenDown(self.settings.when_down))


@asynccontextmanager
async def open_engines(
    settings: Settings, clock: Callable[[], datetime]
) -> AsyncIterator[tuple[ConfiguredEngine, ...]]:
    """Give the engines in the order in which they are asked: what holds mail for certain comes first."""
    # The deadline is the guard's; engines stand beside the relay, so no proxy leads to them.
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
        yield tuple(
            ConfiguredEngine(Guard(engine, _limits(found)), found)
            for engine, found in _engines(settings, session, clock)
        )


def _engines(
    settings: Settings, session: aiohttp.ClientSession, clock: Callable[[], datetime]
) -> Iterator[tuple[Engine, EngineSettings]]:
    named = settings.engines
    if clamav := named.clamav:
        yield ClamAv(clamav.address), clamav
    if rspamd := named.rspamd:
        scale = Scale(rspamd.tag, rspamd.hold)
        yield Rspamd(session, rspamd.url, scale, rspamd.actions), rspamd
    if assassin := named.spamassassin:
        scale = Scale(assassin.tag, assassin.hold)
        yield SpamAssassin(assassin.address, scale, settings.smtp.hostname, clock), assassin


def _limits(settings: EngineSettings) -> GuardLimits:
    return GuardLimits(settings.deadline_s, settings.size_octets, settings.at_once)
