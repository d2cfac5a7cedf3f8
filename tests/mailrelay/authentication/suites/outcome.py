"""What a test suite of others says about one case, and where the suites are."""

from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parents[5] / "shared/data/mail/auth"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case of a suite.

    Attributes:
        case: Its name in the suite.
        wanted: Results that count as right.
        got: Our result.
        not_applicable: Why it says nothing about us; empty where it does.
    """

    case: str
    wanted: tuple[str, ...] = ()
    got: str = ""
    not_applicable: str = ""

    @property
    def failed(self) -> bool:
        """Whether we got it wrong."""
        return not self.not_applicable and self.got not in self.wanted
