"""Postfix with opendkim: one filter verifies what comes, a second one signs what goes.

opendkim either verifies or signs a message, never both, so a forwarder needs two of them. The sender's key
stands in a file, which serves as a DNS that has everything cached.
"""

import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench.peers import RELAY_DOMAIN, Peer
from bench.peers.postfix import find, postfix
from bench.processes import accepts
from mailrelay.delivery.signing import Signer
from whoisproxy.demo.ports import free_port

_SELECTOR = "milter"
_START_S = 10
_COMMON = """
Syslog no
Background no
AutoRestart no
RequireSafeKeys no
UMask 007
AuthservID mx.relay.example
Socket inet:{port}@127.0.0.1
PidFile {root}/{name}.pid
"""
_VERIFY = """
Mode v
TestDNSData file:{root}/dns
"""
_SIGN = """
Mode s
Canonicalization relaxed/relaxed
SignatureAlgorithm rsa-sha256
InternalHosts file:{root}/everybody
KeyTable file:{root}/keys
SigningTable refile:{root}/signing
OversignHeaders From
"""


def missing() -> str:
    """Return "" where opendkim can be measured, else why not."""
    return "" if find("opendkim") else "not installed (Debian package opendkim)"


@contextmanager
def postfix_with_opendkim(
    aliases: Mapping[str, str], sink_port: int, sender_key: tuple[str, str]
) -> Iterator[Peer]:
    """Start both filters, and a Postfix that asks them.

    Args:
        aliases: Where each address forwards to.
        sink_port: On loopback.
        sender_key: Name and text of the TXT record with the key of those who write.
    """
    with tempfile.TemporaryDirectory(prefix="bench-opendkim-") as folder, ExitStack() as stack:
        root = Path(folder)
        _write_tables(root, sender_key)
        filters = [
            stack.enter_context(_filter(root, name, settings))
            for name, settings in {"verify": _VERIFY, "sign": _SIGN}.items()
        ]
        ports = [port for _, port in filters]
        title = "Postfix + opendkim"
        forwarder = stack.enter_context(postfix(aliases, sink_port, title, ports))
        proof = (*forwarder.proof, r"dkim=pass", rf"DKIM-Signature: [^:]*\bd={RELAY_DOMAIN};")
        yield Peer(title, (*forwarder.pids, *(pid for pid, _ in filters)), forwarder.port, proof)


def _write_tables(root: Path, sender_key: tuple[str, str]) -> None:
    key = root / "relay.pem"
    Signer.load_or_create(key, RELAY_DOMAIN, _SELECTOR, lambda: datetime.now(UTC))
    name, record = sender_key
    (root / "dns").write_text(f"{name} {record}\n")
    (root / "everybody").write_text("0.0.0.0/0\n")
    (root / "keys").write_text(f"relay {RELAY_DOMAIN}:{_SELECTOR}:{key}\n")
    (root / "signing").write_text("* relay\n")


@contextmanager
def _filter(root: Path, name: str, settings: str) -> Iterator[tuple[int, int]]:
    """Run an opendkim; give its process and port."""
    port = free_port()
    file = root / f"{name}.conf"
    file.write_text((_COMMON + settings).format(root=root, name=name, port=port))
    command = [find("opendkim") or "opendkim", "-f", "-x", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            deadline = time.monotonic() + _START_S
            while not accepts(port):
                assert process.poll() is None, process.communicate()[1].decode()
                assert time.monotonic() < deadline, "opendkim does not listen"
                time.sleep(0.05)
            yield process.pid, port
        finally:
            process.terminate()
