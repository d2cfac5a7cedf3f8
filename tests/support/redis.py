"""A real Redis for tests: a server of its own in a temporary folder, on a Unix socket.

Where the program is absent the tests skip; under CI that is a failure, because nobody would notice a skip.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

_LOOK_S = 0.02


class RedisServer:
    """A server that keeps nothing on disk, unless it is told to.

    Attributes:
        url: In the form of our settings.
    """

    def __init__(self, program: str, folder: Path) -> None:
        socket = folder / "redis.sock"
        self._command: list[str | Path] = [program, "--port", "0", "--unixsocket", socket, "--dir", folder]
        self._command += ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{folder / 'redis.sock'}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, cwd="/")
        with Redis.from_url(self.url) as client:
            while self._process.poll() is None:
                with suppress(RedisError):
                    if client.ping():
                        return
                time.sleep(_LOOK_S)
        pytest.fail("redis-server does not start")

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Start a server; kill it and delete its folder at the end."""
    program = shutil.which("redis-server")
    if program is None:
        reason = "redis-server is not installed (Debian package redis-server)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="whoisproxy-redis-"))
    server = RedisServer(program, folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)
