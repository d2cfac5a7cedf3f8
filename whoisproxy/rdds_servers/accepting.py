"""Accept connections as both servers do: by the bare socket, before anything is made for them."""

import asyncio
import socket
from collections.abc import Callable, Iterable

import structlog

_log = structlog.get_logger()

_ACCEPTED_AT_ONCE = 32
# How long nobody is let in after the system had no descriptor for a connection.
_PAUSE_S = 0.5

Admit = Callable[[socket.socket, str], None]
"""Takes a connection, which is its own from there on, and the peer's address."""


class Acceptor:
    """Accepts from any number of sockets that listen; they belong to it.

    Args:
        admit: Is given each connection.
        failed: Event of the log for when the system gives no connection.
    """

    def __init__(self, admit: Admit, failed: str) -> None:
        self._admit = admit
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._sockets: list[socket.socket] = []

    def listen(self, sockets: Iterable[socket.socket]) -> None:
        """Begin to accept."""
        for one in sockets:
            one.setblocking(False)  # noqa: FBT003 - its only parameter
            self._sockets.append(one)
            self._resume(one)

    def close(self) -> None:
        """Accept nothing more."""
        for one in self._sockets:
            self._loop.remove_reader(one)
            one.close()
        self._sockets.clear()

    def _resume(self, listening: socket.socket) -> None:
        if listening in self._sockets:
            self._loop.add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                connection, peer = listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                _log.warning(self._failed, error=type(error).__name__)
                self._loop.remove_reader(listening)
                self._loop.call_later(_PAUSE_S, self._resume, listening)
                return
            self._admit(connection, peer[0])
