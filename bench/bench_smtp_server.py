"""What receiving a message costs our mail server, beside aiosmtpd as it ships: CPU ms of one process.

Nothing is decided or stored behind either. Messages have 4 KiB; 20 sessions at a time, each from a blocking
client in this process, that sends one command after another, or MAIL, RCPT and DATA together (PIPELINING).
Sessions are kept, or there is one for each message. Rounds alternate; the median counts. Then one session
at a time is measured beside 500 slow clients, each of which sends an octet of a command or a message now and
then. Prints tables and JSON; with `--json` only JSON; `--messages N` for other than 4,000 a round.
"""

import argparse
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.processes import stop_by_signal
from bench.report import memory_mib, report

_SESSIONS = 20
_ROUNDS = 3
_SLOW_CLIENTS = 500
_TRICKLE_S = 1.0  # each slow client sends an octet in this time
_LATENCIES = 400
_OCTETS = 4096
_LINE = b"The bakery on the bridge would like to talk about the garden and the lake next week.\r\n"
_MESSAGE = b"From: ada@offers.example\r\nTo: zoe@relay.example\r\nSubject: bakery\r\n\r\n"
_MESSAGE += _LINE * ((_OCTETS - len(_MESSAGE)) // len(_LINE)) + b".\r\n"
_ENVELOPE = (b"MAIL FROM:<ada@offers.example>\r\n", b"RCPT TO:<zoe@relay.example>\r\n", b"DATA\r\n")
# Whether a session is kept, and whether commands go together.
_MODES = {"kept": (True, False), "kept, pipelined": (True, True), "one each": (False, False)}


@dataclass(slots=True)
class Peer:
    """A server and its figures by mode."""

    name: str
    loop: str
    pid: int
    port: int
    cpu_ms: dict[str, list[float]] = field(default_factory=dict)
    per_s: dict[str, list[float]] = field(default_factory=dict)


@contextmanager
def running(name: str, loop: str) -> Iterator[Peer]:
    """Run a server in a process of its own."""
    command = [sys.executable, "-m", "bench.smtp_null", name, loop]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Peer(name, loop, process.pid, int(process.stdout.readline()))
        finally:
            process.terminate()


def cpu_ms(pid: int) -> float:
    """Return the CPU time of a process with one thread in ms, to the nanosecond; see proc(5), schedstat."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


class _Client:
    """One session over a blocking socket."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._expect(1)
        self._say(b"EHLO mx.offers.example\r\n")

    def send(self, *, together: bool) -> None:
        """Send one message."""
        if together:
            self._say(b"".join(_ENVELOPE), answers=len(_ENVELOPE))
        else:
            for line in _ENVELOPE:
                self._say(line)
        self._say(_MESSAGE)

    def quit(self) -> None:
        """End."""
        self._say(b"QUIT\r\n")
        self._socket.close()

    def _say(self, octets: bytes, answers: int = 1) -> None:
        self._socket.sendall(octets)
        self._expect(answers)

    def _expect(self, answers: int) -> None:
        received = b""
        while (
            sum(line[3:4] == b" " for line in received.splitlines(keepends=True) if line.endswith(b"\n"))
            < answers
        ):
            octets = self._socket.recv(4096)
            assert octets, received
            received += octets
        assert received[:1] in b"23", received


def _share(port: int, count: int, *, kept: bool, together: bool) -> None:
    if kept:
        client = _Client(port)
        for _ in range(count):
            client.send(together=together)
        client.quit()
        return
    for _ in range(count):
        client = _Client(port)
        client.send(together=together)
        client.quit()


def measure(peer: Peer, mode: str, count: int, *, warm_up: bool) -> None:
    """Send so many messages and note the figures."""
    kept, together = _MODES[mode]
    share = max(1, count // _SESSIONS)
    keywords = {"kept": kept, "together": together}
    threads = [
        threading.Thread(target=_share, args=(peer.port, share), kwargs=keywords) for _ in range(_SESSIONS)
    ]
    cpu, start = cpu_ms(peer.pid), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    used, elapsed = cpu_ms(peer.pid) - cpu, time.perf_counter() - start
    if not warm_up:
        peer.cpu_ms.setdefault(mode, []).append(used / (share * _SESSIONS))
        peer.per_s.setdefault(mode, []).append(share * _SESSIONS / elapsed)


@contextmanager
def slow_clients(port: int, count: int) -> Iterator[None]:
    """Keep so many sessions that never get anywhere: half of them in a command, half in a message."""
    stopped = threading.Event()
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(count)]
        for one in sockets[::2]:
            one.sendall(b"EHLO slow.example\r\n" + b"".join(_ENVELOPE))

        def trickle() -> None:
            while not stopped.wait(_TRICKLE_S / max(count, 1)):
                sockets.append(sockets.pop(0))
                sockets[-1].sendall(b"x")

        thread = threading.Thread(target=trickle)
        if count:
            thread.start()
        try:
            yield
        finally:
            stopped.set()
            if count:
                thread.join()


def latencies_ms(port: int, count: int) -> list[float]:
    """Send messages one after another, each in a session of its own; return how long each took."""
    taken = []
    for _ in range(count):
        start = time.perf_counter()
        _share(port, 1, kept=False, together=False)
        taken.append((time.perf_counter() - start) * 1e3)
    return taken


def beside_slow_clients(peers: list[Peer]) -> list[dict[str, object]]:
    """Return a row for each peer, without slow clients and with them."""
    rows: list[dict[str, object]] = []
    for peer in peers:
        for count in (0, _SLOW_CLIENTS):
            with slow_clients(peer.port, count):
                taken = sorted(latencies_ms(peer.port, _LATENCIES))
            rows.append(
                {
                    "server": peer.name,
                    "loop": peer.loop,
                    "slow_clients": count,
                    "median_ms": round(statistics.median(taken), 2),
                    "p95_ms": round(taken[len(taken) * 95 // 100], 2),
                    "pss_mib": memory_mib(peer.pid)[1],
                }
            )
    return rows


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    stop_by_signal()
    with ExitStack() as stack:
        peers = [
            stack.enter_context(running(name, loop))
            for name in ("ours", "aiosmtpd")
            for loop in ("asyncio", "uvloop")
        ]
        for number in range(_ROUNDS + 1):
            count = options.messages if number else options.messages // 4
            for mode in _MODES:
                for peer in peers:
                    measure(peer, mode, count, warm_up=not number)
        rows = [
            {
                "server": peer.name,
                "loop": peer.loop,
                "sessions": mode,
                "cpu_ms": round(statistics.median(peer.cpu_ms[mode]), 3),
                "messages_per_s": round(statistics.median(peer.per_s[mode])),
                "pss_mib": memory_mib(peer.pid)[1],
            }
            for mode in _MODES
            for peer in peers
        ]
        slow = beside_slow_clients(peers)
    report(f"SMTP receive, 4 KiB, {_SESSIONS} sessions at a time", rows)
    report("One session at a time beside slow clients", slow)


if __name__ == "__main__":
    main()
