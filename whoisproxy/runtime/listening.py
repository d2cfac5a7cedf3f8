"""Sockets to listen at: several addresses, one port."""

import os
import socket
from collections.abc import Sequence

_BACKLOG = 1024


def listening_sockets(
    name: str, hosts: Sequence[str], port: int, *, shared: bool = False
) -> list[socket.socket]:
    """Return a socket for each address, listening.

    Args:
        name: Of the listener, for the text of an error.
        hosts: IPv4 and IPv6 addresses; `::` does not take IPv4 with it.
        port: 0 lets the system choose one, which the others take as well.
        shared: Whether other processes listen at the same port.

    Raises:
        OSError: An address cannot be listened at.
    """
    sockets: list[socket.socket] = []
    try:
        for host in hosts:
            sockets.append(_listening(host, port, shared=shared))
            port = sockets[0].getsockname()[1]
    except OSError as error:
        for one in sockets:
            one.close()
        reason = f"cannot listen: {os.strerror(error.errno or 0)}"
        raise OSError(error.errno, reason, f"{name} {hosts[len(sockets)]}:{port}") from None
    return sockets


def _listening(host: str, port: int, *, shared: bool) -> socket.socket:
    one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if one.family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if shared:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind((host, port))
        one.listen(_BACKLOG)
    except OSError:
        one.close()
        raise
    return one
