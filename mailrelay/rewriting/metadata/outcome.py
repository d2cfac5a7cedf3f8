"""What may become of an attachment: cleaned, dropped, or the owner is asked.

They are raised from nothing: the error of a library can quote the file, and a log would tell it.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A file without metadata.

    Attributes:
        content_type: Told by the content, as "image/jpeg".
        extension: That fits the content, with the dot; empty where none does.
        names: Of the members of an archive: they are not changed, so they must be scanned.
    """

    content: bytes = field(repr=False)
    content_type: str
    extension: str
    names: tuple[str, ...] = field(default=(), repr=False)


class Dropped(Exception):
    """Never passed on: it says who somebody is by design. `reason` is kebab-case and names no person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CannotClean(Exception):
    """The owner must be asked: encrypted, broken, too large, or of a kind that nobody here can clean.

    `reason` is kebab-case and names no person. The same octets fail again.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
