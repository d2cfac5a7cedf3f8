"""What clients may use: connections by address and network, memory for messages, time.

One process counts for itself: several on one port each have these limits.
"""

from collections import Counter, OrderedDict
from dataclasses import dataclass

from mailrelay.checks.rates import network_of

_MAX_NETWORKS = 50_000


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What one server, network, address or connection may use.

    Attributes:
        size_octets: Of one message (SIZE, RFC 1870).
        memory_octets: Of all messages that are being received; beyond it they are answered 452.
        connections_per_network: Network is a /24 (IPv4) or /56 (IPv6).
        messages: Taken on one connection before it is asked to come back on another.
        recipients: RCPT commands on one connection, likewise.
        octets: Received on one connection, likewise.
        commands: Commands since the last message taken; a client that brings no mail is hung up on.
        errors: 4yz and 5yz answers since the last message taken, likewise.
        free_errors: So many of them come at once, each one after them only after a pause.
        error_pause_s: Length of that pause. Who guesses addresses waits; others seldom err so much.
        command_s: Wait for the next command (RFC 5321 section 4.5.3.2.7 asks for 5 minutes).
        block_s: Wait for more of a message (section 4.5.3.2.5 gives clients 3 minutes).
        message_s: From one message taken, or the connection's beginning, to the next.
        octets_per_s: Slowest average of a message, looked at after `block_s`.
        answer_s: For an answer of ours; section 4.5.3.2.6 has clients wait 10 minutes.
        shutdown_s: For messages under way when the server closes.
    """

    size_octets: int = 25 * 1024 * 1024
    memory_octets: int = 256 * 1024 * 1024
    connections: int = 500
    connections_per_address: int = 20
    connections_per_network: int = 100
    messages: int = 10_000
    recipients: int = 20_000
    octets: int = 2 * 1024**3
    commands: int = 300
    errors: int = 30
    free_errors: int = 10
    error_pause_s: float = 1.0
    command_s: float = 300.0
    block_s: float = 180.0
    message_s: float = 1800.0
    octets_per_s: float = 100.0
    answer_s: float = 540.0
    shutdown_s: float = 30.0

    @property
    def resolution_s(self) -> float:
        """How often deadlines are looked at."""
        return min(1.0, min(self.command_s, self.block_s, self.message_s, self.answer_s) / 4)


class Admission:
    """Counts the connections of each address and network."""

    def __init__(self, limits: ServerLimits) -> None:
        self._limits = limits
        self._addresses: Counter[str] = Counter()
        self._networks: Counter[str] = Counter()

    def enter(self, ip: str) -> str:
        """Count a connection in; return the limit that forbids it, in which case it does not count."""
        prefix = network_of(ip)
        if self._addresses[ip] >= self._limits.connections_per_address:
            return "connections-per-address"
        if self._networks[prefix] >= self._limits.connections_per_network:
            return "connections-per-network"
        self._addresses[ip] += 1
        self._networks[prefix] += 1
        return ""

    def leave(self, ip: str) -> None:
        """Count a connection out."""
        for counter, key in ((self._addresses, ip), (self._networks, network_of(ip))):
            counter[key] -= 1
            if counter[key] <= 0:
                del counter[key]


class Memory:
    """The octets that messages under way may occupy together."""

    def __init__(self, octets: int) -> None:
        self._free = octets

    def take(self, octets: int) -> bool:
        """Reserve so many octets; return whether they were to be had."""
        if octets > self._free:
            return False
        self._free -= octets
        return True

    def give(self, octets: int) -> None:
        """Return what was reserved."""
        self._free += octets


class PoliteNetworks:
    """Networks that once waited for the greeting; they need not wait again."""

    def __init__(self, max_networks: int = _MAX_NETWORKS) -> None:
        self._max_networks = max_networks
        self._known: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, ip: str) -> bool:
        return network_of(ip) in self._known

    def add(self, ip: str) -> None:
        """Remember a network; the one that was added longest ago is forgotten first."""
        self._known[network_of(ip)] = None
        if len(self._known) > self._max_networks:
            self._known.popitem(last=False)
