"""Builds the test bed for each path and MTU and measures on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labs.gre_performance.cases import (
    MTUS,
    PATHS,
    UDP_MTU,
    UDP_PAYLOAD_BYTES,
    Case,
    Path,
    all_cases,
    cases_on,
)
from raslab.course.events import Commands, Emit, Note, Progress, Row, Value
from raslab.course.throughput import figures
from raslab.machine.here import here
from raslab.measure import throughput
from raslab.net import Network
from topologies.gre_performance import GrePerformance


@dataclass(frozen=True)
class Conditions:
    """How the bed is built on each clock.

    link_mbps: rate of every link for TCP, None for unshaped; udp_link_mbps: rate of the transport network for UDP.
    delay_ms: one way across the transport network. warmup_s: start-up of each measurement that is left out.
    """

    link_mbps: float | None
    udp_link_mbps: float | None
    delay_ms: float
    warmup_s: float


VIRTUAL = Conditions(link_mbps=10_000, udp_link_mbps=100, delay_ms=0.2, warmup_s=0.1)
"""Where work takes no time only the links limit anything. UDP would need eleven million datagrams a second to fill
10 Gbit/s with 64 bytes each, and each costs the real processor 0.1 ms; 100 Mbit/s shows the same shares."""
REAL = Conditions(link_mbps=None, udp_link_mbps=None, delay_ms=0.0, warmup_s=0.5)

_OVERLOAD = 1.05
"""UDP is offered a little more than fits, so that the link is full and the queue takes the rest."""


def run(seconds: float, emit: Emit) -> None:
    """Measure every case, `seconds` of steady state each, and emit a row for each."""
    conditions = VIRTUAL if here().clock == "virtual" else REAL
    bench = _Bench(conditions, seconds, emit)
    for path in PATHS:
        for mtu in MTUS:
            bench.measure(path, mtu)
    for note in _notes(conditions):
        emit(Note(note))


class _Bench:
    """Goes through the cases and remembers what the later ones are compared with."""

    def __init__(self, conditions: Conditions, seconds: float, emit: Emit) -> None:
        self._conditions = conditions
        self._seconds = seconds
        self._emit = emit
        self._steps = len(all_cases())
        self._step = 0
        self._routed: dict[tuple[str, int, int], float] = {}

    def measure(self, path: Path, mtu: int) -> None:
        """Build the network of one path and one MTU, and measure its cases."""
        limits = self._conditions
        topo = GrePerformance(path=path.name, mtu=mtu, rate_mbps=limits.link_mbps, delay_ms=limits.delay_ms)
        with Network(topo) as net:
            if mtu == MTUS[0]:
                self._emit(Commands(f"The network of path {path.name}", net.commands))
            for case in cases_on(path, mtu):
                self._step += 1
                self._emit(Progress(self._step, self._steps, case.label))
                self._emit(self._row(net, case))

    def _row(self, net: Network, case: Case) -> Row:
        udp = case.protocol == "udp"
        link_mbps = self._conditions.udp_link_mbps if udp else self._conditions.link_mbps
        if udp and link_mbps is not None:
            net["gw2"].intf("wan0").set_impairment(rate_mbps=link_mbps)
        frame = throughput(
            net["host2"],
            net["host1"],
            streams=case.streams,
            protocol=case.protocol,
            ip_version=case.path.ip_version,
            length=UDP_PAYLOAD_BYTES if udp else None,
            rate_mbps=_OVERLOAD * case.efficiency_theory * link_mbps if udp and link_mbps is not None else None,
            warmup_s=self._conditions.warmup_s,
            duration_s=self._seconds,
        )
        if case.path is PATHS[0] and case.mtu == UDP_MTU:
            self._emit(Commands(f"Measuring {case.label}", frame.attrs["commands"]))
        (record,) = frame.to_dict("records")
        measured = {str(name): value for name, value in record.items()}
        routed = self._routed.setdefault((case.protocol, case.streams, case.mtu), measured["throughput_mbps"])
        return Row(row(case, link_mbps, measured, routed), figure(case, measured))


def row(case: Case, link_mbps: float | None, measured: dict[str, Any], routed_mbps: float) -> dict[str, Value]:
    """A row of the table. `routed_mbps` is what the same traffic got without a tunnel."""
    return {
        "path": case.path.name,
        "protocol": case.protocol,
        "streams": case.streams,
        "mtu": case.mtu,
        "overhead_bytes": case.path.encapsulation.overhead_bytes,
        "link_mbps": link_mbps,
        **figures(measured, link_mbps, case.efficiency_theory, routed_mbps),
    }


def figure(case: Case, measured: dict[str, Any]) -> str:
    """The figure to show while the lab runs."""
    if case.protocol == "udp":
        return f"{measured['packets_per_s']:,.0f} packets/s"
    return f"{measured['throughput_mbps']:,.0f} Mbit/s"


def _notes(conditions: Conditions) -> list[str]:
    if conditions.link_mbps is None:
        return [
            "The links are unshaped, so the processor is the limit: figures are of this computer and this moment,"
            " and efficiency_measured, a share of the link's rate, stays empty.",
            "UDP is sent as fast as one process can; what the receiver did not get is loss_percent.",
        ]
    return [
        f"Time is virtual: work takes no time and the links of {conditions.link_mbps:,.0f} Mbit/s are the only limit,"
        " so these figures do not depend on the computer's speed or load; cpu_percent stays empty.",
        f"UDP runs on a transport network of {conditions.udp_link_mbps:,.0f} Mbit/s and is offered"
        f" {_OVERLOAD - 1:.0%} more than fits.",
    ]
