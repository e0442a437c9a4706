"""What the pages of labs about throughput have in common: chart and table inside, complete in itself."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from labs import page
from raslab.course.results import Results
from raslab.course.table import cell, filled_columns

CHART = "throughput.png"
UNITS = {
    "overhead_bytes": "overhead, bytes",
    "inner_mtu": "MTU inside, bytes",
    "link_mbps": "link, Mbit/s",
    "throughput_mbps": "throughput, Mbit/s",
    "expected_mbps": "expected, Mbit/s",
    "packets_per_s": "packets/s",
    "loss_percent": "loss, %",
    "cpu_percent": "CPU, %",
    "efficiency_measured": "efficiency measured",
    "efficiency_theory": "efficiency in theory",
    "relative_to_routed": "relative to routed",
    "relative_theory": "relative in theory",
}
"""Headings of columns whose names are not words."""


def write(
    results: Results,
    folder: Path,
    draw: Callable[[Results, Path], None],
    render: Callable[[Results, bytes], str],
) -> Path:
    """Draw the chart and write the page into `folder`; returns the page's path."""
    draw(results, folder / CHART)
    written = folder / page.PAGE
    written.write_text(render(results, (folder / CHART).read_bytes()), encoding="utf-8")
    return written


def render_page(
    template: Path, results: Results, chart: bytes, *, decimals: Mapping[str, int], group: str, **facts: Any
) -> str:
    """A page's HTML from a template that extends ours. Nothing in it depends on the date.

    decimals: of the figures in the table; group: the column whose changes are marked by a line; facts: what else the
    template wants.
    """
    shown = filled_columns(results.columns, results.rows)
    following = [*results.rows[1:], *results.rows[-1:]]
    return page.template(template).render(
        results=results,
        virtual=results.started.clock == "virtual",
        headings=[UNITS.get(name, name) for name in shown],
        cells=[[cell(row.get(name), decimals.get(name)) for name in shown] for row in results.rows],
        is_text=[isinstance(results.rows[0].get(name), str) for name in shown] if results.rows else [],
        last_of_group=[row[group] != after[group] for row, after in zip(results.rows, following, strict=True)],
        chart=base64.b64encode(chart).decode(),
        command=page.command(results, f"--duration {results.started.seconds:g}"),
        **facts,
    )
