"""The program that runs a sandbox registry by hand."""

import asyncio
import ssl
import sys
from pathlib import Path

import pytest

from registries.sandbox.__main__ import main
from tests.registries.sandbox.wire import RawClient, contact_create, login, on_contact

_ROOT = Path(__file__).parents[3]


async def test_it_says_how_to_log_in_and_stops_when_told(tmp_path: Path) -> None:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "registries.sandbox", str(tmp_path), "--port", "0", "--tld", "test"),
        cwd=_ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert program.stdout is not None
    told: dict[str, str] = {}
    while "password" not in told:
        line = (await program.stdout.readline()).decode().split()
        assert line, "the program ended"
        told[line[0]] = line[1]
    context = ssl.create_default_context(cafile=told["trust"])
    async with RawClient(int(told["listening"].rpartition(":")[2]), context) as client:
        assert (await client.command(login(told["account"], told["password"]))).code == 1000
    program.terminate()
    assert await program.wait() == 0


async def test_it_takes_quirks_profiles_and_limits(tmp_path: Path) -> None:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "registries.sandbox", str(tmp_path), "--port", "0", "--tld", "test"),
        *("--quirk", "not-applied", "--profile", "forgetful", "--make-hosts", "--sessions", "1"),
        *("--client-certificates", "required", "--pin-certificate", "--commands-a-minute", "4"),
        cwd=_ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert program.stdout is not None
    told: dict[str, list[str]] = {}
    while "show" not in told:
        line = (await program.stdout.readline()).decode().split()
        assert line, "the program ended"
        told[line[0]] = line[1:]
    context = ssl.create_default_context(cafile=told["trust"][0])
    context.load_cert_chain(*told["show"][:2])
    port = int(told["listening"][0].rpartition(":")[2])
    enter = login(told["account"][0], told["password"][0])
    async with RawClient(port, context) as client, RawClient(port, context) as second:
        assert (await client.command(enter, "client-1")).code == 1000
        assert (await second.command(enter, "client-2")).code == 2502
        assert (await client.command(contact_create("owner-1"), "client-3")).code == 1000
        assert (await client.command(on_contact("info", "owner-1"), "client-4")).code == 2303
        assert (await client.command(on_contact("renew", "owner-1"), "client-5")).code == 2101
        assert await client.is_closed()
    program.terminate()
    assert await program.wait() == 0


@pytest.mark.parametrize(
    "options", [["--host", "203.0.113.7"], ["--port", "99999"], ["--account", "x"], ["--account", "x" * 17]]
)
def test_what_cannot_be_started_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert main([str(tmp_path), *options]) == 2
    told = capsys.readouterr().err
    assert told.startswith("sandbox registry: ")
    assert told.count("\n") == 1


def test_a_file_that_is_no_database_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "registry.sqlite").write_bytes(b"not a database" * 100)
    assert main([str(tmp_path), "--port", "0"]) == 2
    assert "not a database" in capsys.readouterr().err
