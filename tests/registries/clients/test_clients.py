"""Independent clients work a registrar's day at the sandbox: what they understand of EPP, it must speak.

Each program logs in with its certificate, creates, reads, updates and deletes contacts, hosts and a domain,
changes the domain's registrant, reads the poll queue, and tells what it saw; all must have seen the same.
"""

import asyncio
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registries.sandbox.authority import CertificateAuthority, ClientCertificates
from registries.sandbox.server import SandboxRegistry
from registries.sandbox.settings import Tld

pytestmark = pytest.mark.slow

_HERE = Path(__file__).parent
_ACCOUNT = "registrar-1"
_PASSWORD = "pass-word & more"
_NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
_MESSAGE = "Conditions générales & <prices>"

_SEEN = {
    "server": "whoisproxy sandbox registry",
    "name": "Anna Müller",
    "city": "Zürich",
    "voice": "+41.446681800",
    "email": ["anna@home.example", "anna@work.example"],
    "available": [1, 0],
    "addresses": ["192.0.2.1", "2001:db8::1"],
    "created": "2026-03-01T12:30:00.000Z",
    "expires": "2027-03-01T12:30:00.000Z",
    "servers": ["ns1.elsewhere.example", "ns2.swap.test"],
    "linked": 2305,
    "registrant": ["owner-1", "proxy-1"],
    "admin": ["owner-1", "proxy-1"],
    "message": _MESSAGE,
    "waiting": [1, 0],
    "gone": [2303, 2303],
}
_CHANGES = [
    ("contact:create", "owner-1"),
    ("contact:create", "proxy-1"),
    ("contact:update", "owner-1"),
    ("host:create", "ns1.elsewhere.example"),
    ("domain:create", "swap.test"),
    ("host:create", "ns2.swap.test"),
    ("domain:update", "swap.test"),
    ("domain:update", "swap.test"),
    ("contact:delete", "owner-1"),
    ("domain:update", "swap.test"),
    ("host:delete", "ns2.swap.test"),
    ("domain:delete", "swap.test"),
    ("contact:delete", "proxy-1"),
    ("host:delete", "ns1.elsewhere.example"),
]


def _perl() -> list[str]:
    found = shutil.which("perl")
    if found is None or _fails([found, "-MNet::EPP::Simple", "-e", "1"]):
        pytest.skip("Net::EPP::Simple is not installed (Debian: libnet-epp-perl)")
    return [found, str(_HERE / "net_epp_simple.pl")]


def _fails(program: list[str]) -> bool:
    return subprocess.run(program, check=False, capture_output=True).returncode != 0


def _python(name: str) -> list[str]:
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed (in the extra dev)")
    return [sys.executable, str(_HERE / f"with_{name}.py")]


async def _run(program: list[str], settings: dict[str, object], ca_file: Path) -> dict[str, object]:
    process = await asyncio.create_subprocess_exec(
        *program,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "SSL_CERT_FILE": str(ca_file)},
    )
    told, complaint = await process.communicate(json.dumps(settings).encode())
    assert process.returncode == 0, complaint.decode()
    seen: dict[str, object] = json.loads(told)
    return seen


@pytest.mark.parametrize("client", ["Net::EPP::Simple", "epptools", "pyepp"])
async def test_an_independent_client_works_at_the_sandbox(client: str, tmp_path: Path) -> None:
    program = await asyncio.to_thread(_perl) if client == "Net::EPP::Simple" else _python(client)
    authority = CertificateAuthority(tmp_path)
    issued = authority.issue(_ACCOUNT)
    registry = SandboxRegistry(
        tlds=[Tld("test")],
        accounts={_ACCOUNT: _PASSWORD},
        tls=authority.server_context(authority.issue("registry"), ClientCertificates.REQUIRED),
        pins={_ACCOUNT: _ACCOUNT},
        clock=lambda: _NOW,
    )
    async with registry:
        await registry.queue_message(_ACCOUNT, _MESSAGE)
        settings = {
            "host": "localhost",
            "port": registry.port,
            "account": _ACCOUNT,
            "password": _PASSWORD,
            "ca": str(authority.ca_file),
            "cert": str(issued.cert_file),
            "key": str(issued.key_file),
        }
        assert await _run(program, settings, authority.ca_file) == _SEEN
        journal = await registry.journal()
    changes = [(entry.command, entry.object_id) for entry in journal if entry.code == 1000]
    reads = {"check", "info"}
    assert [
        change for change in changes if ":" in change[0] and change[0].partition(":")[2] not in reads
    ] == _CHANGES
    assert journal[-1].code == 1500
