"""The whole way of a query: socket, look-up, database, redaction, text."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from registries.catalogue import Catalogue
from registries.contact import Role
from tests.whoisproxy.publication import samples
from whoisproxy.domain.privacy import PrivacyStatus, initial
from whoisproxy.domain.relay import RelayAddress, RelayState
from whoisproxy.rdds_servers.rdap_answering import RdapSettings
from whoisproxy.rdds_servers.rdap_server import RdapServer
from whoisproxy.rdds_servers.whois_server import WhoisLimits, WhoisServer
from whoisproxy.runtime.listening import listening_sockets
from whoisproxy.services.answer_cache import AnswerCache
from whoisproxy.services.kept_answers import KeptAnswers
from whoisproxy.services.lookup import Lookup
from whoisproxy.services.published_answers import PublishedAnswers
from whoisproxy.storage.keys import MasterKeys
from whoisproxy.storage.migrate import migrate
from whoisproxy.storage.unit_of_work import Storage

RELAY = RelayAddress(
    "rel_1",
    samples.REGISTRATION.id,
    Role.REGISTRANT,
    "7k2mq9w4xh8n3vbtzc5d",
    "relay.cloak.example",
    RelayState.ACTIVE,
    None,
    samples.NOW,
)


@dataclass(frozen=True)
class World:
    storage: Storage
    rdap_port: int
    whois_port: int

    async def switch(self, status: PrivacyStatus) -> None:
        async with self.storage.unit_of_work() as uow:
            await uow.privacy.put(samples.REGISTRATION.id, replace(initial(samples.NOW), status=status))

    async def answers(self, name: str) -> str:
        """What RDAP and WHOIS send, one after the other."""
        return await exchange(
            self.rdap_port, f"GET /domain/{name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        ) + await exchange(self.whois_port, f"{name}\r\n")


async def exchange(port: int, sent: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent.encode())
    answer = await reader.read()
    writer.close()
    return answer.decode()


@asynccontextmanager
async def stored(folder: Path) -> AsyncIterator[Storage]:
    url = f"sqlite:///{folder / 'test.sqlite3'}"
    await migrate(url)
    storage = await Storage.open(url, MasterKeys.load_or_create(folder / "keys"))
    try:
        async with storage.unit_of_work() as uow:
            await uow.registrars.add(samples.REGISTRAR)
            await uow.registrations.add(samples.REGISTRATION)
            await uow.privacy.put(samples.REGISTRATION.id, initial(samples.NOW))
            await uow.relays.add(RELAY)
        yield storage
    finally:
        await storage.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with stored(tmp_path) as storage, storage.following_changes() as changes:
        lookup = Lookup(storage, Catalogue.load(), samples.BRAND, lambda: samples.NOW)
        source = PublishedAnswers(lookup, "https://rdap.example")
        answers = KeptAnswers(source, changes, AnswerCache(2**20, 60))
        rdap = RdapServer(answers, RdapSettings("https://rdap.example", "https://t.example", 10_000))
        rdap.listen(listening_sockets("rdap", ["127.0.0.1"], 0))
        whois = WhoisServer(answers, WhoisLimits(10_000))
        whois.listen(listening_sockets("whois", ["127.0.0.1"], 0))
        yield World(storage, rdap.port, whois.port)
        await rdap.close()
        await whois.close()


async def test_a_switch_shows_in_both_answers_and_back(world: World) -> None:
    shown = await world.answers("cheese.com")
    assert shown.count(samples.REGISTRANT.name) >= 2
    assert RELAY.address not in shown
    await world.switch(samples.ON)
    hidden = await world.answers("CHEESE.com")
    assert not [secret for secret in samples.REGISTRANT.identity().values() if secret in hidden]
    assert hidden.count(RELAY.address) == 2
    await world.switch(samples.OFF)
    assert _undated(await world.answers("cheese.com")) == _undated(shown)


def _undated(answers: str) -> str:
    """Leave the HTTP Date out: it tells when, not what."""
    return re.sub(r"\r\nDate: [^\r]*", "", answers)


@pytest.mark.parametrize("status", [one for one in samples.EVERY_STATUS if one.hidden], ids=repr)
async def test_in_every_hidden_status_nothing_of_the_registrant_is_sent(
    world: World, status: PrivacyStatus
) -> None:
    await world.switch(status)
    sent = await world.answers("cheese.com")
    assert not [secret for secret in samples.REGISTRANT.identity().values() if secret in sent]


async def test_a_domain_that_is_not_held_is_not_found(world: World) -> None:
    sent = await world.answers("nobody.com")
    assert "404 Not Found" in sent
    assert "No match for" in sent


async def test_a_broken_database_is_an_error_without_a_trace(world: World) -> None:
    async with world.storage.engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE privacy")
    with capture_logs() as logs:
        sent = await world.answers("cheese.com")
    assert [log["event"] for log in logs] == ["rdap-unavailable"]
    assert "503 Service Unavailable" in sent
    assert "Try again later" in sent
    assert "Traceback" not in sent
    assert not [secret for secret in samples.REGISTRANT.identity().values() if secret in sent]
