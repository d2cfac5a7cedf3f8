"""The service as a process: it starts, it stops, it is killed; and nothing that it took is lost."""

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from mailrelay.queue.entry import State
from tests.journeys.journey import CONSENT, STRANGER, eventually
from tests.journeys.process import PROGRAM, Installation, Running, backend
from whoisproxy.demo.backend import Backend
from whoisproxy.demo.cast import REGISTRANT
from whoisproxy.demo.mail_actors import Letter, send
from whoisproxy.demo.world import surroundings

OWNER = str(REGISTRANT["email"])


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    async with surroundings(tmp_path) as around:
        yield Installation.prepare(around)


@pytest.fixture
async def api_key(installation: Installation) -> str:
    return await installation.add_registrar("Registrar")


async def registered(client: Backend, domain: str) -> None:
    body = {"registrant": REGISTRANT, "registrant_verified": True}
    reply = await client.call("PUT", f"/v1/domains/{domain}", body)
    assert reply.status == 201, reply.body


async def switched_on(client: Backend, domain: str) -> str:
    """Switch privacy on; return the operation."""
    wish = {"enabled": True, "consent": CONSENT}
    reply = await client.call("PUT", f"/v1/domains/{domain}/privacy", wish)
    assert reply.status == 202, reply.body
    return str(reply.body["operation"]["id"])


async def address_of(client: Backend, domain: str) -> str:
    privacy = (await client.call("GET", f"/v1/domains/{domain}/privacy")).body
    return str(privacy["published_contacts"]["registrant"]["email"])


def letter(installation: Installation, address: str, text: str) -> bytes:
    raw = Letter(f"Ada Buyer <{STRANGER}>", address, "Is it for sale?", text).raw()
    return installation.around.senders["offers.example"].sign(raw)


async def test_it_stops_on_sigterm_with_exit_code_0(installation: Installation) -> None:
    async with installation.serving() as running:
        assert await running.ended() == 0
    assert "Traceback" not in installation.output.read_text()


async def test_keys_and_database_are_for_their_owner_only(installation: Installation) -> None:
    async with installation.serving():
        keys = installation.data / "keys"
        found = [*keys.rglob("*"), *installation.data.glob("*.sqlite3*")]
        folders, files = [keys, *filter(Path.is_dir, found)], [*filter(Path.is_file, found)]
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
        assert {file.name for file in keys.iterdir()} >= {"master.keys", "dkim", "return-addresses.key"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


async def in_flight(running: Running, count: int) -> None:
    """Wait until the API works on so many requests; the question is one of them."""

    async def asked() -> str:
        url = f"http://127.0.0.1:{running.ports['api']}/metrics"
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            return await answer.text()

    await eventually(asked, lambda text: f"whoisproxy_api_requests_in_flight {count}.0" in text)


@pytest.mark.slow
async def test_sigterm_finishes_the_request_and_the_message_in_flight(
    installation: Installation, api_key: str
) -> None:
    """The database is held until the signal is sent, so that both are under way when it comes."""
    queries = installation.around.dns.queries
    async with installation.serving("api", "smtp", listeners=("api", "smtp")) as running:
        async with backend(running, api_key) as client:
            await registered(client, "example-studio.com")
            await switched_on(client, "example-studio.com")
            address = await address_of(client, "example-studio.com")
            raw = letter(installation, address, "The last letter before the stop.")
            blocker = sqlite3.connect(installation.data / "whoisproxy.sqlite3", isolation_level=None)
            blocker.execute("BEGIN IMMEDIATE")
            sending = asyncio.create_task(send(running.ports["smtp"], STRANGER, address, raw))
            putting = asyncio.create_task(registered(client, "example-late.com"))
            await in_flight(running, 2)

            async def asked() -> list[tuple[str, str]]:
                return list(queries)

            # DMARC is asked for when the whole message is there.
            await eventually(asked, lambda found: ("_dmarc.offers.example", "TXT") in found)
            running.process.terminate()
            blocker.execute("ROLLBACK")
            blocker.close()
            assert (await sending).code == 250
            await putting
        assert await running.ended() == 0
    async with installation.serving() as running, backend(running, api_key) as client:
        await installation.around.sink.wait_for(1, matching=lambda message: OWNER in message.recipients)
        assert (await client.call("GET", "/v1/domains/example-late.com")).status == 200


@pytest.mark.slow
async def test_what_was_taken_before_a_kill_is_done_after_the_next_start(
    installation: Installation, api_key: str
) -> None:
    async with installation.serving("api", "smtp", listeners=("api", "smtp")) as running:
        async with backend(running, api_key) as client:
            await registered(client, "example-studio.com")
            operation = await switched_on(client, "example-studio.com")
            address = await address_of(client, "example-studio.com")
            raw = letter(installation, address, "Taken, then the machine was gone.")
            assert (await send(running.ports["smtp"], STRANGER, address, raw)).code == 250
        assert await running.ended(signal.SIGKILL) == -signal.SIGKILL

    async with installation.serving() as running, backend(running, api_key) as client:
        assert (await client.finished(operation))["state"] == "done"
        [arrived] = await installation.around.sink.wait_for(
            1, matching=lambda message: OWNER in message.recipients
        )
        assert b"Taken, then the machine was gone." in arrived.raw
        log = (await client.call("GET", "/v1/domains/example-studio.com/messages")).body["messages"]
        assert {message["state"] for message in log} <= {State.DELIVERED, State.DELIVERING}


@pytest.mark.slow
async def test_work_that_was_under_way_at_a_kill_is_taken_over(
    installation: Installation, api_key: str
) -> None:
    """The killed worker held the lease; it ends after 30 seconds."""
    around = installation.around
    async with installation.serving() as running, backend(running, api_key) as client:
        await registered(client, "example-bakery.org")
        around.registry.delay_s = 30
        operation = await switched_on(client, "example-bakery.org")

        async def asked() -> int:
            view = (await client.call("GET", f"/v1/operations/{operation}")).body
            return int(view["attempts"])

        await eventually(asked, lambda attempts: attempts >= 1)
        await running.ended(signal.SIGKILL)
    around.registry.delay_s = 0
    async with installation.serving() as running, backend(running, api_key) as client:
        view = (await client.call("GET", f"/v1/operations/{operation}?wait=30")).body
        if view["state"] == "pending":
            view = (await client.call("GET", f"/v1/operations/{operation}?wait=30")).body
        # The registry does not hold the domain: an answer, and so the end of the work.
        assert view["state"] in {"done", "failed"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "listeners"),
    [
        ("api", ("api",)),
        ("rdds", ("rdap", "whois")),
        ("portal", ("portal",)),
        ("smtp", ("smtp",)),
        ("worker", ()),
    ],
)
async def test_each_part_runs_alone(
    installation: Installation, role: str, listeners: tuple[str, ...]
) -> None:
    async with installation.serving(role, listeners=listeners) as running:
        assert sorted(running.ports) == sorted(listeners)
        if not listeners:
            # It prints no address: the log tells that it has started.
            async def asked() -> str:
                return installation.output.read_text()

            await eventually(asked, lambda text: "service-started" in text)
        assert await running.ended() == 0


def serve(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `whoisproxy serve` where it cannot start."""
    return subprocess.run(
        [PROGRAM, "serve"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


async def test_a_port_in_use_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    result = await asyncio.to_thread(serve, tmp_path, WHOISPROXY_SMTP__PORT=str(port))
    server.close()
    await server.wait_closed()
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"whoisproxy: smtp 127.0.0.1:{port}: cannot listen: Address already in use\n"


def test_a_bad_setting_is_refused_with_file_key_and_reason(tmp_path: Path) -> None:
    (tmp_path / "whoisproxy.toml").write_text('[smtp]\nhostnam = "mx.example"\n')
    result = serve(tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "whoisproxy: whoisproxy.toml: smtp.hostnam: unknown key\n"
