"""Where the parts of a bar chart stand, in units of an SVG; pure arithmetic, without a word."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from whoisproxy.domain.mail_log import Bar

WIDTH, HEIGHT = 480, 220
LEFT, RIGHT = 12, 436
"""Where lines across begin and end."""

_TOP, _BOTTOM = 12, 190
_FILLED = 0.72  # of a bar's place; the rest is between it and the next
_MOST_LABELS = 6
_STEPS = (1, 2, 5, 10)
# From the bottom of a bar to its top.
_KINDS = ("relayed", "blocked", "other")


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a bar."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line across, and the number that it stands for."""

    y: float
    number: int


@dataclass(frozen=True, slots=True)
class Label:
    """What stands below a bar."""

    x: float
    bar: Bar


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, ready to be drawn from left to right."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    labels: tuple[Label, ...]


def chart_of(bars: Sequence[Bar]) -> Chart:
    """Return where everything stands."""
    top = _ceiling(max(one.total for one in bars))
    place = (RIGHT - LEFT) / len(bars)
    every = ceil(len(bars) / _MOST_LABELS)
    # The last is today or this month, which is where one looks first.
    labelled = [number for number in range(len(bars)) if (len(bars) - 1 - number) % every == 0]
    lefts = [LEFT + number * place for number in range(len(bars))]
    boxes = [box for one, left in zip(bars, lefts, strict=True) for box in _boxes(one, left, place, top)]
    labels = [Label(round(LEFT + (number + 0.5) * place, 1), bars[number]) for number in labelled]
    lines = [Line(_y(number, top), number) for number in sorted({0, top // 2, top})]
    return Chart(tuple(boxes), tuple(lines), tuple(labels))


def _boxes(bar: Bar, left: float, place: float, top: int) -> list[Box]:
    boxes, below = [], 0
    for kind in _KINDS:
        count = getattr(bar, kind)
        if count:
            y = _y(below + count, top)
            x, width = left + place * (1 - _FILLED) / 2, place * _FILLED
            boxes.append(Box(kind, round(x, 1), y, round(width, 1), round(_y(below, top) - y, 1)))
            below += count
    return boxes


def _y(number: int, top: int) -> float:
    return round(_BOTTOM - (_BOTTOM - _TOP) * number / top, 1)


def _ceiling(most: int) -> int:
    """Return the least even number of the form 1, 2 or 5 times a power of ten that is not exceeded."""
    power = int(10 ** floor(log10(max(most, 1))))
    return max(2, next(step * power for step in _STEPS if step * power >= most))
