"""The chart of the report: throughput by kind of tunnel, and its share of what goes without one."""

from __future__ import annotations

from pathlib import Path

from labs.throughput_chart import Row, bars_by_streams, finish, number, panels, unit_of
from labs.tunnel_kinds.cases import KINDS
from raslab.course.results import Results

_NAMES = [kind.name for kind in KINDS]
_LABELS = [name.replace("ipsec-", "ipsec\n").replace("over-ipsec", "over\nipsec") for name in _NAMES]


def draw(results: Results, file: Path) -> None:
    """Write a PNG: throughput above, ratios below, theory marked where the links have a rate."""
    scale, unit = unit_of(results.rows)
    with panels(file, 2, (9, 7.5)) as (upper, lower):
        bars_by_streams(
            upper,
            results.rows,
            place=_place,
            value=lambda row: number(row["throughput_mbps"]) / scale,
            theory=lambda row: number(row["expected_mbps"]) / scale,
            format_="%.2f" if scale > 1 else "%.0f",
        )
        finish(upper, "TCP, MTU 1500 bytes", f"throughput, {unit}", _LABELS, legend_columns=3)
        bars_by_streams(
            lower,
            results.rows,
            place=_place,
            value=lambda row: 100 * number(row["relative_to_routed"]),
            theory=lambda row: 100 * number(row["relative_theory"]),
            format_="%.1f",
        )
        finish(lower, "Relative to routed", "% of what goes without a tunnel", _LABELS, legend_columns=3)


def _place(row: Row) -> float:
    return float(_NAMES.index(str(row["tunnel"])))
