"""What all connections of one server share."""

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mailrelay.inbound import Inbound
from mailrelay.server.limits import Admission, Memory, PoliteNetworks, ServerLimits
from mailrelay.server.tls import TlsProvider

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class OpenConnection(Protocol):
    """What the listener asks of a connection."""

    def expire(self, now: float) -> None:
        """Hang up when a deadline has passed; `now` is the loop's time."""

    def hang_up_for_shutdown(self) -> "asyncio.Task[None] | None":
        """Say 421 and close; return the task that serves the client, which ends thereby."""


class UnderWay:
    """How many messages are between their first octet and our answer; `quiet` is set when none is."""

    def __init__(self) -> None:
        self._count = 0
        self.quiet = asyncio.Event()
        self.quiet.set()

    def begin(self) -> None:
        """Count a message."""
        self._count += 1
        self.quiet.clear()

    def end(self) -> None:
        """It was answered, or its client is gone."""
        self._count -= 1
        if not self._count:
            self.quiet.set()


@dataclass(slots=True)
class ServerState:
    """One server's settings and counts.

    Attributes:
        inbound: Decides.
        hostname: Name in the banner and the answer to EHLO.
        tls: Gives the context for STARTTLS; None offers none.
        proxies: Networks whose connections begin with a PROXY header, and must.
        greet_delay_s: How long an unknown network waits for the banner.
        open: Connections that have not ended.
    """

    inbound: Inbound
    hostname: str
    limits: ServerLimits
    tls: TlsProvider | None = None
    proxies: Sequence[Network] = ()
    greet_delay_s: float = 0.0
    open: set[OpenConnection] = field(default_factory=set)
    admission: Admission = field(init=False)
    memory: Memory = field(init=False)
    polite: PoliteNetworks = field(default_factory=PoliteNetworks)
    under_way: UnderWay = field(default_factory=UnderWay)
    banner: bytes = field(init=False)
    hello: bytes = field(init=False)
    _offers: tuple[bytes, bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.admission = Admission(self.limits)
        self.memory = Memory(self.limits.memory_octets)
        self.banner = f"220 {self.hostname} ESMTP\r\n".encode()
        self.hello = f"250 {self.hostname}\r\n".encode()
        self._offers = (
            self._extended_hello(starttls=self.tls is not None),
            self._extended_hello(starttls=False),
        )

    def extended_hello(self, *, encrypted: bool) -> bytes:
        """Return the answer to EHLO; STARTTLS is not offered where TLS is on (RFC 3207 section 4.2)."""
        return self._offers[encrypted]

    def is_proxy(self, ip: str) -> bool:
        """Return whether `ip` speaks for others by the PROXY protocol."""
        if not self.proxies or not ip:
            return False
        address = ipaddress.ip_address(ip)
        return any(address in network for network in self.proxies)

    def _extended_hello(self, *, starttls: bool) -> bytes:
        lines = [
            self.hostname,
            "PIPELINING",
            f"SIZE {self.limits.size_octets}",
            *(["STARTTLS"] if starttls else []),
            "ENHANCEDSTATUSCODES",
            "8BITMIME",
            "DSN",
            "SMTPUTF8",
            "CHUNKING",
        ]
        return "".join(
            f"250{'-' if place < len(lines) else ' '}{line}\r\n" for place, line in enumerate(lines, 1)
        ).encode()
