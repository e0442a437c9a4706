"""Kinds of tunnels side by side: what each costs a gateway, by its headers and by its work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labs.tunnel_kinds.cases import COLUMNS, DECIMALS, MINOR_COLUMNS
from raslab.course.events import Emit
from raslab.course.lab import Lab
from raslab.course.results import Results


def run(seconds: float, emit: Emit) -> None:
    """Measure; imports what only the inside of a lab machine needs."""
    from labs.tunnel_kinds.measurement import run as measure

    measure(seconds, emit)


def report(results: Results, folder: Path) -> Path:
    """Write chart and page; imports what only the outside needs."""
    from labs.tunnel_kinds.page import write

    return write(results, folder)


def topology(mtu: int = 1500, rate_mbps: float | None = 1000, delay_ms: float = 0.2) -> Any:
    """The bed without a tunnel, for gateways to make one; see `GrePerformance`."""
    from topologies.gre_performance import GrePerformance

    return GrePerformance(path="none", mtu=mtu, rate_mbps=rate_mbps, delay_ms=delay_ms)


LAB = Lab(
    name="tunnel-kinds",
    title="Tunnels side by side",
    scenarios=("S20",),
    summary="Throughput between two gateways, routed and through GRE, IPsec by cipher, GRE over IPsec, WireGuard",
    columns=COLUMNS,
    minor_columns=MINOR_COLUMNS,
    decimals=DECIMALS,
    default_seconds={"virtual": 0.2, "real": 1.4},
    run=run,
    report=report,
    topology=topology,
    programs=("iperf3",),
)
