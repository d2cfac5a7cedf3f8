"""What an owner is shown of his key, so that he sees whether it is the one that he meant."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

_MOST_NAMES = 5
_LONGEST_NAME = 200  # characters


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """Whose a key is, and how long it is good.

    Attributes:
        names: User IDs (RFC 9580 section 5.12), or name and mailboxes of a certificate, a line each.
        algorithm: By which is encrypted, as people write it.
        expires_at: None for never.
        text: The key in armour or PEM.
    """

    names: tuple[str, ...] = field(repr=False)
    algorithm: str
    expires_at: datetime | None
    text: str = field(repr=False)


def shown_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return names as lines of text, a few of them, none twice."""
    lines = (" ".join("".join(filter(str.isprintable, one)).split())[:_LONGEST_NAME] for one in names)
    return tuple(dict.fromkeys(filter(None, lines)))[:_MOST_NAMES]
