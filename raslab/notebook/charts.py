"""Charts of the last minute as SVG text, in the manner of an operating system's performance page. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from raslab.notebook.picture.tags import opening

WIDTH, HEIGHT = 380, 120
LOW = 74
"""Height of a chart that stands below another one."""
_LEFT, _TOP, _RIGHT, _BOTTOM = 1, 20, 1, 18
_NICE = (1.0, 2.0, 5.0, 10.0)
_ALMOST = 0.9999

CHART = """
.raslab .plot{fill:none;stroke:var(--rule)}
.raslab .grid{stroke:var(--rule);stroke-width:.6;stroke-dasharray:2 4}
.raslab .tick{fill:var(--soft);font-size:11px}
.raslab .area{stroke:none;fill-opacity:.16}
.raslab .curve{fill:none;stroke-width:1.6}
.raslab .caption{fill:var(--ink);font-size:12px;font-weight:600}
""".replace("\n", "")


@dataclass(frozen=True, slots=True)
class Curve:
    """A series: seconds before now (0 or less) and values; `colour` is a variable of the style, such as ``blue``."""

    name: str
    colour: str
    points: tuple[tuple[float, float], ...]
    dashed: bool = False


def ceiling(value: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that is not below `value`; 1 for nothing."""
    if value <= 0:
        return 1.0
    size = 10.0 ** math.floor(math.log10(value))
    return next((step * size for step in _NICE if step * size >= value * _ALMOST), 20 * size)


def chart(
    title: str, curves: Sequence[Curve], *, top: float, top_label: str, span_s: float = 60.0, tall: int = HEIGHT
) -> str:
    """One chart of the last `span_s` seconds; `top` is the value at its upper edge, named by `top_label`."""
    right, bottom = WIDTH - _RIGHT, tall - _BOTTOM
    width, height = right - _LEFT, bottom - _TOP
    parts = [
        *opening(WIDTH, tall, title, CHART),
        f'<text class="caption" x="{_LEFT}" y="13">{escape(title)}</text>',
        f'<text class="tick" x="{right}" y="13" text-anchor="end">{escape(top_label)}</text>',
    ]
    parts += [f'<path class="grid" d="M{_LEFT} {_TOP + height * n / 4:g}H{right}"/>' for n in (1, 2, 3)]
    parts += [f'<path class="grid" d="M{_LEFT + width * n / 6:.1f} {_TOP}V{bottom}"/>' for n in range(1, 6)]
    for curve in curves:
        parts += _drawn(curve, top, span_s, (_LEFT, _TOP, width, height))
    parts += [
        f'<rect class="plot" x="{_LEFT}" y="{_TOP}" width="{width}" height="{height}"/>',
        f'<text class="tick" x="{_LEFT}" y="{tall - 4}">{span_s:g} s ago</text>',
        f'<text class="tick" x="{right}" y="{tall - 4}" text-anchor="end">now</text>',
        "</svg>",
    ]
    return "".join(parts)


def _drawn(curve: Curve, top: float, span_s: float, plot: tuple[float, float, float, float]) -> list[str]:
    left, upper, width, height = plot
    shown = [
        (left + width * (1 + max(seconds, -span_s) / span_s), upper + height * (1 - min(value / top, 1.0)))
        for seconds, value in curve.points
        if seconds >= -span_s
    ]
    if len(shown) < 2:
        return []
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in shown)
    base = upper + height
    colour = f"var(--{curve.colour})"
    dashes = ";stroke-dasharray:4 3" if curve.dashed else ""
    area = f"{shown[0][0]:.1f},{base:g} {line} {shown[-1][0]:.1f},{base:g}"
    return [
        f'<polygon class="area" style="fill:{colour}" points="{area}"/>',
        f'<polyline class="curve" style="stroke:{colour}{dashes}" points="{line}"/>',
    ]
