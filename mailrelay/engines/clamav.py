"""ClamAV: the command INSTREAM of its daemon (clamd(8)).

What is found is named by dotted words: `Win.Trojan.Agent-1`, `Heuristics.Phishing.Email.SpoofedDomain`. Not
all of it is malware: some signatures know phishing or spam, which an abuse desk quotes and a lawyer encloses.
"""

import re
from collections.abc import Sequence

from mailrelay.content.score import QUARANTINE_POINTS, TAG_POINTS
from mailrelay.engines.engine import EngineFault, Finding, Letter, LetterTooLarge
from mailrelay.engines.stream import asked

_ANSWER = re.compile(r"stream: (?:OK|(?P<found>\S+) FOUND)")
_TOO_LARGE = "INSTREAM size limit exceeded"
# By a word of the signature's name, the first that is there: what was found where it is no malware.
_NO_MALWARE = {
    "phishing": Finding(QUARANTINE_POINTS, ("phishing-signature",)),
    "scam": Finding(QUARANTINE_POINTS, ("scam-signature",)),
    "spam": Finding(QUARANTINE_POINTS, ("spam-signature",)),
    "pua": Finding(TAG_POINTS, ("unwanted-program",)),
    "encrypted": Finding(TAG_POINTS, ("encrypted-file",)),
}


class ClamAv:
    """Looks for malware.

    Args:
        address: Path of clamd's socket, or host:port.
    """

    name = "clamav"

    def __init__(self, address: str) -> None:
        self._address = address

    async def examine(self, letter: Letter) -> Finding:
        """See `Engine`; nothing but the message is sent."""
        # One chunk is enough: 4 octets hold the size of any message.
        async with asked(self._address, _instream(letter.raw)) as reader:
            answer = (await reader.readuntil(b"\0"))[:-1].decode()
        if answer.startswith(_TOO_LARGE):
            raise LetterTooLarge
        said = _ANSWER.fullmatch(answer)
        if said is None:
            raise EngineFault("not-understood")
        return _finding(said["found"]) if said["found"] else Finding()


def _instream(raw: bytes) -> Sequence[bytes]:
    return b"zINSTREAM\0", len(raw).to_bytes(4), raw, bytes(4)


def _finding(signature: str) -> Finding:
    words = signature.lower().split(".")
    if words[:3] == ["heuristics", "limits", "exceeded"]:
        raise LetterTooLarge  # not all of it was looked at
    found = next((finding for word, finding in _NO_MALWARE.items() if word in words), None)
    return found or Finding(QUARANTINE_POINTS, ("malware",), malware=signature)
