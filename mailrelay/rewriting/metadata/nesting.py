"""What files in files may use together: octets, members, levels. It bounds bombs of every make."""

from collections.abc import Callable
from dataclasses import dataclass

from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned

MOST_OCTETS = 50 * 1024 * 1024  # of a file as it comes: more does not fit into a message
_MOST_UNPACKED = 150 * 1024 * 1024  # of all members together
_MOST_TIMES = 250  # unpacked to packed; text and tables reach 50
_MOST_MEMBERS = 5000
_MOST_LEVELS = 4


@dataclass(slots=True)
class Budget:
    """What is left for one attachment, at all levels together."""

    octets: int
    members: int = _MOST_MEMBERS

    @classmethod
    def of(cls, size_octets: int) -> "Budget":
        """Return the budget of a file: small ones may not grow as far as large ones."""
        return cls(min(_MOST_UNPACKED, max(size_octets * _MOST_TIMES, 1024 * 1024)))

    def spend(self, octets: int) -> None:
        """Take one member of so many octets.

        Raises:
            CannotClean: There are too many, or they are too large.
        """
        self.octets -= octets
        self.members -= 1
        if self.octets < 0 or self.members < 0:
            raise CannotClean("too-large")


@dataclass(frozen=True, slots=True)
class Nesting:
    """Where a cleaner stands: how deep, with what left, and who cleans what it finds inside."""

    budget: Budget
    clean: Callable[[bytes, str, "Nesting"], Cleaned]
    level: int = 0

    def cleaned(self, content: bytes, name: str = "") -> Cleaned:
        """Clean a file that was found in a file.

        Raises:
            Dropped: It is of a kind that is never passed on.
            CannotClean: It cannot be cleaned, or lies too deep.
        """
        if self.level >= _MOST_LEVELS:
            raise CannotClean("nested-too-deep")
        return self.clean(content, name, Nesting(self.budget, self.clean, self.level + 1))
