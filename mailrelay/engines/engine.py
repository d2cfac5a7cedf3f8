"""What an engine is asked and what it may say, whatever protocol it speaks.

Points are those of the content score: 3.5 marks a message, 5 holds it.
"""

import re
from dataclasses import dataclass
from typing import Protocol

from mailrelay.content.score import QUARANTINE_POINTS, TAG_POINTS

MOST_POINTS = 2 * QUARANTINE_POINTS
"""However sure an engine is: its opinion remains one among others."""

_MOST_REASONS = 6
_NOT_IN_REASON = re.compile(r"[^a-z0-9]+")
_REASON_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Letter:
    """A message and what its transaction knew of it.

    Attributes:
        raw: The message as received, lines ending in CRLF.
        peer_ip: Address of the client.
        helo: Name given in EHLO or HELO; like all that follow without controls.
        reverse_path: MAIL FROM without angle brackets; empty for the null reverse-path.
        recipient: The published relay address that it is about, never a mailbox of the owner.
    """

    raw: bytes
    peer_ip: str
    helo: str
    reverse_path: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What an engine makes of a message.

    Attributes:
        points: 0 where it has nothing against it.
        reasons: Names of rules that spoke, kebab-case; nothing of the message.
        malware: Name of the signature of malware that was found; empty for none.
    """

    points: float = 0.0
    reasons: tuple[str, ...] = ()
    malware: str = ""


class EngineFault(Exception):
    """The engine gave no answer that can be used; the same message may be sent to it again later.

    Attributes:
        reason: kebab-case; nothing of the message.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LetterTooLarge(Exception):
    """The engine does not look at messages of this size; asking again cannot help."""


class Engine(Protocol):
    """A daemon that judges messages."""

    @property
    def name(self) -> str:
        """kebab-case; the same in log, metric and the record of a message."""
        ...

    async def examine(self, letter: Letter) -> Finding:
        """Return what the engine says; takes as long as the engine does.

        Raises:
            EngineFault: It cannot be reached, breaks off, or says nothing that can be understood.
            LetterTooLarge: It does not look at a message of this size.
        """
        ...


@dataclass(frozen=True, slots=True)
class Scale:
    """The engine's scores from which on a message is marked and held; ours are lines over them.

    Raises:
        ValueError: They are not in order.
    """

    tag: float
    hold: float

    def __post_init__(self) -> None:
        if not 0 < self.tag < self.hold:
            raise ValueError("tag must be above 0 and hold above tag")

    def points(self, score: float) -> float:
        """Return a score of the engine as points."""
        if score <= self.tag:
            return round(max(0.0, TAG_POINTS * score / self.tag), 2)
        step = (QUARANTINE_POINTS - TAG_POINTS) / (self.hold - self.tag)
        return round(min(MOST_POINTS, TAG_POINTS + step * (score - self.tag)), 2)


def reasons_of(rules: list[str]) -> tuple[str, ...]:
    """Return names of rules as reasons, the first few of them."""
    names = (_NOT_IN_REASON.sub("-", rule.lower()).strip("-")[:_REASON_LENGTH] for rule in rules)
    return tuple(name for name in names if name)[:_MOST_REASONS]
