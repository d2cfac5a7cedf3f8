"""A Postfix of our own on loopback that forwards every address by alias, as the peer of the relay's figures.

It runs from a temporary folder beside any Postfix of the system and is stopped by its own command.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
maillog_file = {root}/mail.log
maillog_file_prefixes = {root}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.example
mydestination =
mynetworks = 127.0.0.0/8
virtual_alias_domains = relay.example
virtual_alias_maps = regexp:{root}/aliases
relayhost = [127.0.0.1]:{sink_port}
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = none
smtp_tls_security_level = none
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A running Postfix."""

    pid: int
    port: int


def available() -> str:
    """Return "" where Postfix can be measured, else why not."""
    if not find("postfix"):
        return "not installed (Debian package postfix)"
    return "" if os.geteuid() == 0 else "it starts as root only"


def find(name: str) -> str | None:
    """Return the path of a program of the Postfix package."""
    return shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")


@contextmanager
def alias_forwarder(sink_port: int) -> Iterator[Peer]:
    """Start a Postfix that forwards all mail for relay.example to the sink."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="bench-postfix-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        _configure(root, port, sink_port)
        command = [find("postfix") or "postfix", "-c", str(root / "etc")]
        subprocess.run([*command, "start"], check=True, capture_output=True)
        try:
            pid = int((root / "queue/pid/master.pid").read_text())
            yield Peer(pid, port)
        finally:
            subprocess.run([*command, "stop"], check=False, capture_output=True)


def _configure(root: Path, port: int, sink_port: int) -> None:
    etc = root / "etc"
    shutil.copytree("/etc/postfix", etc, symlinks=True, ignore=shutil.ignore_patterns("main.cf", "sasl"))
    (etc / "main.cf").write_text(_MAIN.format(root=root, sink_port=sink_port))
    (root / "aliases").write_text("/^.*@relay\\.example$/ owner@home.example\n")
    master = Path("/usr/share/postfix/master.cf.dist").read_text()
    # Port instead of the service name; nothing else differs from Debian's.
    (etc / "master.cf").write_text(master.replace("smtp      inet  n", f"127.0.0.1:{port} inet n", 1))
    (root / "queue").mkdir()
    (root / "data").mkdir()
    shutil.chown(root / "data", "postfix")


def _free_port() -> int:
    # master.cf takes no port 0.
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
