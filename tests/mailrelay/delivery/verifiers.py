"""What others say of a message that we sent: dkimpy, Debian's opendkim, and npm mailauth.

All three ask for keys in the zones of the world. opendkim-testmsg asks the system's own DNS only, so that its
library is used by `opendkim -t`, which reads keys from a file.
"""

import asyncio
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import dkim
import dns.name
import dns.rdatatype
import pytest

from tests.mailrelay.world import RELAY_HOST, World
from whoisproxy.demo.mail_sink import SunkMessage

if TYPE_CHECKING:
    from dns.rdtypes.ANY.TXT import TXT

MAILAUTH = Path(__file__).parents[3] / ".cache" / "mailauth"
_PROGRAM = Path(__file__).with_name("mailauth.mjs")

needs_opendkim = pytest.mark.skipif(
    shutil.which("opendkim", path="/usr/sbin:/usr/bin") is None,
    reason="opendkim is not installed (Debian: opendkim)",
)
needs_mailauth = pytest.mark.skipif(
    shutil.which("node") is None or not (MAILAUTH / "node_modules" / "mailauth").exists(),
    reason="npm mailauth is not installed (`make services`, with node)",
)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What mailauth found; `dkim` per signature, as `relay.example=pass`; `arc` is `none` without a chain."""

    spf: str
    dkim: tuple[str, ...]
    dmarc: str
    arc: str


def _text(world: World, name: bytes) -> bytes:
    [record] = world.dns._records[dns.name.from_text(name.decode()), dns.rdatatype.TXT]
    return b"".join(cast("TXT", record).strings)


def dkimpy(world: World, raw: bytes) -> list[bool]:
    """Return what dkimpy says of each signature, the first one first."""

    def text(name: bytes, timeout: int = 5) -> bytes:
        del timeout
        return _text(world, name)

    def holds(number: int) -> bool:
        try:
            return bool(dkim.DKIM(raw).verify(number, dnsfunc=text))
        except dkim.DKIMException:
            return False

    count = len(re.findall(rb"(?im)^DKIM-Signature:", raw.partition(b"\r\n\r\n")[0]))
    return [holds(number) for number in range(count)]


def dkimpy_chain(world: World, raw: bytes) -> bytes:
    """Return what dkimpy says of the ARC chain: `pass`, `fail` or `none`."""
    status, _, _ = dkim.arc_verify(raw, dnsfunc=lambda name, timeout=5: _text(world, name))  # noqa: ARG005
    return cast("bytes", status)


async def opendkim(world: World, raw: bytes, folder: Path) -> list[str]:
    """Return what opendkim says of each signature, as `pass`."""
    records = [world.deliverer._signer.dns_record()]
    (folder / "keys").write_text("".join(f"{name} {text}\n" for name, text in records))
    (folder / "opendkim.conf").write_text(f"Mode v\nSyslog no\nTestPublicKeys {folder / 'keys'}\n")
    (folder / "message.eml").write_bytes(raw)
    said = await _output(
        "/usr/sbin/opendkim", "-vv", "-x", str(folder / "opendkim.conf"), "-t", str(folder / "message.eml")
    )
    return re.findall(r"\bdkim=(\w+)", said)


async def mailauth(world: World, sent: SunkMessage) -> Verdicts:
    """Return what mailauth says, to which the message comes from us on loopback."""
    said = await _output(
        "node",
        str(_PROGRAM),
        str(MAILAUTH),
        world.dns.nameserver,
        sent.reverse_path,
        RELAY_HOST,
        given=sent.raw,
    )
    found = json.loads(said)
    return Verdicts(found["spf"], tuple(found["dkim"]), found["dmarc"], found["arc"])


async def _output(*command: str, given: bytes = b"") -> str:
    # Not in a thread: the DNS server that is asked runs in this loop.
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(given)
    assert process.returncode == 0, said.decode()
    return said.decode()
