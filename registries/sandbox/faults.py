"""Faults on demand: what a test or a demonstration asks the sandbox to get wrong.

A fault of a connection is armed for one command by name and goes off once, or hits a share of all commands
by chance. They are how a client's handling of a lost answer is put to the test: before, nothing was done;
after, everything was.
"""

import random
from collections import Counter

from registries.sandbox.service import COMMAND_NAMES


class Faults:
    """The armed faults of one registry.

    Attributes:
        delay_s: Seconds that every answer is held back.
        disconnect_share: Part of the commands, 0 to 1, at which the connection is closed by chance: half of
            them before, half of them after they are carried out.
    """

    def __init__(self, chance: random.Random | None = None) -> None:
        self.delay_s = 0.0
        self.disconnect_share = 0.0
        self._chance = chance or random.Random()  # noqa: S311 - a fault is no secret
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
        return _fire(self._before, command_name) or self._by_chance()

    def goes_off_after(self, command_name: str) -> bool:
        """Return whether to drop now; disarms."""
        return _fire(self._after, command_name) or self._by_chance()

    def _by_chance(self) -> bool:
        return self._chance.random() < self.disconnect_share / 2


def _known(command_name: str) -> str:
    if command_name not in COMMAND_NAMES:
        raise ValueError(f"{command_name!r} is not one of {', '.join(sorted(COMMAND_NAMES))}")
    return command_name


def _fire(armed: Counter[str], command_name: str) -> bool:
    if not armed[command_name]:
        return False
    armed[command_name] -= 1
    return True
