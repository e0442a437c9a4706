"""The chart of the report: throughput by path and number of connections, theory beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labs.gre_performance.cases import MTUS, PATHS, UDP_PAYLOAD_BYTES
from labs.throughput_chart import BAR, Row, bars_by_streams, finish, number, panels, theory_mark, unit_of
from raslab.course.results import Results

UDP_COLOR = "#c98a2b"
_NAMES = [path.name for path in PATHS]
_LABELS = [name.replace("-ipv6-payload", "\nipv6-payload") for name in _NAMES]


def draw(results: Results, file: Path) -> None:
    """Write a PNG: one panel per MTU for TCP, and one for small UDP packets."""
    with panels(file, len(MTUS) + 1, (9, 10.5)) as axes:
        for axis, mtu in zip(axes, MTUS, strict=False):
            _tcp_panel(axis, [row for row in results.rows if row["protocol"] == "tcp" and row["mtu"] == mtu], mtu)
        _udp_panel(axes[-1], [row for row in results.rows if row["protocol"] == "udp"])


def _tcp_panel(axis: Any, rows: list[Row], mtu: int) -> None:
    scale, unit = unit_of(rows)
    bars_by_streams(
        axis,
        rows,
        place=_place,
        value=lambda row: number(row["throughput_mbps"]) / scale,
        theory=lambda row: _theory_mbps(row) / scale,
        format_="%.2f" if scale > 1 else "%.0f",
    )
    finish(axis, f"TCP, MTU {mtu} bytes", f"throughput, {unit}", _LABELS, legend_columns=3)


def _udp_panel(axis: Any, rows: list[Row]) -> None:
    places = [_place(row) for row in rows]
    values = [number(row["packets_per_s"]) / 1000 for row in rows]
    bars = axis.bar(places, values, 2 * BAR, color=UDP_COLOR, label=f"UDP, {UDP_PAYLOAD_BYTES}-byte payload")
    axis.bar_label(bars, fmt="%.1f", padding=2, fontsize=8)
    for place, row in zip(places, rows, strict=True):
        if row["link_mbps"] is not None:
            theory_mark(axis, place, _theory_mbps(row) * 1e6 / (8 * UDP_PAYLOAD_BYTES) / 1000)
    link = rows[0]["link_mbps"] if rows else None
    title = f"UDP, {UDP_PAYLOAD_BYTES}-byte payload" + (f", transport network of {link:,.0f} Mbit/s" if link else "")
    finish(axis, title, "thousand packets per second", _LABELS, legend_columns=2)


def _place(row: Row) -> float:
    return float(_NAMES.index(str(row["path"])))


def _theory_mbps(row: Row) -> float:
    return number(row["efficiency_theory"]) * number(row["link_mbps"])
