"""RDAP and WHOIS of a whole service while its database is gone, and while somebody holds connections open."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journeys.journey import CONSENT, eventually
from tests.support.postgres import PostgresServer, postgres_server
from whoisproxy.demo.cast import REGISTRANT
from whoisproxy.demo.mail_actors import whois
from whoisproxy.demo.world import World, loopback_world

pytestmark = pytest.mark.slow

DOMAIN = "example-bakery.com"
_UNLIMITED = {f"WHOISPROXY_{listener}__REQUESTS_PER_MINUTE": "1000000" for listener in ("RDAP", "WHOIS")}
_LORIS = 40
_SAFETY_S = 90


@dataclass(frozen=True)
class Seen:
    """What both servers say of the domain."""

    status: int
    retry_after: str
    content_type: str
    rdap: str
    whois: str

    @property
    def found(self) -> bool:
        return self.status == 200 and "Domain Name: " in self.whois

    @property
    def told_to_come_again(self) -> bool:
        return self.status == 503 and "Try again later" in self.whois


async def look(world: World) -> Seen:
    ports = world.service.ports
    async with world.http.get(f"http://127.0.0.1:{ports['rdap']}/domain/{DOMAIN}") as answer:
        text = await answer.text()
    headers = answer.headers
    by_whois = (await whois(ports["whois"], DOMAIN)).decode()
    return Seen(answer.status, headers.get("Retry-After", ""), headers["Content-Type"], text, by_whois)


async def hold(world: World) -> None:
    """Take a domain in and hide its holder."""
    await world.registry_client.register(DOMAIN, None)
    body = {"registrant": REGISTRANT, "registrant_verified": True}
    assert (await world.backend.call("PUT", f"/v1/domains/{DOMAIN}", body)).status == 201
    wish = {"enabled": True, "consent": CONSENT}
    reply = await world.backend.call("PUT", f"/v1/domains/{DOMAIN}/privacy", wish)
    assert (await world.backend.finished(reply.body["operation"]["id"]))["state"] == "done"


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server of its own, which is stopped under way as by a crash, and so has to be durable."""
    with postgres_server(durable=True) as server:
        yield server


async def test_a_restart_of_the_database_is_told_and_got_over(
    own_postgres: PostgresServer, tmp_path: Path
) -> None:
    """What was answered before is not given out while nobody can say that it is still true."""
    url = own_postgres.url(own_postgres.new_database())
    environment = {**_UNLIMITED, "WHOISPROXY_DATABASE__URL": url}
    async with loopback_world(tmp_path, environment=environment) as world:
        await hold(world)
        assert (await look(world)).found
        for _ in range(2):
            await asyncio.to_thread(own_postgres.stop)
            await eventually(lambda: look(world), lambda seen: not seen.found)
            gone = await look(world)
            assert gone.told_to_come_again, gone
            assert int(gone.retry_after) > 0
            assert gone.content_type == "application/rdap+json"
            assert str(REGISTRANT["name"]) not in gone.rdap + gone.whois
            await asyncio.to_thread(own_postgres.start)
            back = await eventually(lambda: look(world), lambda seen: seen.found)
            assert str(REGISTRANT["name"]) not in back.rdap + back.whois


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A service that holds one domain."""
    async with loopback_world(tmp_path, environment=_UNLIMITED) as started:
        await hold(started)
        yield started


async def drip(port: int, source: str, octets: Sequence[bytes]) -> None:
    """Send so slowly that the whole never comes; return when the server ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))

    async def send() -> None:
        for octet in octets:
            writer.write(octet)
            await writer.drain()
            await asyncio.sleep(0.5)

    sending = asyncio.create_task(send())
    try:
        while await reader.read(65_536):
            pass
    except ConnectionError:
        pass
    finally:
        sending.cancel()
        writer.transport.abort()


@pytest.mark.parametrize(
    ("listener", "start"),
    [("whois", b"e"), ("rdap", b"GET /domain/"), ("rdap", b"GET /help HTTP/1.1\r\nHost: x\r\nX-A: ")],
)
async def test_a_slow_loris_holds_nothing(world: World, listener: str, start: bytes) -> None:
    """Every connection of many networks is ended, and meanwhile others are answered."""
    port, octets = world.service.ports[listener], [start, *[b"x"] * 10_000]
    async with asyncio.timeout(_SAFETY_S):
        lorises = [
            asyncio.create_task(drip(port, f"127.64.{number % 20}.{number + 1}", octets))
            for number in range(_LORIS)
        ]
        answered = 0
        while not all(loris.done() for loris in lorises):
            assert (await look(world)).found
            answered += 1
            await asyncio.sleep(0.1)
        await asyncio.gather(*lorises)
    assert answered > 0


async def test_connections_that_say_nothing_are_ended(world: World) -> None:
    async with asyncio.timeout(_SAFETY_S):
        await asyncio.gather(
            *(
                drip(world.service.ports[listener], f"127.65.{number % 20}.{number + 1}", [])
                for number in range(_LORIS)
                for listener in ("rdap", "whois")
            )
        )
    assert (await look(world)).found
