"""SpamAssassin: the command SYMBOLS of its daemon, protocol SPAMC/1.5 (spamd's PROTOCOL file).

SpamAssassin reads from the header who brought a message, so the fields that a mail server would have written
are put before it.
"""

import re
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime

from mailrelay.engines.engine import EngineFault, Finding, Letter, Scale, reasons_of
from mailrelay.engines.stream import asked

_STATUS = re.compile(r"SPAMD/\d+\.\d+ (\d{1,3}) ")
_VERDICT = re.compile(r"^Spam: *\w+ *; *(-?\d+(?:\.\d+)?) */", re.MULTILINE)
_SIZE = re.compile(r"^Content-length: *(\d{1,5})\r$", re.MULTILINE | re.IGNORECASE)
_SIGNS = re.compile(r"[\s()<>\[\]]")


class SpamAssassin:
    """Weighs what a message says by SpamAssassin's rules.

    Args:
        address: Path of spamd's socket, or host:port.
        scale: Its scores.
        hostname: Ours, as in Received.
        clock: Gives aware UTC.
    """

    name = "spamassassin"

    def __init__(self, address: str, scale: Scale, hostname: str, clock: Callable[[], datetime]) -> None:
        self._address = address
        self._scale = scale
        self._hostname = hostname
        self._clock = clock

    async def examine(self, letter: Letter) -> Finding:
        """See `Engine`."""
        # spamd reads line by line: for the end of the last one it would wait.
        end = b"" if letter.raw.endswith(b"\n") else b"\r\n"
        message = (self._trace(letter), letter.raw, end)
        head = f"SYMBOLS SPAMC/1.5\r\nContent-length: {sum(map(len, message))}\r\n\r\n".encode()
        async with asked(self._address, (head, *message)) as reader:
            status = (await reader.readuntil(b"\r\n\r\n")).decode()
            size = _SIZE.search(status)
            symbols = (await reader.readexactly(int(size[1]))).decode() if size else ""
        return self._finding(status, symbols)

    def _finding(self, status: str, symbols: str) -> Finding:
        answered, verdict = _STATUS.match(status), _VERDICT.search(status)
        # EX_TEMPFAIL, EX_TIMEOUT and the like come with a status of their own and no verdict.
        if answered is None or int(answered[1]) or verdict is None:
            raise EngineFault("not-understood")
        return Finding(self._scale.points(float(verdict[1])), reasons_of(symbols.strip().split(",")))

    def _trace(self, letter: Letter) -> bytes:
        """Return Return-Path and Received (RFC 5321 section 4.4); the client's words stay in their place."""
        address = f"IPv6:{letter.peer_ip}" if ":" in letter.peer_ip else letter.peer_ip
        text = (
            f"Return-Path: <{_word(letter.reverse_path)}>\r\n"
            f"Received: from {_word(letter.helo)} (unknown [{address}])\r\n"
            f"\tby {self._hostname} with ESMTP for <{letter.recipient}>;\r\n"
            f"\t{format_datetime(self._clock())}\r\n"
        )
        return text.encode()


def _word(text: str) -> str:
    """Return what a client said without the signs by which Received is read."""
    return _SIGNS.sub("", text)
