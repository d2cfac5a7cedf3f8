"""Haraka with its aliases plugin and its outbound queue on disk, one process for each core."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.peers import Peer, filled
from bench.processes import accepts
from whoisproxy.demo.ports import free_port

# `make bench-services` puts it there.
_PACKAGE = Path(__file__).parents[2] / ".cache/haraka/node_modules/haraka"
_PROGRAM = _PACKAGE / "bin/haraka"
_START_S = 30
_FILES = {
    "smtp.ini": "listen=127.0.0.1:{port}\nnodes=cpus\n",
    "me": "mx.relay.example\n",
    "plugins": "relay\naliases\n",
    "relay.ini": "[relay]\nacl=true\nforce_routing=true\ndest_domains=false\nall=false\n",
    "relay_acl_allow": "127.0.0.0/8\n",
    "relay_dest_domains.ini": '[domains]\nany={{"action":"accept","nexthop":"127.0.0.1:{sink_port}"}}\n',
    "outbound.ini": "enable_tls=false\nlocal_mx_ok=true\n",
    "log.ini": "[main]\nlevel=ERROR\n",
}


def missing() -> str:
    """Return "" where Haraka can be measured, else why not."""
    if not shutil.which("node"):
        return "there is no node"
    return "" if _PROGRAM.exists() else "not installed (make bench-services)"


@contextmanager
def haraka(aliases: Mapping[str, str], sink_port: int) -> Iterator[Peer]:
    """Start a Haraka that forwards mail for the aliases to the sink."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-haraka-") as folder:
        root = Path(folder)
        (root / "config").mkdir()
        (root / "queue").mkdir()
        for name, text in _FILES.items():
            (root / "config" / name).write_text(text.format(port=port, sink_port=sink_port))
        # Without this file of its own it cannot greet.
        shutil.copy(_PACKAGE / "config/connection.ini", root / "config")
        table = {alias: {"action": "alias", "to": mailbox} for alias, mailbox in filled(aliases).items()}
        (root / "config" / "aliases.json").write_text(json.dumps(table))
        with (
            (root / "log").open("w") as log,
            subprocess.Popen([_PROGRAM, "-c", root], stdout=log, stderr=log) as process,
        ):
            try:
                _wait(process, port, Path(log.name))
                yield Peer("Haraka", (process.pid,), port, (r"Haraka",))
            finally:
                process.terminate()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while not accepts(port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Haraka does not listen: {log.read_text()[-2000:]}")
        time.sleep(0.1)
