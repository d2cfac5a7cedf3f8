"""Faults on demand: what a test or a demonstration asks the sandbox to get wrong.

A fault of a connection is armed for one command by name and goes off once. They are how a client's
handling of a lost answer is put to the test: before, nothing was done; after, everything was.
"""

from collections import Counter

from registries.sandbox.service import COMMAND_NAMES


class Faults:
    """The armed faults of one registry.

    Attributes:
        delay_s: Seconds that every answer is held back.
    """

    def __init__(self) -> None:
        self.delay_s = 0.0
        self._before: Counter[str] = Counter()
        self._after: Counter[str] = Counter()

    def drop_before(self, command_name: str) -> None:
        """Close the connection instead of carrying out the next command of that name.

        Raises:
            ValueError: There is no such command; the fault would never go off.
        """
        self._before[_known(command_name)] += 1

    def drop_after(self, command_name: str) -> None:
        """Carry out the next command of that name, then close the connection instead of answering.

        Raises:
            ValueError: There is no such command; the fault would never go off.
        """
        self._after[_known(command_name)] += 1

    def goes_off_before(self, command_name: str) -> bool:
        """Return whether to drop now; disarms."""
        return _fire(self._before, command_name)

    def goes_off_after(self, command_name: str) -> bool:
        """Return whether to drop now; disarms."""
        return _fire(self._after, command_name)


def _known(command_name: str) -> str:
    if command_name not in COMMAND_NAMES:
        raise ValueError(f"{command_name!r} is not one of {', '.join(sorted(COMMAND_NAMES))}")
    return command_name


def _fire(armed: Counter[str], command_name: str) -> bool:
    if not armed[command_name]:
        return False
    armed[command_name] -= 1
    return True
