"""EPP over TCP and TLS (RFC 5734): one connection, whole frames in and out, deadlines on every wait.

Every failure leaves the byte stream at an unknown offset, so that a transport which raised is closed and
never used again; seeing to that is the session's job.
"""

import asyncio
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from registries.epp.markup import FrameError, masked

MAX_FRAME_OCTETS = 1 << 20
_HEADER = struct.Struct("!I")  # RFC 5734 section 4: total length, these four octets included

WireLog = Callable[[Literal["sent", "received"], bytes], None]
"""Called with each frame, passwords masked. What it gets holds personal data: for demonstration only."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each step may take."""

    connect_s: float = 10.0
    greeting_s: float = 10.0
    answer_s: float = 30.0
    close_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a registry listens and how it proves who it is.

    Attributes:
        server_name: Name the certificate must bear; "" for `host`.
    """

    host: str
    port: int
    tls: ssl.SSLContext
    server_name: str = ""


def client_tls(
    ca_file: Path | None = None, certificate_file: Path | None = None, key_file: Path | None = None
) -> ssl.SSLContext:
    """Return a context that demands TLS 1.2 and a certificate for the right name (RFC 5734 section 9).

    Args:
        ca_file: PEM of the authorities to trust; None for the system's.
        certificate_file: PEM of our own certificate, for registries that ask for one.
        key_file: PEM of its key, when it is not in `certificate_file`.

    Raises:
        OSError: A file cannot be read or is no certificate.
    """
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate_file is not None:
        # Without a password given here, OpenSSL asks for one at the terminal, and a service hangs.
        context.load_cert_chain(certificate_file, key_file, password="")
    return context


@dataclass(frozen=True, slots=True)
class Peer:
    """What the TLS handshake showed of the registry.

    Attributes:
        tls_version: Such as TLSv1.3.
        certificate_ends_at: Aware UTC.
    """

    tls_version: str
    certificate_ends_at: datetime


class Transport:
    """One connection. Not for two tasks at once: EPP is question and answer.

    Attributes:
        peer: What the handshake showed.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        on_frame: WireLog | None = None,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._on_frame = on_frame
        self.peer = _peer(writer)

    @classmethod
    async def connect(
        cls, endpoint: Endpoint, deadlines: Deadlines, on_frame: WireLog | None = None
    ) -> "Transport":
        """Open a connection; the greeting is still to be received.

        Raises:
            OSError: No connection, or the certificate is not the registry's.
            TimeoutError: Not within the deadline.
        """
        async with asyncio.timeout(deadlines.connect_s):
            reader, writer = await asyncio.open_connection(
                endpoint.host,
                endpoint.port,
                ssl=endpoint.tls,
                server_hostname=endpoint.server_name or endpoint.host,
            )
        return cls(reader, writer, on_frame)

    @property
    def gone(self) -> bool:
        """Whether the registry has closed the connection, as far as is known without asking."""
        return self._reader.at_eof() or self._writer.is_closing()

    async def send(self, frame: bytes) -> None:
        """Send one frame.

        Raises:
            FrameError: Longer than the cap.
            OSError: The connection is broken.
        """
        length = _HEADER.size + len(frame)
        if length > MAX_FRAME_OCTETS:
            raise FrameError(f"the frame to send has {length} octets")
        self._show("sent", frame)
        self._writer.write(_HEADER.pack(length) + frame)
        await self._writer.drain()

    async def receive(self) -> bytes:
        """Receive one frame, however the network cuts it.

        Raises:
            FrameError: The length cannot be that of a frame, or the connection ended within one.
            OSError: The connection is broken.
        """
        try:
            (length,) = _HEADER.unpack(await self._reader.readexactly(_HEADER.size))
            if not _HEADER.size < length <= MAX_FRAME_OCTETS:
                raise FrameError(f"the frame's header says {length} octets")
            frame = await self._reader.readexactly(length - _HEADER.size)
        except asyncio.IncompleteReadError:
            raise FrameError("the registry closed the connection") from None
        self._show("received", frame)
        return frame

    def _show(self, direction: Literal["sent", "received"], frame: bytes) -> None:
        if self._on_frame is not None:
            self._on_frame(direction, masked(frame))

    async def close(self, deadlines: Deadlines) -> None:
        """Close the connection; never raises for a peer that is gone or will not say goodbye."""
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(deadlines.close_s):
                await self._writer.wait_closed()

    def abort(self) -> None:
        """Drop the connection at once, without waiting for anybody."""
        self._writer.transport.abort()


def _peer(writer: asyncio.StreamWriter) -> Peer:
    tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
    certificate = tls.getpeercert() or {}
    ends_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    return Peer(tls.version() or "", ends_at)
