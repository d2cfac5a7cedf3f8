"""One fact that speaks for spam, and how much."""

from collections.abc import Callable
from dataclasses import dataclass

from mailrelay.content.reading import Content
from mailrelay.message import RawMessage


@dataclass(frozen=True, slots=True)
class Feature:
    """One fact with its weight; `holds` is a pure function."""

    name: str
    weight: float
    holds: Callable[[RawMessage, Content], bool]
