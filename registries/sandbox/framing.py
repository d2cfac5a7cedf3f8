"""Frames on one connection (RFC 5734 4), each in bounded time; and how a registry spoils them on purpose."""

import asyncio
from collections.abc import Set as AbstractSet

from registries.sandbox.settings import Limits, Quirk

_HEADER_OCTETS = 4
# What a client pipelines comes within this time, or is no part of the batch.
_PIPELINED_S = 0.02
_MAX_BATCH = 16
# So that the two segments are not put together on the way.
_BETWEEN_SEGMENTS_S = 0.01
_OVERSIZE = (0x7FFFFFFF).to_bytes(_HEADER_OCTETS, "big")
_DOCTYPE = b'<!DOCTYPE epp SYSTEM "epp-1.0.dtd">'
_DECLARATION_END = b"?>"


class BrokenFraming(Exception):
    """The octets that follow cannot be told apart any more; answer 2500 and close."""


class Framing:
    """Reads and writes the frames of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._ahead: asyncio.Task[bytes | None] | None = None

    async def read(self) -> bytes | None:
        """Return a frame's payload, or None when the peer closed or was idle between frames.

        Raises:
            BrokenFraming: The length is impossible, or the frame did not arrive in time.
        """
        if self._ahead is None:
            return await self._read()
        ahead, self._ahead = self._ahead, None
        return await ahead

    async def read_pipelined(self) -> list[bytes]:
        """Return a frame and those sent right behind it; empty at the end of the connection."""
        first = await self.read()
        batch = [] if first is None else [first]
        while batch and len(batch) < _MAX_BATCH:
            self._ahead = asyncio.ensure_future(self._read())
            done, _ = await asyncio.wait({self._ahead}, timeout=_PIPELINED_S)
            if not done or self._ahead.exception() or (frame := self._ahead.result()) is None:
                break
            self._ahead = None
            batch.append(frame)
        return batch

    async def send(self, payload: bytes, quirks: AbstractSet[Quirk] = frozenset()) -> bool:
        """Send a frame, spoilt by the quirks that are of the wire; returns whether the connection ends."""
        segments = spoilt(payload, quirks)
        for number, segment in enumerate(segments):
            if number:
                await asyncio.sleep(_BETWEEN_SEGMENTS_S)
            self._writer.write(segment)
            async with asyncio.timeout(self._limits.write_s):
                await self._writer.drain()
        return Quirk.TRUNCATED_FRAME in quirks

    async def linger(self) -> None:
        """Read on: closing with unread octets makes a reset, which could overtake the answer at the peer."""
        try:
            async with asyncio.timeout(self._limits.linger_s):
                while await self._reader.read(65536):
                    pass
        except TimeoutError:
            pass

    def abort(self) -> None:
        """Cut the connection."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Close the connection, with a proper end where the peer still listens."""
        if self._ahead is not None:
            self._ahead.cancel()
            await asyncio.gather(self._ahead, return_exceptions=True)
        self._writer.close()
        try:
            async with asyncio.timeout(self._limits.linger_s):
                await self._writer.wait_closed()
        except (TimeoutError, OSError):
            self.abort()

    async def _read(self) -> bytes | None:
        try:
            async with asyncio.timeout(self._limits.idle_s):
                first = await self._reader.read(1)
        except TimeoutError:
            return None
        if not first:
            return None
        try:
            async with asyncio.timeout(self._limits.read_s):
                header = first + await self._reader.readexactly(_HEADER_OCTETS - 1)
                return await self._reader.readexactly(self._payload_size(header))
        except TimeoutError:
            raise BrokenFraming("the frame did not arrive in time") from None

    def _payload_size(self, header: bytes) -> int:
        # RFC 5734 4: the length counts its own four octets.
        size = int.from_bytes(header, "big")
        if not _HEADER_OCTETS <= size <= self._limits.max_frame_octets:
            raise BrokenFraming(f"a frame is of 4 to {self._limits.max_frame_octets} octets")
        return size - _HEADER_OCTETS


def spoilt(payload: bytes, quirks: AbstractSet[Quirk]) -> list[bytes]:
    """Return the segments in which an answer is sent; without quirks one, the frame as it should be."""
    if Quirk.DOCTYPE in quirks:
        declaration, end, rest = payload.partition(_DECLARATION_END)
        payload = declaration + end + _DOCTYPE + rest
    header = (len(payload) + _HEADER_OCTETS).to_bytes(_HEADER_OCTETS, "big")
    if Quirk.OVERSIZE_LENGTH in quirks:
        header = _OVERSIZE
    if Quirk.TRUNCATED_FRAME in quirks:
        payload = payload[: len(payload) // 2]
    if Quirk.SPLIT_HEADER in quirks:
        return [header[:2], header[2:] + payload]
    return [header + payload]
