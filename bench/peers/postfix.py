"""A Postfix of our own that forwards by alias, with its default queue and settings.

It runs beside any Postfix of the system and is stopped by its own command.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.peers import RELAY_DOMAIN, Peer, filled
from whoisproxy.demo.ports import free_port

_MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
maillog_file = {root}/mail.log
maillog_file_prefixes = {root}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.relay.example
mydestination =
mynetworks = 127.0.0.0/8
virtual_alias_domains = {domain}
virtual_alias_maps = hash:{root}/aliases
relayhost = [127.0.0.1]:{sink_port}
smtpd_recipient_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = none
smtp_tls_security_level = none
smtpd_milters = {milters}
"""


def missing() -> str:
    """Return "" where Postfix can be measured, else why not."""
    if not find("postfix"):
        return "not installed (Debian package postfix)"
    return "" if os.geteuid() == 0 else "it starts as root only"


def find(name: str) -> str | None:
    """Return the path of a program of the system's, those for root included."""
    return shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")


@contextmanager
def postfix(
    aliases: Mapping[str, str],
    sink_port: int,
    title: str = "Postfix",
    milters: Sequence[int] = (),
) -> Iterator[Peer]:
    """Start a Postfix that forwards mail for the relay domain to the sink.

    Args:
        aliases: Where each address forwards to.
        sink_port: On loopback; everything goes there.
        title: Its name in the table.
        milters: Ports on loopback of the filters that see each message, in order.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-postfix-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        inets = ", ".join(f"inet:127.0.0.1:{milter}" for milter in milters)
        _configure(
            root, port, _MAIN.format(root=root, domain=RELAY_DOMAIN, sink_port=sink_port, milters=inets)
        )
        _write_map(root / "aliases", aliases)
        command = [find("postfix") or "postfix", "-c", str(root / "etc")]
        try:
            subprocess.run([*command, "start"], check=True, capture_output=True)
            pid = int((root / "queue/pid/master.pid").read_text())
            yield Peer(title, (pid,), port, (r"Received:[^\n]*\n?.*\bPostfix\b",))
        finally:
            subprocess.run([*command, "stop"], check=False, capture_output=True)


def _configure(root: Path, port: int, main: str) -> None:
    etc = root / "etc"
    shutil.copytree("/etc/postfix", etc, symlinks=True, ignore=shutil.ignore_patterns("main.cf", "sasl"))
    (etc / "main.cf").write_text(main)
    master = Path("/usr/share/postfix/master.cf.dist").read_text()
    # Port instead of the service name; nothing else differs from Debian's.
    (etc / "master.cf").write_text(master.replace("smtp      inet  n", f"127.0.0.1:{port} inet n", 1))
    (root / "queue").mkdir()
    (root / "data").mkdir()
    shutil.chown(root / "data", "postfix")


def _write_map(file: Path, aliases: Mapping[str, str]) -> None:
    file.write_text("".join(f"{alias} {mailbox}\n" for alias, mailbox in filled(aliases).items()))
    postmap = [find("postmap") or "postmap", "-c", str(file.parent / "etc"), f"hash:{file}"]
    subprocess.run(postmap, check=True, capture_output=True)
