"""The service and the sandbox registry as processes of their own, as they run for people, for the benches.

Each is started by its own command in a folder of its own, says where it listens, and is stopped in the end.
"""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_WHOISPROXY = str(Path(sys.executable).with_name("whoisproxy"))
_STOP_S = 30
# By role; `whoisproxy serve` tells them in this order.
_LISTENERS = {
    "smtp": ("smtp",),
    "rdds": ("rdap", "whois"),
    "portal": ("portal",),
    "api": ("api",),
    "worker": (),
}
_REGISTRAR = "Bench"


@dataclass(frozen=True, slots=True)
class RunningService:
    """`whoisproxy serve`: its process, and the port of each listener by name."""

    pid: int
    ports: dict[str, int]

    @property
    def api(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.ports['api']}"


@dataclass(frozen=True, slots=True)
class RunningRegistry:
    """`python -m registries.sandbox`: its process, how to log in, and where it keeps everything."""

    pid: int
    port: int
    account: str
    password: str
    folder: Path

    @property
    def certificates(self) -> Path:
        """Folder of its certificate authority."""
        return self.folder / "certificates"

    @property
    def database(self) -> Path:
        """Its SQLite file."""
        return self.folder / "registry.sqlite"

    @property
    def log(self) -> Path:
        """What it logs: each command, and each connection that it cut."""
        return self.folder / "log"


def add_registrar(config: Path) -> str:
    """Make the database where there is none, add a registrar to it, and return a key of his."""
    add = [_WHOISPROXY, "registrar", "add", _REGISTRAR, "--url", "https://registrar.example", "--json"]
    added = subprocess.run([*add, "--config", str(config)], check=True, stdout=subprocess.PIPE)
    return str(json.loads(added.stdout)["api_key"])


def import_domains(config: Path, file: Path) -> None:
    """Import the registrar's domains from a file."""
    command = [_WHOISPROXY, "import", str(file), "--registrar", _REGISTRAR, "--config", str(config), "--json"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def service(config: Path, *roles: str, errors: IO[str] | None = None) -> Iterator[RunningService]:
    """Run roles of the service, all when none is named, with a configuration file.

    Args:
        config: Its settings.
        roles: As `whoisproxy serve --role` takes them.
        errors: Where its log goes; None leaves it at our own.
    """
    chosen = [f"--role={role}" for role in roles]
    with _started([_WHOISPROXY, "serve", "--config", str(config), *chosen], errors) as process:
        listeners = [
            name for role, names in _LISTENERS.items() if role in (roles or _LISTENERS) for name in names
        ]
        words = [_line(process).split() for _ in listeners]
        yield RunningService(process.pid, {name: int(where.rpartition(":")[2]) for name, where in words})


@contextmanager
def registry(
    folder: Path, full: Sequence[str], thin: Sequence[str], *options: str
) -> Iterator[RunningRegistry]:
    """Run a sandbox registry: `full` suffixes hold contacts, `thin` ones hold none; options are its own."""
    folder.mkdir()
    suffixes = [f"--tld={suffix}" for suffix in full] + [f"--thin-tld={suffix}" for suffix in thin]
    command = [sys.executable, "-m", "registries.sandbox", str(folder), "--port", "0", *suffixes, *options]
    # It logs each command; that is no report of ours.
    with (folder / "log").open("w") as log, _started(command, log) as process:
        said = dict(_line(process).split(maxsplit=1) for _ in range(4))
        port = int(said["listening"].split()[0].rpartition(":")[2])
        account, password = said["account"].strip(), said["password"].strip()
        yield RunningRegistry(process.pid, port, account, password, folder)


@contextmanager
def printing_port(module: str, *arguments: str) -> Iterator[int]:
    """Run a module that prints the port it listens at, and give that."""
    with _started([sys.executable, "-m", module, *arguments]) as process:
        yield int(_line(process))


def accepts(port: int) -> bool:
    """Whether somebody listens at a port on loopback."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def stop_by_signal() -> None:
    """Let SIGTERM end the bench like any error, so that what it has started is stopped."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))


@contextmanager
def _started(command: list[str], errors: IO[str] | None = None) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} ended before it listened")
    return line


@asynccontextmanager
async def flood(module: str, *arguments: str) -> AsyncIterator[Callable[[], Awaitable[dict[str, int]]]]:
    """Run a flood of the lowest priority meanwhile; it has begun, and what was given returns its counts."""
    process = await asyncio.create_subprocess_exec(
        *("nice", "-n", "19", sys.executable, "-m", module), *arguments, stdout=asyncio.subprocess.PIPE
    )

    async def ended() -> dict[str, int]:
        said, _ = await process.communicate()
        counts: dict[str, int] = json.loads(said)
        return counts

    try:
        # It begins, and those that are slow have all connected.
        await asyncio.sleep(1)
        yield ended
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
