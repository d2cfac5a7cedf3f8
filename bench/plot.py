"""Draw curves over time as an SVG file: panels one below the other, with a common time axis."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

_WIDTH, _PANEL, _LEFT, _RIGHT, _TOP, _GAP, _BOTTOM = 960, 190, 84, 24, 60, 46, 48
_LOOK = 'role="img" font-size="13" font-family="system-ui, sans-serif"'
_TICKS = 5
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Curve:
    """A line; `values` has one value for each time."""

    label: str
    colour: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves that share a scale, which begins at 0."""

    title: str
    curves: Sequence[Curve]


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment, in seconds, drawn through all panels."""

    label: str
    at: float


def draw(
    file: Path, title: str, times: Sequence[float], panels: Sequence[Panel], marks: Sequence[Mark]
) -> None:
    """Write a picture of the panels; `times` are seconds from the start, ascending, at least one."""
    end = max(times[-1], 1e-9)
    height = _TOP + len(panels) * (_PANEL + _GAP) + _BOTTOM - _GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" {_LOOK}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        _text(_WIDTH / 2, 26, title, "middle", 'font-size="16" font-weight="600"'),
    ]
    for number, panel in enumerate(panels):
        top = _TOP + number * (_PANEL + _GAP)
        parts += _panel(panel, top, times, end)
    for mark in marks:
        parts += _mark(mark, end, height)
    parts += [_text(_x(at, end), height - 26, f"{at:g}", "middle") for at in _ticks(end) if at <= end]
    parts += [_text(_WIDTH - _RIGHT, height - 8, "seconds", "end"), "</svg>", ""]
    file.write_text("\n".join(parts), encoding="utf-8")


def _panel(panel: Panel, top: int, times: Sequence[float], end: float) -> list[str]:
    ticks = _ticks(max((max(curve.values) for curve in panel.curves), default=0))
    scale = _PANEL / (ticks[-1] or 1)
    bottom = top + _PANEL
    parts = [_text(_LEFT, top - 10, panel.title, "start", 'font-weight="600"')]
    for tick in ticks:
        y = bottom - tick * scale
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="#dde5ec"/>')
        parts.append(_text(_LEFT - 8, y + 4, f"{tick:,g}", "end"))
    for number, curve in enumerate(panel.curves):
        points = " ".join(
            f"{_x(at, end):.1f},{bottom - value * scale:.1f}"
            for at, value in zip(times, curve.values, strict=True)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{curve.colour}" stroke-width="2"/>')
        x = _WIDTH - _RIGHT - 150 * (len(panel.curves) - 1 - number)
        parts.append(_text(x, top - 10, curve.label, "end", f'style="fill:{curve.colour}"'))
    return parts


def _mark(mark: Mark, end: float, height: int) -> list[str]:
    x = _x(mark.at, end)
    line = f'<path d="M{x:.1f} {_TOP - 14}V{height - _BOTTOM}" stroke="#567" stroke-dasharray="4 4"/>'
    # The name stands on the side that has room.
    side = "end" if x > _WIDTH / 2 else "start"
    return [line, _text(x + (-6 if side == "end" else 6), _TOP + 16, mark.label, side)]


def _x(at: float, end: float) -> float:
    return _LEFT + at / end * (_WIDTH - _LEFT - _RIGHT)


def _ticks(highest: float) -> list[float]:
    """Return round numbers from 0 on, the last of them not below the highest value."""
    if highest <= 0:
        return [0, 1]
    magnitude = 10 ** math.floor(math.log10(highest / _TICKS))
    step = next(step * magnitude for step in _STEPS if step * magnitude * _TICKS >= highest)
    return [number * step for number in range(math.ceil(highest / step) + 1)]


def _text(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#234" {more}>{escape(text)}</text>'
