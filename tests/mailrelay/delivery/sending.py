"""A client with everything below it, as the tests of sending use it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mailrelay.delivery.client import Accepted, SmtpClient
from mailrelay.delivery.exchange import Timeouts
from mailrelay.delivery.opening import Login, Opener
from mailrelay.delivery.pool import Pool, PoolLimits
from mailrelay.delivery.routing import Route, Target
from mailrelay.delivery.tls_policy import OPPORTUNISTIC, Contexts, TlsPolicy
from mailrelay.delivery.tls_report import TlsReports

RAW = b"From: a@relay.example\r\nSubject: x\r\n\r\nbody\r\n.leading dot\r\n\xc3\xa9\r\n"
_CONTEXTS = Contexts()
NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


@dataclass
class Sending:
    """A client and its parts.

    Attributes:
        taken: How often a server was said to have taken a message.
    """

    client: SmtpClient
    pool: Pool
    reports: TlsReports
    taken: list[None] = field(default_factory=list)

    async def send(
        self,
        *ports: int,
        raw: bytes = RAW,
        recipient: str = "x@home.example",
        reverse_path: str = "b@relay.example",
        tls: TlsPolicy = OPPORTUNISTIC,
    ) -> Accepted:
        """Send to servers on loopback, in that order."""
        targets = tuple(Target("localhost", "127.0.0.1", port, tls) for port in ports)
        route = Route("home.example", targets)
        return await self.client.send(route, reverse_path, recipient, raw, lambda: self.taken.append(None))


def make_sending(
    *,
    command_s: float = 10.0,
    limits: PoolLimits | None = None,
    contexts: Contexts | None = None,
    login: Login | None = None,
    clock: Callable[[], datetime] = lambda: NOON,
) -> Sending:
    """Put a client together."""
    reports = TlsReports(clock)
    opener = Opener("relay.example", Timeouts(command_s), contexts or _CONTEXTS, reports, login)
    pool = Pool(opener.open, limits or PoolLimits())
    return Sending(SmtpClient(pool), pool, reports)
