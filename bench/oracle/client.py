"""An SMTP client that measures how long a server takes for an answer, with nothing else in its process."""

import socket
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timed:
    """An answer without its line end, and how long it took in microseconds."""

    answer: str
    took_us: float


class Client:
    """One session on loopback."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read()
        self.say("EHLO mx.offers.example")

    def say(self, line: str) -> str:
        """Say a line and return the answer."""
        return self.send(line.encode() + b"\r\n").answer

    def send(self, octets: bytes, spun_us: float = 0) -> Timed:
        """Send octets and wait for the answer; `spun_us` is added by waiting for so long after it."""
        start = time.perf_counter_ns()
        self._socket.sendall(octets)
        answer = self._read()
        if spun_us:
            until = time.perf_counter_ns() + spun_us * 1000
            while time.perf_counter_ns() < until:
                pass
        return Timed(answer, (time.perf_counter_ns() - start) / 1000)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _read(self) -> str:
        lines = b""
        while not (lines.endswith(b"\r\n") and lines.splitlines()[-1][3:4] == b" "):
            more = self._socket.recv(65536)
            if not more:
                raise ConnectionError("the server hung up")
            lines += more
        return lines.decode().rstrip("\r\n")


def dotted(raw: bytes) -> bytes:
    """Return a message as DATA carries it (RFC 5321 section 4.5.2)."""
    stuffed = raw.replace(b"\r\n.", b"\r\n..")
    return stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"
