"""Messages in files, and decisions on them as lines of JSON, for the commands below `whoisproxy mail`."""

import json
import sys
from pathlib import Path

from mailrelay.message import RawMessage, canonical_line_ends

_STDIN = "-"


def content_of(name: str) -> bytes:
    """Return the octets of a file, or of standard input for `-`.

    Raises:
        OSError: It cannot be read.
    """
    return sys.stdin.buffer.read() if name == _STDIN else Path(name).read_bytes()


def message_in(name: str) -> RawMessage:
    """Return the one message of a file, with CRLF line ends.

    Raises:
        OSError: It cannot be read.
    """
    raw = content_of(name)
    if raw.startswith(b"From "):
        # The line of an mbox (RFC 4155) is no part of the message.
        raw = raw.partition(b"\n")[2]
    return RawMessage.parse(canonical_line_ends(raw))


def print_decision(file: str, decision: str, **more: object) -> None:
    """Write what is made of a message as a line of JSON."""
    # ASCII only: names of files, and what people write, may hold what UTF-8 cannot.
    sys.stdout.write(json.dumps({"file": file, "decision": decision, **more}) + "\n")
    sys.stdout.flush()
