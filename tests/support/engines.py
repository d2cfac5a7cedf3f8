"""Real engines for tests and benches: rspamd, clamd and spamd of Debian, each in a folder of its own.

Their settings are ours and small, so that they start in a second or two and ask nobody: rspamd and spamd know
a rule or two besides GTUBE, clamd a few signatures that are written here. Where a program is absent the tests
skip; under CI that is a failure.
"""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest

from bench.processes import accepts
from bench.report import running, tree
from mailrelay.engines.harmless import EICAR, GTUBE
from whoisproxy.demo.ports import free_port

MARKER = b"a program of this test's own making"
"""What clamd takes for malware besides EICAR's file, anywhere in a message or a file."""

CLAMD_MOST_OCTETS = 1024 * 1024
_LOOK_S = 0.05
_START_S = 60.0
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

_RSPAMD = """
{rules}
options {{
  pidfile = "{root}/rspamd.pid"; tempdir = "{root}"; url_tld = "{root}/suffixes";
  filters = "chartable,regexp,dkim";
  cache_file = "{root}/symbols.cache"; hs_cache_dir = "{root}/"; stats_file = "{root}/stats.ucl";
  control_socket = "{root}/control.sock mode=0600";
  dns {{ nameserver = ["127.0.0.1:1"]; timeout = 0.2s; retransmits = 1; }}
}}
logging {{ type = "console"; level = "info"; color = false; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
"""
_RSPAMD_OWN = """
actions {{ reject = 15; add_header = 6; greylist = 4; }}
lua = "{root}/rules.lua";
"""
_RSPAMD_DEBIAN = '.include "/etc/rspamd/common.conf"'
# What asks the DNS, or a map elsewhere.
_RSPAMD_NETWORK = (
    "rbl", "asn", "once_received", "spf", "dmarc", "arc", "dkim_signing", "mx_check", "hfilter", "phishing"
)  # fmt: skip
_RSPAMD_RULES = """
local function subject_has(word)
  return function(task)
    local subject = task:get_header('Subject')
    return subject ~= nil and subject:find(word, 1, true) ~= nil
  end
end
rspamd_config.OUR_OWN_RULE = { callback = subject_has('our-own-rule'), score = 10.5 }
rspamd_config.COME_AGAIN = {
  type = 'postfilter', score = 0,
  callback = function(task)
    if subject_has('come-again')(task) then task:set_pre_result('soft reject', 'try later') end
  end
}
"""
_CLAMD = """
LocalSocket {root}/clamd.sock
DatabaseDirectory {root}/signatures
TemporaryDirectory {root}
Foreground yes
StreamMaxLength {most}
MaxThreads 4
"""
_SPAMD_RULES = rf"""
use_bayes 0
dns_available no
util_rb_tld example invalid
body GTUBE /{GTUBE.decode().replace("*", chr(92) + "*").replace(".", chr(92) + ".")}/
score GTUBE 1000
header OUR_OWN_RULE Subject =~ /our-own-rule/
score OUR_OWN_RULE 7.5
header FROM_OUR_CLIENT X-Spam-Relays-External =~ /ip=192\.0\.2\.77 /
score FROM_OUR_CLIENT 0.5
"""


@dataclass
class EngineDaemon:
    """A program that can be killed and started again where it was.

    Attributes:
        address: As the settings take it.
        folder: Holds all it has.
    """

    address: str
    folder: Path
    _command: Sequence[str | Path]
    _is_ready: Callable[[], bool]
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def log(self) -> str:
        """What it has said so far."""
        return (self.folder / "log").read_text(errors="replace")

    @property
    def pid(self) -> int:
        """Its process above all others of it."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )
        deadline_s = time.monotonic() + _START_S
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline_s:
                raise RuntimeError(f"{self._command[0]} does not start: {self.log[-2000:]}")
            time.sleep(_LOOK_S)

    def kill(self) -> None:
        """End it and all below it in the middle of whatever they do; returns when they are gone."""
        if self._process is None:
            return
        pids = tree(self._process.pid)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        while running(pids):
            time.sleep(_LOOK_S)
        self._process = None


@contextmanager
def rspamd(*, debian_rules: bool = False) -> Iterator[EngineDaemon]:
    """Run rspamd with one worker; with Debian's rules instead of ours, those that need no network."""
    program, port = _program("rspamd"), free_port()
    with _folder("rspamd") as root:
        (root / "suffixes").write_text("example\ninvalid\n")
        (root / "rules.lua").write_text(_RSPAMD_RULES)
        (root / "override.d").mkdir()
        for module in _RSPAMD_NETWORK:
            (root / f"override.d/{module}.conf").write_text("enabled = false;\n")
        rules = _RSPAMD_DEBIAN if debian_rules else _RSPAMD_OWN.format(root=root)
        (root / "rspamd.conf").write_text(_RSPAMD.format(root=root, port=port, rules=rules))
        folders = {
            "CONFDIR": "/etc/rspamd",
            "LOCAL_CONFDIR": root,
            "DBDIR": root,
            "RUNDIR": root,
            "LOGDIR": root,
        }
        named = [f"--var={name}={folder}" for name, folder in folders.items()]
        command: list[str | Path] = [
            program,
            "--no-fork",
            "--insecure",
            "--config",
            root / "rspamd.conf",
            *named,
        ]
        with _running(
            EngineDaemon(f"http://127.0.0.1:{port}", root, command, lambda: accepts(port))
        ) as daemon:
            yield daemon


@contextmanager
def clamd(*, most_octets: int = CLAMD_MOST_OCTETS) -> Iterator[EngineDaemon]:
    """Run clamd with two signatures: the digest of EICAR's file, and octets of our own."""
    program = _program("clamd")
    with _folder("clamd") as root:
        signatures = root / "signatures"
        signatures.mkdir()
        digest = hashlib.md5(EICAR, usedforsecurity=False).hexdigest()
        (signatures / "own.hdb").write_text(f"{digest}:{len(EICAR)}:Test.Eicar-1\n")
        rows = [f"Test.Marker-1:0:*:{MARKER.hex()}", f"Heuristics.Phishing.Own-1:0:*:{b'an own bait'.hex()}"]
        (signatures / "own.ndb").write_text("\n".join(rows) + "\n")
        user = "User root\n" if os.geteuid() == 0 else ""
        (root / "clamd.conf").write_text(_CLAMD.format(root=root, most=most_octets) + user)
        address = str(root / "clamd.sock")
        command = [program, f"--config-file={root / 'clamd.conf'}"]
        with _running(EngineDaemon(address, root, command, lambda: _accepts_at(address))) as daemon:
            yield daemon


@contextmanager
def spamd(*, debian_rules: bool = False) -> Iterator[EngineDaemon]:
    """Run spamd with our rules, or with those of Debian that need no network."""
    program = _program("spamd")
    with _folder("spamd") as root:
        rules = root / "rules"
        rules.mkdir()
        (rules / "init.pre").write_text("loadplugin Mail::SpamAssassin::Plugin::Check\n")
        (rules / "local.cf").write_text(_SPAMD_RULES)
        address = str(root / "spamd.sock")
        paths = ("/usr/share/spamassassin", "/etc/spamassassin") if debian_rules else (rules, rules)
        command = [
            program, "--local", "--nouser-config", f"--socketpath={address}", "--max-children=2",
            f"--configpath={paths[0]}", f"--siteconfigpath={paths[1]}", f"--helper-home-dir={root}",
            "--syslog=stderr",
        ]  # fmt: skip
        with _running(EngineDaemon(address, root, command, lambda: _accepts_at(address))) as daemon:
            yield daemon


@contextmanager
def _running(daemon: EngineDaemon) -> Iterator[EngineDaemon]:
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.kill()


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    # The path of a socket has 107 octets at most, which the folders of pytest may exceed.
    folder = Path(tempfile.mkdtemp(prefix=f"whoisproxy-{name}-"))
    # spamd reads its rules as somebody else than root.
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _accepts_at(path: str) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
    except OSError:
        return False
    return True


def missing() -> str:
    """Return the name of a program that is not installed; empty where all are."""
    return next((name for name in ("rspamd", "clamd", "spamd") if not shutil.which(name, path=_PATH)), "")


def _program(name: str) -> str:
    return shutil.which(name, path=_PATH) or _absent(f"{name} is not installed (make services)")


def _absent(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
