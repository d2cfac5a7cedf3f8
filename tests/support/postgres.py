"""A real PostgreSQL for tests: a server of its own in a temporary folder, a fresh database per test.

It listens on a Unix socket only, so that several test processes never meet. Where the programs are
absent the tests skip; under CI that is a failure, because nobody would notice a skip there.
"""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest

from bench.report import running, tree
from whoisproxy.storage.migrate import migrate

_TEMPLATE = "migrated"
_LOOK_S = 0.02
# What a test writes need not survive the machine.
_SETTINGS = "-c listen_addresses=''"
_CARELESS = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"

# A locale that sorts by language, as servers in the field do: our order must not depend on it.
_LOCALE = ("--locale=C", "--locale-provider=icu", "--icu-locale=en-US")


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server.

    Attributes:
        programs: Folder of the server's and clients' programs.
        folder: Where its socket lies.
        control: The command that starts and stops it.
        options: With which it runs.
    """

    programs: Path
    folder: Path
    numbers: Iterator[int]
    control: tuple[str | Path, ...]
    options: str

    def url(self, database: str) -> str:
        """Return the address of a database in the form of our settings."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        _quietly([*self.control, "-l", self.folder / "log", "-o", self.options, "start"])

    def stop(self) -> None:
        """Stop it as a crash would."""
        _quietly([*self.control, "-m", "immediate", "stop"])

    @property
    def pid(self) -> int:
        """Its process above all others of it."""
        return int((self.folder / "data/postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """End all its processes in the middle of whatever they do; returns when they are gone."""
        pids = tree(self.pid)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while running(pids):
            time.sleep(_LOOK_S)
        # Its number is still taken where nobody waits for orphans, or already another's: the next start would
        # believe that it runs.
        (self.folder / "data/postmaster.pid").unlink()
        for lock in self.folder.glob(".s.PGSQL.*.lock"):
            lock.unlink()

    def new_database(self, template: str = _TEMPLATE) -> str:
        """Make a database that has the newest schema, or none with template0; return its name."""
        name = f"test{next(self.numbers)}"
        self.run("createdb", "-T", template, name)
        return name

    def drop(self, database: str) -> None:
        """Delete a database, whoever still uses it."""
        self.run("dropdb", "--force", database)

    def run(self, program: str, *arguments: str) -> bytes:
        """Run a client program against the server and return what it prints."""
        command: list[str | Path] = [self.programs / program, "-h", self.folder, "-U", "postgres", *arguments]
        return subprocess.run(command, check=True, capture_output=True).stdout


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Start a server with a migrated template database; stop it and delete its folder at the end.

    Where it need not be durable, a commit does not wait for the disk.
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="whoisproxy-pg-"))
    prefix = _as_postgres(folder)
    data = folder / "data"
    initdb: list[str | Path] = [
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
        *_LOCALE,
    ]
    control: list[str | Path] = [*prefix, programs / "pg_ctl", "-w", "-D", data]
    try:
        _quietly([*prefix, programs / "initdb", *initdb])
        options = f"{_SETTINGS} -k {folder}" if durable else f"{_SETTINGS} {_CARELESS} -k {folder}"
        server = PostgresServer(programs, folder, count(), tuple(control), options)
        server.start()
        try:
            server.run("createdb", _TEMPLATE)
            asyncio.run(migrate(server.url(_TEMPLATE)))
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _quietly(command: list[str | Path]) -> None:
    # The server inherits nothing of ours: a pipe that it kept open would never end.
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")


def _programs() -> Path:
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts[-3].zfill(4)
    )
    if not installed:
        _absent("PostgreSQL's server is not installed (Debian package postgresql)")
    return installed[-1].parent


def _as_postgres(folder: Path) -> list[str | Path]:
    """Return what to put before a command: the server refuses to run as root."""
    if os.geteuid() != 0:
        return []
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        _absent("PostgreSQL does not run as root, and there is no user postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    # Clients run as ourselves and must reach the socket.
    folder.chmod(0o755)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _absent(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
