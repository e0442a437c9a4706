"""The chart of the report: throughput by path and number of connections, theory beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labs.gre_performance.cases import MTUS, PATHS, UDP_PAYLOAD_BYTES
from raslab.course.events import Value
from raslab.course.results import Results

COLORS = {1: "#7aa6d6", 8: "#1f5a99"}
UDP_COLOR = "#c98a2b"
THEORY_COLOR = "#b3261e"
_BAR = 0.38


def draw(results: Results, file: Path) -> None:
    """Write a PNG: one panel per MTU for TCP, and one for small UDP packets."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(len(MTUS) + 1, 1, figsize=(9, 10.5), layout="constrained")
    for axis, mtu in zip(axes, MTUS, strict=False):
        _tcp_panel(axis, [row for row in results.rows if row["protocol"] == "tcp" and row["mtu"] == mtu], mtu)
    _udp_panel(axes[-1], [row for row in results.rows if row["protocol"] == "udp"])
    # Without the software's version in it, the same figures make the same file.
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _tcp_panel(axis: Any, rows: list[dict[str, Value]], mtu: int) -> None:
    scale, unit = (1000, "Gbit/s") if max(map(_mbps, rows), default=0) >= 1000 else (1, "Mbit/s")
    for index, (streams, color) in enumerate(COLORS.items()):
        chosen = [row for row in rows if row["streams"] == streams]
        places = [place + (index - 0.5) * _BAR for place in _places(chosen)]
        label = f"{streams} connection{'s' if streams > 1 else ''}"
        bars = axis.bar(places, [_mbps(row) / scale for row in chosen], _BAR * 0.94, color=color, label=label)
        axis.bar_label(bars, fmt="%.2f" if scale > 1 else "%.0f", padding=2, fontsize=8)
        for place, row in zip(places, chosen, strict=True):
            if row["link_mbps"] is not None:
                _theory_mark(axis, place, _theory_mbps(row) / scale)
    _finish(axis, f"TCP, MTU {mtu} bytes", f"throughput, {unit}", legend_columns=3)


def _udp_panel(axis: Any, rows: list[dict[str, Value]]) -> None:
    places = _places(rows)
    values = [float(row["packets_per_s"] or 0) / 1000 for row in rows]
    bars = axis.bar(places, values, 2 * _BAR, color=UDP_COLOR, label=f"UDP, {UDP_PAYLOAD_BYTES}-byte payload")
    axis.bar_label(bars, fmt="%.1f", padding=2, fontsize=8)
    for place, row in zip(places, rows, strict=True):
        if row["link_mbps"] is not None:
            _theory_mark(axis, place, _theory_mbps(row) * 1e6 / (8 * UDP_PAYLOAD_BYTES) / 1000)
    link = rows[0]["link_mbps"] if rows else None
    title = f"UDP, {UDP_PAYLOAD_BYTES}-byte payload" + (f", transport network of {link:,.0f} Mbit/s" if link else "")
    _finish(axis, title, "thousand packets per second", legend_columns=2)


def _places(rows: list[dict[str, Value]]) -> list[float]:
    names = [path.name for path in PATHS]
    return [float(names.index(str(row["path"]))) for row in rows]


def _mbps(row: dict[str, Value]) -> float:
    return float(row["throughput_mbps"] or 0)


def _theory_mbps(row: dict[str, Value]) -> float:
    return float(row["efficiency_theory"] or 0) * float(row["link_mbps"] or 0)


def _theory_mark(axis: Any, place: float, value: float) -> None:
    known = THEORY_COLOR in {line.get_color() for line in axis.lines}
    ends = (place - _BAR / 2, place + _BAR / 2)
    axis.plot(ends, (value, value), color=THEORY_COLOR, linewidth=2, label=None if known else "theory")


def _finish(axis: Any, title: str, unit: str, legend_columns: int) -> None:
    axis.set_title(title, loc="left", fontweight="bold")
    axis.set_ylabel(unit)
    axis.set_xticks(range(len(PATHS)), [path.name.replace("-ipv6-payload", "\nipv6-payload") for path in PATHS])
    axis.margins(y=0.16)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(loc="upper right", bbox_to_anchor=(1, 1.14), ncols=legend_columns, frameon=False, fontsize=9)
