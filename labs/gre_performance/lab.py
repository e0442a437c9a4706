"""GRE performance: what the tunnels of a RAS gateway cost (scenario S20)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labs.gre_performance.cases import COLUMNS, DECIMALS, MINOR_COLUMNS
from raslab.course.events import Emit
from raslab.course.lab import Lab
from raslab.course.results import Results


def run(seconds: float, emit: Emit) -> None:
    """Measure; imports what only the inside of a lab machine needs."""
    from labs.gre_performance.measurement import run as measure

    measure(seconds, emit)


def report(results: Results, folder: Path) -> Path:
    """Write chart and page; imports what only the outside needs."""
    from labs.gre_performance.page import write

    return write(results, folder)


def topology(path: str = "gre-key", mtu: int = 1500, rate_mbps: float | None = 1000, delay_ms: float = 0.2) -> Any:
    """The bed for one path, with links that have a rate, so that their use can be seen; see `GrePerformance`."""
    from topologies.gre_performance import GrePerformance

    return GrePerformance(path=path, mtu=mtu, rate_mbps=rate_mbps, delay_ms=delay_ms)


LAB = Lab(
    name="gre-performance",
    title="GRE performance bed",
    scenarios=("S20",),
    summary="Throughput from intranet 2 to intranet 1 through two gateways, routed and in four kinds of GRE",
    columns=COLUMNS,
    minor_columns=MINOR_COLUMNS,
    decimals=DECIMALS,
    default_seconds={"virtual": 0.1, "real": 1.4},
    run=run,
    report=report,
    topology=topology,
    programs=("iperf3",),
)
