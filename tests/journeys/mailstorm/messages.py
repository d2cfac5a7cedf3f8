"""Messages that can be told from each other, and that tell whether they are whole.

The text begins with a mark and ends with a digest of what stands between. It is plain ASCII in short lines,
which nobody on the way has a reason to encode anew.
"""

import hashlib
import random
import re
from dataclasses import dataclass

SENDER = "ada@offers.example"

_LINES = 50
_WORDS = """
domain name offer price transfer escrow service bakery bridge garden letter answer week month office
owner project website team music travel school paper winter spring mountain lake please would could
should think write call meet talk about with from into over under between happy early short long
""".split()  # noqa: SIM905 - a list of words reads better as text
_MARKED = re.compile(rb"Our mark: (\d+)\.\r\n(.*?)\r\nEnd of (\d+), ([0-9a-f]{64})\.\r\n", re.DOTALL)
_MARK = re.compile(rb"Our mark: (\d+)\.")


@dataclass(frozen=True, slots=True)
class Marked:
    """What a message says about itself; `mark` None where it has none, as in a report."""

    mark: int | None
    whole: bool


def compose(mark: int, recipient: str, chance: random.Random) -> bytes:
    """Return a message of about 3 KiB with CRLF line ends, not yet dot-stuffed; no line begins with a dot."""
    text = "\r\n".join(" ".join(_word(chance) for _ in range(5)).capitalize() + "." for _ in range(_LINES))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return (
        f"From: Ada Buyer <{SENDER}>\r\nTo: {recipient}\r\nSubject: Your domain, offer {mark}\r\n"
        f"Date: Wed, 25 Nov 2026 09:00:00 +0000\r\nMessage-ID: <storm-{mark}@offers.example>\r\n\r\n"
        f"Our mark: {mark}.\r\n{text}\r\nEnd of {mark}, {digest}.\r\n"
    ).encode()


def read(raw: bytes) -> Marked:
    """Return what a message that arrived says about itself."""
    found = _MARKED.search(raw)
    if found is None:
        begun = _MARK.search(raw)
        return Marked(int(begun[1]) if begun else None, whole=begun is None)
    mark, text, end, digest = found.groups()
    return Marked(int(mark), whole=end == mark and hashlib.sha256(text).hexdigest() == digest.decode())


def _word(chance: random.Random) -> str:
    # Of a few words alone, some texts would be so alike that they are held as copies of each other.
    return "".join(chance.sample(_WORDS, 2))
