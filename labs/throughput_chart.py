"""What the charts of labs about throughput have in common: bars by number of connections, with theory marked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from raslab.course.events import Value

COLORS = {1: "#7aa6d6", 8: "#1f5a99"}
THEORY_COLOR = "#b3261e"
BAR = 0.38

Row = dict[str, Value]
Figure = Callable[[Row], float]


@contextmanager
def panels(file: Path, number: int, size: tuple[float, float]) -> Iterator[Sequence[Any]]:
    """So many axes, one below the other, drawn into a PNG at the end. size: inches."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(number, 1, figsize=size, layout="constrained")
    yield list(axes)
    # Without the software's version in it, the same figures make the same file.
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)


def bars_by_streams(
    axis: Any, rows: Sequence[Row], place: Callable[[Row], float], value: Figure, theory: Figure, format_: str
) -> None:
    """A bar for each row, those of one place side by side. theory: marked where the link has a rate."""
    for index, (streams, color) in enumerate(COLORS.items()):
        chosen = [row for row in rows if row["streams"] == streams]
        places = [place(row) + (index - 0.5) * BAR for row in chosen]
        label = f"{streams} connection{'s' if streams > 1 else ''}"
        bars = axis.bar(places, [value(row) for row in chosen], BAR * 0.94, color=color, label=label)
        axis.bar_label(bars, fmt=format_, padding=2, fontsize=8)
        for where, row in zip(places, chosen, strict=True):
            if row["link_mbps"] is not None:
                theory_mark(axis, where, theory(row))


def theory_mark(axis: Any, place: float, value: float) -> None:
    """A line where a bar should end."""
    known = THEORY_COLOR in {line.get_color() for line in axis.lines}
    ends = (place - BAR / 2, place + BAR / 2)
    axis.plot(ends, (value, value), color=THEORY_COLOR, linewidth=2, label=None if known else "theory")


def finish(axis: Any, title: str, unit: str, names: Sequence[str], legend_columns: int) -> None:
    """Titles, names below the bars, a legend beside the title."""
    axis.set_title(title, loc="left", fontweight="bold")
    axis.set_ylabel(unit)
    axis.set_xticks(range(len(names)), names)
    axis.margins(y=0.16)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(loc="upper right", bbox_to_anchor=(1, 1.14), ncols=legend_columns, frameon=False, fontsize=9)


def number(value: Value) -> float:
    """A figure of a row, 0 if it is empty."""
    return float(value or 0)


def unit_of(rows: Sequence[Row]) -> tuple[float, str]:
    """By what to divide Mbit/s, and what it is then."""
    fast = max((number(row["throughput_mbps"]) for row in rows), default=0) >= 1000
    return (1000, "Gbit/s") if fast else (1, "Mbit/s")
