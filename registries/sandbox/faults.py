"""Faults on demand: what a test or a demonstration asks the sandbox to get wrong.

A fault of a connection is armed for one command by name and goes off once, or hits a share of all commands
by chance. They are how a client's handling of a lost answer is put to the test: before, nothing was done;
after, everything was.
"""

import random
from collections import Counter
from collections.abc import Set as AbstractSet

from registries.sandbox.service import COMMAND_NAMES
from registries.sandbox.settings import Quirk


class Faults:
    """The armed faults of one registry.

    Attributes:
        delay_s: Seconds from a command to its answer, at least.
        error_delay_s: Seconds that answers from 2000 on are held back beyond that.
        disconnect_share: Part of the commands, 0 to 1, at which the connection is closed by chance: half of
            them before, half of them after they are carried out.
        failure_share: Part of the commands that are answered 2400 and not carried out.
        close_share: Part of the answers after which the connection is closed.
        wire_share: Part of the answers that the quirks of the wire spoil.
    """

    def __init__(self, chance: random.Random | None = None, quirks: AbstractSet[Quirk] = frozenset()) -> None:
        self.delay_s = 0.0
        self.error_delay_s = 3.0 if Quirk.ERROR_DELAY in quirks else 0.0
        self.disconnect_share = 0.05 if Quirk.DISCONNECT_AT_RANDOM in quirks else 0.0
        self.failure_share = 0.05 if Quirk.FAIL_AT_RANDOM in quirks else 0.0
        self.close_share = 0.1 if Quirk.CLOSE_AT_RANDOM in quirks else 0.0
        self.wire_share = 1.0
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
        return _fire(self._before, command_name) or self.by_chance(self.disconnect_share / 2)

    def goes_off_after(self, command_name: str) -> bool:
        """Return whether to drop now; disarms."""
        return _fire(self._after, command_name) or self.by_chance(self.disconnect_share / 2)

    def by_chance(self, share: float) -> bool:
        """Return True in a share of the calls, 0 to 1."""
        return self._chance.random() < share


def _known(command_name: str) -> str:
    if command_name not in COMMAND_NAMES:
        raise ValueError(f"{command_name!r} is not one of {', '.join(sorted(COMMAND_NAMES))}")
    return command_name


def _fire(armed: Counter[str], command_name: str) -> bool:
    if not armed[command_name]:
        return False
    armed[command_name] -= 1
    return True
