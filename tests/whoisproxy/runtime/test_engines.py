"""The engines that the settings name are asked by the relay, and tested by the doctor."""

from pathlib import Path

import pytest

from mailrelay.engines.harmless import like_malware, like_spam
from tests.support.engines import CLAMD_MOST_OCTETS, EngineDaemon
from whoisproxy.config import Settings, load
from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.runtime.core import open_core, utc_now
from whoisproxy.runtime.doctor.engines import engines
from whoisproxy.runtime.doctor.finding import Finding, Health
from whoisproxy.runtime.mail.checks import chains_of
from whoisproxy.runtime.mail.engines import open_engines
from whoisproxy.runtime.mail.names import resolver_of

TABLES = """
[engines.spamassassin]
address = "{spamd}"
[engines.rspamd]
url = "{rspamd}"
[engines.clamav]
address = "{clamd}"
size_octets = {octets}
"""


def _settings(folder: Path, text: str) -> Settings:
    (folder / "whoisproxy.toml").write_text(text)
    return load(folder / "whoisproxy.toml", {})


@pytest.fixture
def all_three(rspamd: EngineDaemon, clamd: EngineDaemon, spamd: EngineDaemon) -> dict[str, str]:
    return {"rspamd": rspamd.address, "clamd": clamd.address, "spamd": spamd.address}


async def _found(settings: Settings) -> list[Finding]:
    return [finding async for finding in engines(settings)]


async def test_each_engine_is_asked_as_the_settings_say(tmp_path: Path, all_three: dict[str, str]) -> None:
    settings = _settings(tmp_path, TABLES.format(octets=1024, **all_three))
    async with open_engines(settings, utc_now) as opened:
        asked = {engine.guard.name: engine.guard for engine in opened}
        assert list(asked) == ["clamav", "rspamd", "spamassassin"]
        assert (await asked["clamav"].examine(like_malware())).malware
        assert (await asked["rspamd"].examine(like_spam())).points == 5.0
        assert (await asked["spamassassin"].examine(like_spam())).points == 10.0


async def test_without_tables_nobody_is_asked(tmp_path: Path) -> None:
    async with (
        DnsServer() as dns,
        open_core(_settings(tmp_path, f'[dns]\nnameservers = ["{dns.nameserver}"]')) as core,
        open_engines(core.settings, core.clock) as opened,
    ):
        assert opened == ()
        names = chains_of(core, resolver_of(core.settings), opened).message.names
        assert not {"clamav", "rspamd", "spamassassin"}.intersection(names)


async def test_the_doctor_is_content_with_engines_that_know_their_tests(
    tmp_path: Path, all_three: dict[str, str]
) -> None:
    found = await _found(_settings(tmp_path, TABLES.format(octets=CLAMD_MOST_OCTETS, **all_three)))
    assert found == [
        Finding("engine clamav", Health.OK),
        Finding("engine rspamd", Health.OK),
        Finding("engine spamassassin", Health.OK),
    ]


async def test_the_doctor_finds_an_engine_that_takes_less_than_the_relay(
    tmp_path: Path, clamd: EngineDaemon
) -> None:
    octets = 2 * CLAMD_MOST_OCTETS
    table = f'[engines.clamav]\naddress = "{clamd.address}"\nsize_octets = {octets}'
    found = await _found(_settings(tmp_path, table))
    advice = f"does not look at {octets} octets in time: lower size_octets, or raise its own limit"
    assert found == [
        Finding("engine clamav", Health.OK),
        Finding("size limit of clamav", Health.WARNING, advice),
    ]


@pytest.mark.parametrize(("when_down", "becomes"), [("defer", "put off"), ("skip", "goes on unseen")])
async def test_the_doctor_says_what_becomes_of_mail_while_an_engine_is_down(
    tmp_path: Path, when_down: str, becomes: str
) -> None:
    table = f'[engines.rspamd]\nurl = "http://127.0.0.1:1"\nwhen_down = "{when_down}"'
    [found] = await _found(_settings(tmp_path, table))
    assert (found.subject, found.health) == ("engine rspamd", Health.FAILED)
    assert becomes in found.advice


async def test_the_doctor_finds_an_engine_without_rules(tmp_path: Path, spamd: EngineDaemon) -> None:
    # Nothing that spamd says is much on this scale.
    table = f'[engines.spamassassin]\naddress = "{spamd.address}"\ntag = 1e6\nhold = 1e7'
    [found] = await _found(_settings(tmp_path, table))
    assert found == Finding(
        "engine spamassassin", Health.WARNING, "does not object to GTUBE: its rules are missing"
    )
