"""A mail server that takes everything and keeps nothing: ours with null decisions, or aiosmtpd as it ships.

    python -m bench.smtp_null ours|aiosmtpd asyncio|uvloop

Prints its port and runs until it is terminated.
"""

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, cast

import uvloop
from aiosmtpd.smtp import SMTP, Envelope, Session

from mailrelay.checks.stages import ConnectionContext, SenderContext
from mailrelay.checks.verdict import Reply
from mailrelay.dsn_request import NOTHING_ASKED, DsnRequest
from mailrelay.server import MailServer, ServerLimits
from mailrelay.transaction import Transaction

if TYPE_CHECKING:
    from mailrelay.inbound import Inbound

_OK = Reply(250, "2.0.0", "OK")
_PLENTY = 1_000_000


class NullInbound:
    """The interface of `Inbound` with no decision behind it."""

    async def connected(self, _context: ConnectionContext) -> Reply | None:
        """Let everybody in."""
        return None

    def erred(self, _peer_ip: str) -> None:
        """Count nothing."""

    async def sender(self, _context: SenderContext) -> Reply:
        """Take every sender."""
        return _OK

    async def recipient(
        self, _transaction: Transaction, _address: str, _request: DsnRequest = NOTHING_ASKED
    ) -> Reply:
        """Take every recipient."""
        return _OK

    async def message(self, _transaction: Transaction, _raw: bytes) -> Reply:
        """Take every message."""
        return _OK


class NullHandler:
    """The same for aiosmtpd."""

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802 - the library's name
        """Take every message."""
        return str(_OK)


async def _ours() -> int:
    limits = ServerLimits(
        connections=_PLENTY,
        connections_per_address=_PLENTY,
        connections_per_network=_PLENTY,
        messages=_PLENTY,
        recipients=_PLENTY,
    )
    inbound = cast("Inbound", NullInbound())
    server = MailServer(inbound, host="127.0.0.1", port=0, hostname="mx.relay.example", limits=limits)
    _KEPT.append(server)
    await server.start()
    return server.ports["smtp"]


async def _aiosmtpd() -> int:
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    loop, handler = asyncio.get_running_loop(), NullHandler()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="mx.relay.example", enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0
    )
    _KEPT.append(server)
    return int(server.sockets[0].getsockname()[1])


_SERVERS = {"ours": _ours, "aiosmtpd": _aiosmtpd}
_KEPT: list[object] = []


async def _serve(which: str) -> None:
    print(await _SERVERS[which](), flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """Serve."""
    which, loop = sys.argv[1:]
    run = uvloop.run if loop == "uvloop" else asyncio.run
    run(_serve(which))


if __name__ == "__main__":
    main()
