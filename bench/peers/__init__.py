"""Mail servers that are measured beside the relay, each from a temporary folder of its own on loopback.

A peer forwards what is written to an alias; it gets the same letters and hands them to the same sink.
"""

from collections.abc import Mapping
from dataclasses import dataclass

RELAY_DOMAIN = "relay.example"
ALIASES = 50_000


@dataclass(frozen=True, slots=True)
class Peer:
    """A running mail server.

    Attributes:
        pids: Its processes that have no other of its own above them; all below them belong to it as well.
        proof: Regular expressions that a delivered letter must meet, or the server did not do its part.
    """

    title: str
    pids: tuple[int, ...]
    port: int
    proof: tuple[str, ...] = ()


def filled(aliases: Mapping[str, str]) -> dict[str, str]:
    """Return the aliases, and others that nobody writes to, so that there are ALIASES of them."""
    others = (f"unused-{number}@{RELAY_DOMAIN}" for number in range(ALIASES - len(aliases)))
    return {**aliases, **dict.fromkeys(others, "nobody@home.example")}
