"""Keep the counters of TLS reporting on disk for some days, sealed, for all processes of a machine.

A file for each day. Whoever has counted adds a line of what is new, sealed, in one write: nobody reads or
locks anything for it, and what a killed process loses is what it counted since its last line.
"""

import os
from base64 import b64decode, b64encode
from datetime import date, timedelta
from pathlib import Path

import orjson

from mailrelay.delivery.tls_report import Counts
from mailrelay.queue.cipher import RELAY_OWNER, BodyCipher

_KEPT = timedelta(days=7)
_MODE = 0o600


class TlsCounts:
    """Counters in a folder.

    Args:
        folder: Made when it does not exist, for its owner only.
        cipher: Its key of the relay's own mail seals.
    """

    def __init__(self, folder: Path, cipher: BodyCipher) -> None:
        self._folder = folder
        self._cipher = cipher

    async def add(self, day: date, counts: Counts) -> None:
        """Add what was counted; forget the days that are too long ago.

        Raises:
            OSError: It cannot be written; what was counted is lost, and nothing else.
        """
        key = await self._cipher.key(RELAY_OWNER)
        rows = [[*names, count] for names, count in counts.items()]
        line = b64encode(key.seal(orjson.dumps(rows))) + b"\n"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._file(day).exists():
            self._forget(day - _KEPT)
        descriptor = os.open(self._file(day), os.O_CREAT | os.O_WRONLY | os.O_APPEND, _MODE)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)

    async def of_day(self, day: date) -> Counts:
        """Return what all processes counted on a day.

        Raises:
            OSError: It cannot be read.
            KeyDestroyed: A line does not open: it was sealed under another installation's key.
        """
        file, total = self._file(day), Counts()
        if not file.exists():
            return total
        key = await self._cipher.key(RELAY_OWNER)
        for line in file.read_bytes().splitlines():
            for domain, kind, result, count in orjson.loads(key.open(b64decode(line))):
                total[domain, kind, result] += count
        return total

    def _file(self, day: date) -> Path:
        return self._folder / day.isoformat()

    def _forget(self, until: date) -> None:
        for file in self._folder.iterdir():
            if file.name <= until.isoformat():
                file.unlink(missing_ok=True)
