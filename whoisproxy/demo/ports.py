"""Ports on loopback."""

import socket


def free_port() -> int:
    """Return a port on loopback for a program that cannot say which one the system chose."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
