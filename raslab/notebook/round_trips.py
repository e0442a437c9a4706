"""Charts of round-trip times over time with the gaps in between, as SVG text. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from raslab.measure.outage import Gap, Probe
from raslab.notebook.charts import ceiling
from raslab.notebook.picture import measures, style
from raslab.notebook.picture.tags import opening, text

_WIDTH, _HEIGHT = 620, 170
_LEFT, _TOP, _RIGHT, _BOTTOM = 40, 30, 16, 36
_TICKS = 5
_HEADROOM = 1.1
_HALF_MS = 0.5  # round trips on one path differ by less

STYLE = """
.raslab .trip{stroke:var(--blue);stroke-width:2.5;fill:none}
.raslab .gap{fill:var(--red);fill-opacity:.16}
.raslab .edge{stroke:var(--red);stroke-width:1}
.raslab .length{fill:var(--red);font-weight:600}
.raslab .halo{stroke:var(--paper);stroke-width:4px;paint-order:stroke;stroke-linejoin:round}
""".replace("\n", "")


@dataclass(frozen=True, slots=True)
class Level:
    """Probes in a row with the same round-trip time, to half a millisecond."""

    begin_s: float
    end_s: float
    rtt_ms: float


@dataclass(frozen=True, slots=True)
class Trips:
    """What is drawn, as plain data."""

    begin_s: float
    end_s: float
    levels: tuple[Level, ...]
    gaps: tuple[Gap, ...]

    def __str__(self) -> str:
        return f"{len(self.gaps)} gap{'' if len(self.gaps) == 1 else 's'}"


def read(series: Sequence[Probe], gaps: Sequence[Gap], *, begin_s: float, end_s: float) -> Trips:
    """The part from `begin_s` to `end_s` of a series of probes and its gaps."""
    levels: list[Level] = []
    open_level = False
    for probe, following in zip(series, [*(one.sent_s for one in series[1:]), end_s], strict=True):
        if not begin_s <= probe.sent_s < end_s:
            continue
        if probe.rtt_ms is None:
            open_level = False
            continue
        last = levels[-1] if open_level else None
        if last is not None and abs(last.rtt_ms - probe.rtt_ms) < _HALF_MS:
            levels[-1] = Level(last.begin_s, following, last.rtt_ms)
        else:
            levels.append(Level(probe.sent_s, following, round(probe.rtt_ms, 1)))
        open_level = True
    shown = tuple(gap for gap in gaps if gap.begin_s < end_s and gap.end_s > begin_s)
    return Trips(begin_s, end_s, tuple(levels), shown)


def to_svg(title: str, drawn: Trips) -> str:
    """The chart as one SVG element; equal input gives equal text."""
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    span = drawn.end_s - drawn.begin_s or 1.0
    highest = _HEADROOM * max((level.rtt_ms for level in drawn.levels), default=1.0)
    step = ceiling(highest / _TICKS)
    rows = math.ceil(highest / step)

    def x(seconds: float) -> float:
        inside = min(max(seconds, drawn.begin_s), drawn.end_s)
        return _LEFT + (right - _LEFT) * (inside - drawn.begin_s) / span

    def y(rtt_ms: float) -> float:
        return bottom - (bottom - _TOP) * rtt_ms / (rows * step)

    parts = [
        *opening(_WIDTH, _HEIGHT, title, style.CHART + STYLE),
        text(0, 15, title, "caption"),
    ]
    for number in range(rows + 1):
        kind = "grid" if number else "axis"
        parts.append(f'<path class="{kind}" d="M{_LEFT} {y(number * step):.1f}H{right}"/>')
        parts.append(text(_LEFT - 6, y(number * step) + 4, f"{number * step:g}", "tick", "end"))
    parts.append(text(right, 15, "round trip in ms; red: no answer", "tick", "end"))
    tick = ceiling(span / _TICKS)
    for number in range(math.ceil(drawn.begin_s / tick), math.floor(drawn.end_s / tick + 1e-6) + 1):
        parts.append(f'<path class="grid" d="M{x(number * tick):.1f} {_TOP}V{bottom}"/>')
        parts.append(text(x(number * tick), bottom + 15, f"{number * tick:g}", "tick", "middle"))
    parts.append(text((_LEFT + right) / 2, bottom + 30, "seconds", "tick", "middle"))
    for gap in drawn.gaps:
        begin, end = x(gap.begin_s), x(gap.end_s)
        parts.append(
            f'<rect class="gap" x="{begin:.1f}" y="{_TOP}" width="{end - begin:.1f}" height="{bottom - _TOP}"/>'
        )
        parts.append(f'<path class="edge" d="M{begin:.1f} {_TOP}V{bottom}M{end:.1f} {_TOP}V{bottom}"/>')
    parts += [
        f'<path class="trip" d="M{x(level.begin_s):.1f} {y(level.rtt_ms):.1f}H{x(level.end_s):.1f}"/>'
        for level in drawn.levels
    ]
    for gap in drawn.gaps:
        words = _length(gap)
        begin, end = x(gap.begin_s), x(gap.end_s)
        if end - begin > measures.sans_width(words) + 8:
            parts.append(text((begin + end) / 2, bottom - 12, words, "length halo", "middle"))
        elif end + measures.sans_width(words) + 6 < right:
            parts.append(text(end + 6, bottom - 12, words, "length halo"))
        else:
            parts.append(text(begin - 6, bottom - 12, words, "length halo", "end"))
    return "\n".join([*parts, "</svg>"])


def _length(gap: Gap) -> str:
    """To two figures, as two runs may differ in the third; an open end is said to be one."""
    milliseconds = gap.outage_ms
    digits = 1 - math.floor(math.log10(milliseconds)) if milliseconds > 0 else 0
    rounded = round(milliseconds, digits)
    words = f"{rounded / 1000:g} s" if rounded >= 1000 else f"{rounded:g} ms"
    return words if gap.ended else f"{words} and more"
