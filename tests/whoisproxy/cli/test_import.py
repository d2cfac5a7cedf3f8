"""`whoisproxy import` takes over a file of domains, tells which lines it cannot take, and can be stopped."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.whoisproxy.cli.conftest import REGISTRANT, Ended, Run
from whoisproxy.config import load
from whoisproxy.domain.names import DomainName
from whoisproxy.runtime.core import open_core

HEADER = "domain,name,email,phone,street,city,postal_code,country_code,registrant_verified,nameservers"
HOLDER = "Zoë Müller,zoe@home.example,+41325550123,Rue 7|Étage 2,Neuchâtel,2000,CH,true,ns1.acme.example"


@pytest.fixture(autouse=True)
def acme(run: Run) -> None:
    """A registrar to whom the domains belong."""
    assert run("registrar", "add", "Acme", "--url", "https://acme.example").code == 0


def _write(*lines: str, name: str = "domains.csv") -> str:
    Path(name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return name


def _import(run: Run, file: str, *options: str) -> Ended:
    return run("import", file, "--registrar", "Acme", *options)


def _street_of(domain: str) -> Sequence[str]:
    """Return the street of the holder of a domain that the database has."""

    async def read() -> Sequence[str]:
        async with open_core(load()) as core:
            registrar = await core.accounts.registrar("Acme")
            return (await core.registrations.get(registrar, DomainName.parse(domain))).registrant.street

    return asyncio.run(read())


def _held() -> int:
    """Return how many domains the database has."""

    async def count() -> int:
        async with open_core(load()) as core:
            registrar = await core.accounts.registrar("Acme")
            return len(await core.registrations.page(registrar, "", 1000))

    return asyncio.run(count())


def test_the_same_csv_twice_creates_and_then_changes_nothing(run: Run) -> None:
    file = _write(HEADER, f"example.com,{HOLDER}", f"example.org,{HOLDER}")
    first = _import(run, file)
    assert (first.code, first.out, first.err) == (0, "2 created, 0 updated, 0 failed\n", "")
    assert tuple(_street_of("example.org")) == ("Rue 7", "Étage 2")
    assert _import(run, file).out == "0 created, 2 updated, 0 failed\n"


def test_ndjson_takes_the_registrant_flat_or_on_its_own(run: Run) -> None:
    file = _write(
        json.dumps({"domain": "example.com", **REGISTRANT}),
        json.dumps({"domain": "example.org", "registrant": REGISTRANT, "nameservers": ["ns1.acme.example"]}),
        name="domains.ndjson",
    )
    ended = _import(run, file, "--json")
    assert (ended.code, ended.err) == (0, "")
    assert ended.json() == {"created": 2, "updated": 0, "failed": 0}


def test_bad_lines_are_told_by_number_and_rule_and_the_others_are_taken(run: Run) -> None:
    file = _write(
        HEADER,
        f"exa_mple.com,{HOLDER}",
        f"example.com,{HOLDER}",
        "example.org,too,few",
        f"example.net,{HOLDER}".replace("zoe@home.example", "nowhere"),
    )
    ended = _import(run, file, "--json")
    assert ended.code == 1
    assert ended.json() == {"created": 1, "updated": 0, "failed": 3}
    *told, last = ended.err.splitlines()
    assert [line.rpartition(": ")[0] for line in told] == [
        "line 2: exa_mple.com: domain",
        "line 4: no domain: line",
        "line 5: example.net: registrant.email",
    ]
    assert last == "whoisproxy: 3 lines were not taken"
    assert "nowhere" not in ended.err


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(f"\ufeff{HEADER}\r\nexample.com,{HOLDER}\r\n".encode(), id="mark-and-crlf"),
        pytest.param(f"{HEADER.upper()}\nexample.com,{HOLDER}".encode(), id="capitals-no-last-line-end"),
    ],
)
def test_files_as_spreadsheets_write_them_are_taken(run: Run, content: bytes) -> None:
    Path("domains.csv").write_bytes(content)
    assert _import(run, "domains.csv").out == "1 created, 0 updated, 0 failed\n"


def test_a_line_in_another_encoding_is_told_and_the_next_one_taken(run: Run) -> None:
    lines = [HEADER.encode(), f"example.com,{HOLDER}".encode("latin-1"), f"example.org,{HOLDER}".encode()]
    Path("domains.csv").write_bytes(b"\n".join(lines))
    ended = _import(run, "domains.csv")
    assert (ended.code, ended.out) == (1, "1 created, 0 updated, 1 failed\n")
    assert ended.err == "line 2: no domain: line: is not UTF-8\nwhoisproxy: 1 line was not taken\n"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"name,email\nZoe,zoe@home.example\n", id="no-domain"),
        pytest.param(b"domain,shoe_size\nexample.com,39\n", id="unknown-column"),
        pytest.param(f"{HEADER}\nexample.com,{HOLDER}\n".encode("utf-16"), id="utf-16"),
        pytest.param(bytes(range(128, 256)) * 10, id="binary"),
    ],
)
def test_a_file_that_is_no_table_of_domains_is_one_line_and_exit_code_2(run: Run, content: bytes) -> None:
    Path("domains.csv").write_bytes(content)
    ended = _import(run, "domains.csv")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith("whoisproxy: header: ")


def test_a_file_that_is_not_there_is_wrong_usage(run: Run) -> None:
    absent, folder = _import(run, "absent.csv"), _import(run, ".")
    assert (absent.code, absent.err.count("\n")) == (2, 1)
    assert "'absent.csv' does not exist" in absent.err
    assert (folder.code, folder.err.count("\n")) == (2, 1)


def test_a_registrar_that_is_not_known_is_exit_code_3(run: Run) -> None:
    ended = run("import", _write(HEADER), "--registrar", "Nobody")
    assert (ended.code, ended.err) == (3, "whoisproxy: no registrar has that name\n")


@pytest.mark.slow
def test_an_import_that_was_interrupted_goes_on_where_it_was(run: Run) -> None:
    """Progress is kept every 100 lines; the bad line tells the test that this has happened."""
    lines = [f"example-{number}.com,{HOLDER}" for number in range(300)]
    lines[120] = "this line is bad"
    file = _write(HEADER, *lines)
    command = (Path(sys.executable).with_name("whoisproxy"), "import", file, "--registrar", "Acme")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as stopped:
        assert stopped.stderr is not None
        assert stopped.stderr.readline().startswith("line 122: ")
        stopped.send_signal(signal.SIGINT)
        _, complaint = stopped.communicate()
    assert (stopped.returncode, complaint) == (1, "whoisproxy: stopped\n")
    assert Path("domains.csv.progress").exists()

    ended = _import(run, file, "--json")
    going_on, *_ = ended.err.splitlines()
    done = int(going_on.removeprefix("going on after line "))
    assert done > 100
    assert sum(ended.json().values()) == len(lines) + 1 - done
    assert _held() == len(lines) - 1
    assert not Path("domains.csv.progress").exists()


def test_the_progress_of_another_file_is_not_taken_for_this_ones(run: Run) -> None:
    Path("domains.csv.progress").write_text('{"source": "another", "line": 1000}')
    assert _import(run, _write(HEADER, f"example.com,{HOLDER}")).out == "1 created, 0 updated, 0 failed\n"
