"""Bar charts of frames as SVG text: bars in groups, a mark on each where something was predicted. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from raslab.notebook.charts import ceiling
from raslab.notebook.figure import Figure
from raslab.notebook.picture import measures, style
from raslab.notebook.picture.tags import opening, text

SERIES_COLOURS = ("#2f81f7", "#0c9ba6", "#a259d9", "#b08800")
_PLOT_WIDTH = 460
_VALUE_WIDTH = 64
_BAR, _BAR_GAP, _GROUP_GAP = 15, 2, 9
_TITLE_Y, _LEGEND_Y, _TOP, _TOP_WITH_LEGEND = 15, 36, 32, 54
_BOTTOM = 40
_TICKS = 5
_VALUE_ROOM = 44  # a figure stands right of its bar, or of the mark if that is so near

STYLE = """
.raslab .value{font-variant-numeric:tabular-nums}
.raslab .mark{stroke:var(--orange);stroke-width:2.5}
""".replace("\n", "")


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the frame: its group, its series' number, its value, and what was predicted; None where nothing is."""

    group: str
    series: int
    value: float | None
    mark: float | None


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn, as plain data. series: names for the legend, empty for one series. mark: what marks show."""

    title: str
    unit: str
    bars: tuple[Bar, ...]
    series: tuple[str, ...]
    mark: str


def bar_chart(
    frame: pd.DataFrame,
    *,
    value: str,
    groups: str | Sequence[str],
    series: str | None = None,
    mark: str | None = None,
    title: str = "",
    unit: str = "",
) -> Figure:
    """A chart with one horizontal bar for each row of `frame`, from zero to the figure in column `value`.

    groups: columns whose words stand left of the bars; rows that agree in them stand together. series: the column that
    tells the bars of a group apart, by colour. mark: a column with figures to mark on the bars, such as what theory
    predicts. title, unit: for people. Figures are shown as they are: round them before.

    Raises KeyError for a column that is not there.
    """
    drawn = read(frame, value, [groups] if isinstance(groups, str) else list(groups), series, mark, title, unit)
    return Figure(to_svg(drawn), f"Bar chart: {title or value}, {len(drawn.bars)} bars")


def read(
    frame: pd.DataFrame, value: str, groups: Sequence[str], series: str | None, mark: str | None, title: str, unit: str
) -> Chart:
    """The chart of a frame; see `bar_chart`."""
    names = list(dict.fromkeys(frame[series])) if series else []
    rows: list[dict[Any, Any]] = frame.to_dict("records")
    bars = tuple(
        Bar(
            group=", ".join(str(row[column]) for column in groups),
            series=names.index(row[series]) if series else 0,
            value=_figure(row[value]),
            mark=_figure(row[mark]) if mark else None,
        )
        for row in rows
    )
    return Chart(title or value, unit, bars, tuple(f"{series}: {name}" for name in names), _words(mark))


def _figure(cell: Any) -> float | None:
    return None if pd.isna(cell) else float(cell)


def _words(column: str | None) -> str:
    """``predicted_mbps`` without its unit."""
    return column.rpartition("_")[0].replace("_", " ") or column if column else ""


def to_svg(drawn: Chart) -> str:
    """The chart as one SVG element; equal input gives equal text."""
    names = list(dict.fromkeys(bar.group for bar in drawn.bars))
    left = measures.widest(names) + 10
    step = _step(drawn.bars)
    top = step * math.ceil(round(_largest(drawn.bars) / step, 6))
    body: list[str] = []
    upper = _TOP_WITH_LEGEND if drawn.series or drawn.mark else _TOP
    y = float(upper)
    for name in names:
        group = [bar for bar in drawn.bars if bar.group == name]
        middle = y + (len(group) * (_BAR + _BAR_GAP) - _BAR_GAP) / 2
        body.append(text(left - 10, middle + 4, name, anchor="end"))
        for bar in group:
            body += _bar(bar, left, y, _PLOT_WIDTH / top)
            y += _BAR + _BAR_GAP
        y += _GROUP_GAP - _BAR_GAP
    bottom = y - _GROUP_GAP + 6
    width, height = left + _PLOT_WIDTH + _VALUE_WIDTH, bottom + _BOTTOM
    return "\n".join(
        [
            *opening(width, height, drawn.title, style.CHART + STYLE),
            text(0, _TITLE_Y, drawn.title, "caption"),
            *_legend(drawn, left),
            *_grid((left, upper - 6, bottom), step, top, drawn.unit),
            *body,
            "</svg>",
        ]
    )


def _largest(bars: Sequence[Bar]) -> float:
    return max((one for bar in bars for one in (bar.value, bar.mark) if one is not None), default=1.0) or 1.0


def _step(bars: Sequence[Bar]) -> float:
    """Between two lines of the grid: 1, 2 or 5 times a power of ten."""
    return ceiling(_largest(bars) / _TICKS)


def _grid(edges: tuple[float, float, float], step: float, top: float, unit: str) -> list[str]:
    left, upper, bottom = edges
    parts = []
    for number in range(round(top / step) + 1):
        x = left + _PLOT_WIDTH * number * step / top
        kind = "grid" if number else "axis"
        parts.append(f'<path class="{kind}" d="M{x:.1f} {upper:.1f}V{bottom:.1f}"/>')
        parts.append(text(x, bottom + 14, f"{number * step:,g}", "tick", "middle"))
    parts.append(text(left + _PLOT_WIDTH / 2, bottom + 31, unit, "tick", "middle"))
    return parts


def _bar(bar: Bar, left: float, y: float, scale: float) -> list[str]:
    colour = SERIES_COLOURS[bar.series % len(SERIES_COLOURS)]
    end = left + (bar.value or 0) * scale
    parts = [f'<rect x="{left:.1f}" y="{y:.1f}" width="{end - left:.1f}" height="{_BAR}" fill="{colour}"/>']
    if bar.mark is not None:
        at = left + bar.mark * scale
        parts.append(f'<path class="mark" d="M{at:.1f} {y - 1:.1f}v{_BAR + 2}"/>')
        end = at if end < at < end + _VALUE_ROOM else end
    words = "none" if bar.value is None else f"{bar.value:,g}"
    return [*parts, text(end + 7, y + 12, words, "value")]


def _legend(drawn: Chart, left: float) -> list[str]:
    parts, x = [], left
    for number, name in enumerate(drawn.series):
        colour = SERIES_COLOURS[number % len(SERIES_COLOURS)]
        parts.append(f'<rect x="{x:.1f}" y="{_LEGEND_Y - 10}" width="12" height="12" fill="{colour}"/>')
        parts.append(text(x + 18, _LEGEND_Y, name))
        x += 18 + measures.sans_width(name) + 16
    if drawn.mark:
        parts.append(f'<path class="mark" d="M{x + 6:.1f} {_LEGEND_Y - 11}v14"/>')
        parts.append(text(x + 16, _LEGEND_Y, drawn.mark))
    return parts
