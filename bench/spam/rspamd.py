"""Rspamd on loopback, without network: its rules and scores as Debian ships them, in a folder of its own.

What asks DNS, Redis or other services is off, as is learning. Messages go one by one to `/checkv2`.
"""

import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_ASKING = (
    *(
        "rbl",
        "spf",
        "dmarc",
        "dkim",
        "arc",
        "surbl",
        "fuzzy_check",
        "asn",
        "mx_check",
        "greylist",
        "ratelimit",
    ),
    *("neural", "replies", "reputation", "history_redis", "url_redirector", "rspamd_update", "dkim_signing"),
    *("bimi", "p0f", "antivirus", "dcc", "elastic", "clickhouse", "whitelist", "phishing"),
)
_CONFIG = """
lua = "$RULESDIR/rspamd.lua"
.include "$CONFDIR/metrics.conf"
.include "$CONFDIR/actions.conf"
.include "$CONFDIR/groups.conf"
.include "$CONFDIR/composites.conf"
.include "$CONFDIR/modules.conf"
modules {{ path = "$PLUGINSDIR"; fallback_path = "$SHAREDIR/lua"; }}
options {{
  .include "$CONFDIR/options.inc"
  pidfile = "{folder}/pid"; tempdir = "{folder}"; filters = "chartable,regexp";
  control_socket = "{folder}/control mode=0600"; history_file = ""; rrd = ""; allow_raw_input = true;
  dns {{ nameserver = ["127.0.0.1:9"]; timeout = 0.01s; retransmits = 1; }}
}}
logging {{ type = "file"; filename = "{folder}/log"; level = "error"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
"""
_START_S = 400.0  # it compiles its patterns first
_ANSWER_S = 60.0


def rspamd_scores(messages: Sequence[bytes], folder: Path) -> list[float]:
    """Return the scores of messages by a server that is started for them and ended thereafter.

    Raises:
        RuntimeError: It does not start.
        OSError: It does not answer.
    """
    with _running(folder) as port:
        return [_score(port, raw) for raw in messages]


@contextmanager
def _running(folder: Path) -> Iterator[int]:
    local = folder / "local.d"
    local.mkdir(parents=True)
    for name in _ASKING:
        (local / f"{name}.conf").write_text("enabled = false;\n")
    port = _free_port()
    config = folder / "rspamd.conf"
    config.write_text(_CONFIG.format(folder=folder, port=port))
    variables = [f"--var={name}={folder}" for name in ("DBDIR", "RUNDIR", "LOGDIR", "LOCAL_CONFDIR")]
    rights = ["--insecure"] if os.geteuid() == 0 else []  # for a server that lives for minutes, on loopback
    server = subprocess.Popen(
        ["rspamd", "--no-fork", *rights, f"--config={config}", *variables],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(server, port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and server.poll() is None:
        try:
            _score(port, b"Subject: ready\r\n\r\nready\r\n")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("rspamd does not start")


def _score(port: int, raw: bytes) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_S)
    connection.request("POST", "/checkv2", raw)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return float(answer["score"])


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
