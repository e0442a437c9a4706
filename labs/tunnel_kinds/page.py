"""The report: a page that explains itself, with table and chart inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labs import throughput_page
from labs.tunnel_kinds.cases import DECIMALS, KINDS, MTU, ROUTED
from labs.tunnel_kinds.chart import draw
from raslab.course.results import Results

HERE = Path(__file__).parent


def write(results: Results, folder: Path) -> Path:
    """Write the chart and the page into `folder`; returns the page's path."""
    return throughput_page.write(results, folder, draw, render)


def render(results: Results, chart: bytes) -> str:
    """The page's HTML, complete in itself. Nothing in it depends on the date."""
    return throughput_page.render_page(
        HERE / "page.html.j2",
        results,
        chart,
        decimals=DECIMALS,
        group="tunnel",
        headers=_headers(),
        mtu=MTU,
    )


def _headers() -> list[dict[str, Any]]:
    """For each kind: what goes around the user's data in a full TCP segment."""
    return [
        {
            "name": kind.name,
            "title": kind.title,
            "inner_mtu": kind.segment.inner_bytes,
            "payload": kind.segment.payload_bytes,
            "overhead": kind.segment.overhead_bytes,
            "outer": kind.segment.outer_bytes,
            "efficiency": f"{kind.segment.efficiency:.4f}",
            "relative": f"{kind.segment.efficiency / ROUTED.segment.efficiency:.4f}",
        }
        for kind in KINDS
    ]
