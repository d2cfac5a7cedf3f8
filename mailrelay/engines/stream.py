"""A connection to an engine that speaks a protocol of its own, on a Unix socket or a TCP port."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from mailrelay.engines.engine import EngineFault

_ANSWER_OCTETS = 64 * 1024  # what an engine says is short; more is none of the two protocols


@asynccontextmanager
async def asked(address: str, question: Iterable[bytes]) -> AsyncIterator[asyncio.StreamReader]:
    """Connect, send a question as a whole, give what reads the answer, and disconnect whatever has come.

    Nothing waits for the question to be read: an engine that has seen enough of it may answer before its end.

    Args:
        address: Path of a Unix socket, or host:port.
        question: Pieces, one after the other.

    Raises:
        EngineFault: Nobody is there, or the answer breaks off, is too long, or is not one (ValueError).
    """
    try:
        reader, writer = await _open(address)
        try:
            writer.writelines(question)
            yield reader
        finally:
            writer.transport.abort()
    except OSError:
        raise EngineFault("not-reached") from None
    except EOFError:
        raise EngineFault("broke-off") from None
    except (ValueError, asyncio.LimitOverrunError):
        raise EngineFault("not-understood") from None


async def _open(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if address.startswith("/"):
        return await asyncio.open_unix_connection(address, limit=_ANSWER_OCTETS)
    host, _, port = address.rpartition(":")
    return await asyncio.open_connection(host.strip("[]"), int(port), limit=_ANSWER_OCTETS)
