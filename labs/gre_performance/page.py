"""The report: a page that explains itself, with table and chart inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labs import throughput_page
from labs.gre_performance.cases import DECIMALS, MTUS, PATHS, UDP_PAYLOAD_BYTES, all_cases
from labs.gre_performance.chart import draw
from raslab.course.results import Results

HERE = Path(__file__).parent

WINDOWS_FIGURES = (
    (
        "2.0 Gbit/s",
        "many TCP sessions, processor at 100 %",
        "Windows Server, version 1709; gateway VM with 10 cores"
        " and 8 GB, 10 Gbit/s NIC, hyper-threading off, active/passive cluster; this very test bed",
    ),
    ("0.4 – 0.5 Gbit/s", "one TCP session, one core saturated", "the same"),
    ("2.5 Gbit/s", "one connection", "Windows Server 2016; not reconciled with the line above in the documents"),
    ("15 Gbit/s", "one connection", "Windows Server 2019"),
)
"""What Microsoft's documents say about GRE: figure, traffic, conditions (RAS Gateway GRE performance; SDN gateway
performance)."""


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
        group="path",
        headers=_headers(),
        best=_best(results),
        windows=WINDOWS_FIGURES,
        mtus=MTUS,
        udp_payload=UDP_PAYLOAD_BYTES,
    )


def _headers() -> list[dict[str, Any]]:
    """For each path: what goes around the user's data in a full TCP segment on a 1500-byte link."""
    return [
        {
            "path": case.path.name,
            "overhead": case.path.encapsulation.overhead_bytes,
            "inner_mtu": case.path.encapsulation.inner_mtu(case.mtu),
            "payload": case.payload_bytes,
            "frame": case.path.encapsulation.frame_bytes(case.payload_bytes, case.protocol, case.path.ip_version),
            "efficiency": f"{case.efficiency_theory:.4f}",
        }
        for case in all_cases()
        if case.mtu == MTUS[0] and case.protocol == "tcp" and case.streams == 1
    ]


def _best(results: Results) -> list[dict[str, str]]:
    """Our figures for the comparison: plain GRE at MTU 1500."""
    return [
        {"figure": f"{float(row['throughput_mbps'] or 0) / 1000:.2f} Gbit/s", "streams": str(row["streams"])}
        for row in results.rows
        if row["path"] == PATHS[1].name and row["mtu"] == MTUS[0] and row["protocol"] == "tcp"
    ]
