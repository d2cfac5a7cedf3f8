"""Hand a message to the next mail server over a kept or a new session (RFC 5321 section 5.1).

Servers are tried in order until one takes the message, refuses it for good, or defers the message itself.
A session that turns out to be gone before the message was sent is replaced by a new one at once; a
message whose last answer is lost is sent again later, since nobody knows whether it was taken.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prometheus_client import Counter

from mailrelay.delivery.connection import SmtpConnection
from mailrelay.delivery.exchange import ConnectionLost
from mailrelay.delivery.pool import Pool
from mailrelay.delivery.refusals import (
    HostRefuses,
    HostUnavailable,
    HostUnreachable,
    OutcomeUnknown,
    Stage,
    unavailable,
)
from mailrelay.delivery.routing import Route, Target
from mailrelay.delivery.wire import Parcel, parcel
from mailrelay.errors import MailError

# `unknown` is a message that was sent whole and whose answer was lost; it is sent again.
_ATTEMPTS = Counter(
    "mailrelay_delivery_attempts_total",
    "Tries at one mail server: taken, deferred, refused, unknown",
    ["outcome"],
)
_TAKEN = _ATTEMPTS.labels("taken")
_AWAY_S = 60.0
_MOST_AWAY = 10_000


@dataclass(frozen=True, slots=True)
class Accepted:
    """That a server took a message.

    Attributes:
        tls: How the session was protected, a word of `tls_policy.Demand`; `none` where it was not.
    """

    tls: str


class SmtpClient:
    """Sends to mail servers.

    Args:
        pool: Has the sessions.
        monotonic: Clock in seconds, for how long a server is known to be away.
    """

    def __init__(self, pool: Pool, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._monotonic = monotonic
        self._away: dict[str, float] = {}

    async def send(
        self, route: Route, reverse_path: str, recipient: str, raw: bytes, taken: Callable[[], None]
    ) -> Accepted:
        """Try the servers of a route in order until one decides.

        Args:
            route: The servers.
            reverse_path: Empty for the null reverse-path.
            recipient: Mailbox.
            raw: The message, signed.
            taken: Called in the moment in which a server's yes is read.

        Raises:
            PermanentMailError: A server refused it.
            HostUnavailable: No server takes mail now.
            OutcomeUnknown: A server may or may not have taken it.
            TemporaryMailError: A server said to try later.
        """
        sent = parcel(reverse_path, recipient, raw)
        failures: list[MailError] = []
        for target in self._reachable_first(route.targets):
            try:
                tls = await self._hand_over(target, route.destination, sent, taken)
            except (HostUnavailable, HostRefuses) as error:
                _count(error)
                failures.append(error)
            except MailError as error:
                _count(error)
                raise
            else:
                return Accepted(tls or "none")
        # What may pass goes before what will not.
        raise max(failures, key=lambda error: error.retry)

    async def close(self) -> None:
        """Take leave of every server."""
        await self._pool.close()

    async def _hand_over(self, target: Target, domain: str, sent: Parcel, taken: Callable[[], None]) -> str:
        fresh = False
        while True:
            connection = await self._connection(target, domain, fresh=fresh)
            used_before = connection.sent > 0
            try:
                await connection.transact(sent.for_server(connection.extensions), taken)
            except ConnectionLost as lost:
                if not used_before:
                    raise unavailable(lost.what, Stage.MAIL) from None
                # A server may close a session that was idle, at any time; a new one shows how it is.
                fresh = True
            except MailError:
                raise
            except BaseException:
                connection.abort("given-up")
                raise
            else:
                _TAKEN.inc()
                return connection.tls
            finally:
                self._pool.release(target, connection)

    async def _connection(self, target: Target, domain: str, *, fresh: bool) -> SmtpConnection:
        try:
            return await self._pool.acquire(target, domain, fresh=fresh)
        except HostUnreachable:
            if len(self._away) >= _MOST_AWAY:
                self._away.clear()
            self._away[target.address] = self._monotonic() + _AWAY_S
            raise

    def _reachable_first(self, targets: tuple[Target, ...]) -> Sequence[Target]:
        if not self._away or len(targets) == 1:
            return targets
        now_s = self._monotonic()
        return sorted(targets, key=lambda target: self._away.get(target.address, 0.0) > now_s)


def _count(error: MailError) -> None:
    outcome = "unknown" if isinstance(error, OutcomeUnknown) else "deferred" if error.retry else "refused"
    _ATTEMPTS.labels(outcome).inc()
