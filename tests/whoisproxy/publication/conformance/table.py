"""The table of rules: which answers a rule is about, and what it says of them.

Codes are the numbers of ICANN's conformance tool; a rule of ours has a name instead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import orjson

Code = int | str


class Mode(StrEnum):
    """Whose answer it is taken for."""

    REGISTRAR = "registrar"
    REGISTRY = "registry"
    COUNTRY = "country"  # ICANN's guide and profile are not about it


_OF_ICANN = -20000  # Codes from here on are those of the guide and the profile.


@dataclass(frozen=True)
class Answer:
    """An answer as it came.

    Attributes:
        kind: What was asked for: domain, nameserver, entity, help; or error.
        url: The URI that was queried.
    """

    kind: str
    url: str
    body: bytes
    mode: Mode = Mode.REGISTRAR
    status: int = 200

    @cached_property
    def document(self) -> Any:
        return orjson.loads(self.body)


LOOKUPS = ("domain", "nameserver", "entity")
EVERYTHING = (*LOOKUPS, "help", "error")

Check = Callable[[Answer], bool]
_Rule = tuple[tuple[str, ...], tuple[Mode, ...], Check]

RULES: dict[Code, _Rule] = {}


def rule(
    *codes: Code, on: tuple[str, ...] | str = EVERYTHING, mode: Mode | None = None
) -> Callable[[Check], Check]:
    """Enter a rule: the function returns whether an answer of the kinds `on` keeps it."""
    kinds = (on,) if isinstance(on, str) else on

    def enter(check: Check) -> Check:
        for code in codes:
            assert code not in RULES, code
            RULES[code] = (kinds, (mode,) if mode else _modes(code), check)
        return check

    return enter


def _modes(code: Code) -> tuple[Mode, ...]:
    if isinstance(code, int) and code <= _OF_ICANN:
        return (Mode.REGISTRAR, Mode.REGISTRY)
    return tuple(Mode)


def each(
    code: Code,
    select: Callable[[Any], Any],
    holds: Callable[[Any], bool],
    on: tuple[str, ...] | str = EVERYTHING,
) -> None:
    """Enter a rule that must hold for everything that `select` finds in the document."""
    rule(code, on=on)(lambda answer: all(map(holds, select(answer.document))))


def broken(answer: Answer) -> set[Code]:
    """Return the codes of the rules that the answer breaks."""
    return {code for code in RULES if asks(code, answer) and not keeps(answer, code)}


def asks(code: Code, answer: Answer) -> bool:
    """Return whether the rule is about such an answer."""
    kinds, modes, _ = RULES[code]
    return answer.kind in kinds and answer.mode in modes


def keeps(answer: Answer, code: Code) -> bool:
    """Return what the rule says; what it cannot even look at does not keep it."""
    try:
        return RULES[code][2](answer)
    except (AttributeError, LookupError, TypeError, ValueError):
        return False
