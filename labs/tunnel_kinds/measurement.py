"""Builds the test bed for each kind of tunnel and measures on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labs.tunnel_kinds.cases import COLUMNS, KINDS, MTU, ROUTED, STREAMS, Case, Kind, all_cases
from labs.tunnel_kinds.tunnels import build
from raslab.course.events import Commands, Emit, Note, Progress, Row, Value
from raslab.course.throughput import figures, rounded
from raslab.machine.here import here
from raslab.measure import throughput
from raslab.net import Network
from topologies.gre_performance import GrePerformance


@dataclass(frozen=True)
class Conditions:
    """How the bed is built on each clock: the rate of every link, None for unshaped; the delay one way; the start-up
    of each measurement that is left out.
    """

    link_mbps: float | None
    delay_ms: float
    warmup_s: float


VIRTUAL = Conditions(link_mbps=1000, delay_ms=0.2, warmup_s=0.2)
"""Where work takes no time only the links limit anything. 1 Gbit/s, because each byte is really encrypted."""
REAL = Conditions(link_mbps=None, delay_ms=0.0, warmup_s=0.5)


def run(seconds: float, emit: Emit) -> None:
    """Measure every case, `seconds` of steady state each, and emit a row for each."""
    conditions = VIRTUAL if here().clock == "virtual" else REAL
    bench = _Bench(conditions, seconds, emit)
    for kind in KINDS:
        bench.measure(kind)
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
        self._routed: dict[int, float] = {}

    def measure(self, kind: Kind) -> None:
        """Build the network with one kind of tunnel, and measure its cases."""
        limits = self._conditions
        path = "routed" if kind is ROUTED else "none"
        topo = GrePerformance(path=path, mtu=MTU, rate_mbps=limits.link_mbps, delay_ms=limits.delay_ms)
        with Network(topo) as net:
            if kind is ROUTED:
                self._emit(Commands("The network, routed", net.commands))
            else:
                self._emit(Commands(f"{kind.title}, on gw1", build(net, kind)))
            for streams in STREAMS:
                case = Case(kind, streams)
                self._step += 1
                self._emit(Progress(self._step, self._steps, case.label))
                self._emit(self._row(net, case))

    def _row(self, net: Network, case: Case) -> Row:
        frame = throughput(
            net["host2"],
            net["host1"],
            streams=case.streams,
            warmup_s=self._conditions.warmup_s,
            duration_s=self._seconds,
        )
        (record,) = frame.to_dict("records")
        measured = {str(name): value for name, value in record.items()}
        mbps = measured["throughput_mbps"]
        routed = self._routed.setdefault(case.streams, mbps)
        return Row(row(case, self._conditions.link_mbps, measured, routed), f"{mbps:,.0f} Mbit/s")


def row(case: Case, link_mbps: float | None, measured: dict[str, Any], routed_mbps: float) -> dict[str, Value]:
    """A row of the table. `routed_mbps` is what the same traffic got without a tunnel."""
    segment = case.kind.segment
    values: dict[str, Value] = {
        "tunnel": case.kind.name,
        "streams": case.streams,
        "inner_mtu": segment.inner_bytes,
        "overhead_bytes": segment.overhead_bytes,
        "link_mbps": link_mbps,
        "expected_mbps": None if link_mbps is None else rounded(segment.efficiency * link_mbps, 1),
        "relative_theory": rounded(segment.efficiency / ROUTED.segment.efficiency, 4),
        **figures(measured, link_mbps, segment.efficiency, routed_mbps),
    }
    return {name: values[name] for name in COLUMNS}


def _notes(conditions: Conditions) -> list[str]:
    if conditions.link_mbps is None:
        return [
            "The links are unshaped, so the processor is the limit: figures are of this computer and this moment, and"
            " the one processor of the lab machine sends, encrypts, decrypts and receives."
        ]
    return [
        f"Time is virtual: work takes no time and the links of {conditions.link_mbps:,.0f} Mbit/s are the only limit,"
        " so these figures do not depend on the computer's speed or load; cpu_percent stays empty."
    ]
