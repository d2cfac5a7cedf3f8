"""The table of what speaks for spam."""

from collections.abc import Callable
from dataclasses import dataclass

from mailrelay.content.reading import Content
from mailrelay.message import RawMessage


@dataclass(frozen=True, slots=True)
class Feature:
    """One fact with its weight."""

    name: str
    weight: float
    holds: Callable[[RawMessage, Content], bool]


FEATURES: tuple[Feature, ...] = (
    Feature("hidden-text", 1.5, lambda _, content: len(content.html.hidden) > 50),  # noqa: PLR2004
)
