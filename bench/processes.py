"""The service and the sandbox registry as processes of their own, as they run for people, for the benches.

Each is started by its own command in a folder of its own, says where it listens, and is stopped in the end.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_WHOISPROXY = str(Path(sys.executable).with_name("whoisproxy"))
_STOP_S = 30


@dataclass(frozen=True, slots=True)
class RunningService:
    """`whoisproxy serve`: its process, the port of each listener by name, and a key of its one registrar."""

    pid: int
    ports: dict[str, int]
    api_key: str

    @property
    def api(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.ports['api']}"


@dataclass(frozen=True, slots=True)
class RunningRegistry:
    """`python -m registries.sandbox`: its process and how to log in."""

    pid: int
    port: int
    account: str
    password: str
    certificates: Path


@contextmanager
def service(config: Path) -> Iterator[RunningService]:
    """Run the whole service with a configuration file; a registrar is added before."""
    add = [_WHOISPROXY, "registrar", "add", "Bench", "--url", "https://registrar.example", "--json"]
    added = subprocess.run([*add, "--config", str(config)], check=True, stdout=subprocess.PIPE)
    with _started([_WHOISPROXY, "serve", "--config", str(config)]) as process:
        words = [_line(process).split() for _ in ("smtp", "rdap", "whois", "api")]
        ports = {name: int(where.rpartition(":")[2]) for name, where in words}
        yield RunningService(process.pid, ports, json.loads(added.stdout)["api_key"])


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
        yield RunningRegistry(process.pid, port, account, password, folder / "certificates")


@contextmanager
def printing_port(module: str, *arguments: str) -> Iterator[int]:
    """Run a module that prints the port it listens at, and give that."""
    with _started([sys.executable, "-m", module, *arguments]) as process:
        yield int(_line(process))


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
