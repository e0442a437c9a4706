"""The report: a page that explains itself, with table and chart inside."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from labs.gre_performance.cases import DECIMALS, MTUS, PATHS, UDP_PAYLOAD_BYTES, all_cases
from labs.gre_performance.chart import draw
from raslab.course.results import Results
from raslab.course.table import cell, filled_columns

HERE = Path(__file__).parent
CHART = "throughput.png"
PAGE = "index.html"

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

UNITS = {
    "overhead_bytes": "overhead, bytes",
    "link_mbps": "link, Mbit/s",
    "throughput_mbps": "throughput, Mbit/s",
    "packets_per_s": "packets/s",
    "loss_percent": "loss, %",
    "cpu_percent": "CPU, %",
    "efficiency_measured": "efficiency measured",
    "efficiency_theory": "efficiency in theory",
    "relative_to_routed": "relative to routed",
}


def write(results: Results, folder: Path) -> Path:
    """Write the chart and the page into `folder`; returns the page's path."""
    draw(results, folder / CHART)
    page = folder / PAGE
    page.write_text(render(results, (folder / CHART).read_bytes()), encoding="utf-8")
    return page


def render(results: Results, chart: bytes) -> str:
    """The page's HTML, complete in itself. Nothing in it depends on the date."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE, encoding="utf-8"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    shown = filled_columns(results.columns, results.rows)
    return environment.get_template("page.html.j2").render(
        results=results,
        virtual=results.started.clock == "virtual",
        headings=[UNITS.get(name, name) for name in shown],
        cells=[[cell(row.get(name), DECIMALS.get(name)) for name in shown] for row in results.rows],
        is_text=[isinstance(results.rows[0].get(name), str) for name in shown] if results.rows else [],
        last_of_path=[
            index + 1 < len(results.rows) and row["path"] != results.rows[index + 1]["path"]
            for index, row in enumerate(results.rows)
        ],
        chart=base64.b64encode(chart).decode(),
        headers=_headers(),
        best=_best(results),
        windows=WINDOWS_FIGURES,
        mtus=MTUS,
        udp_payload=UDP_PAYLOAD_BYTES,
        command=_command(results),
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


def _command(results: Results) -> str:
    words = ["raslab run", results.lab, f"--machine {results.started.machine}"]
    words += ["--virtual-time"] if results.started.clock == "virtual" else []
    return " ".join([*words, f"--duration {results.started.seconds:g}", "--report DIR"])
