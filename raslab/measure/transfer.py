"""Throughput between two nodes, by iperf3."""

from __future__ import annotations

import math
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import pandas as pd

from raslab.errors import BadMeasurementError, NotObservedError, ThroughputError
from raslab.machine.here import here
from raslab.measure.addresses import choose_address
from raslab.measure.frame import measured
from raslab.measure.grid import wait_for_grid
from raslab.measure.iperf import (
    INTERVAL_S,
    Interval,
    Report,
    Transfer,
    client_argv,
    parse_report,
    server_argv,
    window,
)
from raslab.measure.kernel_tables import ip_packets_received
from raslab.measure.processor import cpu
from raslab.measure.standstill import refuse_endless
from raslab.model.encapsulation import IpVersion, Transport
from raslab.net import Node
from raslab.net.endless import endless
from raslab.net.pulse import Deadline, pulse_of
from raslab.net.sockets import tcp_sockets
from raslab.net.waiting import ended_within, wait_until, wait_until_listening

COLUMNS = (
    "source",
    "destination",
    "address",
    "protocol",
    "streams",
    "duration_s",
    "throughput_mbps",
    "packets_per_s",
    "retransmits",
    "loss_percent",
    "jitter_ms",
    "cpu_percent",
)

# From the last connection to the first byte iperf3 exchanges a few messages; the run is this much longer.
_START_S = INTERVAL_S
_ANSWER_S = 10.0
_LOOK_S = 0.25
_BURST_DATAGRAMS = 33  # as observed with iperf3 3.12
_LARGEST_IN_ONE_PACKET = 1472


def throughput(
    src: Node,
    dst: Node,
    *,
    streams: int = 1,
    duration_s: float = 1.0,
    warmup_s: float = 0.2,
    protocol: Transport = "tcp",
    length: int | None = None,
    mss: int | None = None,
    rate_mbps: float | None = None,
    bidirectional: bool = False,
    ip_version: IpVersion | None = None,
    address: str | None = None,
    port: int = 5201,
    connect_timeout_s: float = 5.0,
) -> pd.DataFrame:
    """Send from `src` to `dst` and return one row per direction, as the receiver saw it in the steady state.

    streams: parallel connections. warmup_s: start-up that is left out; duration_s: what is measured after it; both
    are counted in iperf3's intervals of 0.1 s. length: bytes per write, in UDP the payload of a datagram. mss: TCP
    segment size. rate_mbps: payload per stream, None for as fast as possible. bidirectional: both ways at once,
    the second row is `dst` to `src`. ip_version, address: which address of `dst`; an address decides by itself,
    without either see `raslab.measure.addresses`.

    Columns: throughput_mbps is 10^6 payload bits per second. packets_per_s counts IP packets (UDP: datagrams) as on
    the wire, also where the kernel hands bundles of them around. retransmits, loss_percent and cpu_percent are of the
    measured time; cpu_percent is of the whole machine, NaN in virtual time.

    iperf3 begins with a burst of UDP datagrams and pauses until the rate is right again. Of datagrams that are cut into
    fragments, the burst can be more than a queue holds; its losses show when the pause is over, so the warm-up lasts
    as long as that, if that is longer.

    Raises ThroughputError, BadMeasurementError, ClockStandsStillError, NoAddressError, NotObservedError, and
    ProgramNotFoundError if iperf3 is not installed.
    """
    _check(streams, duration_s, warmup_s, length, rate_mbps)
    if protocol == "udp" and length is not None and rate_mbps is not None:
        warmup_s = max(warmup_s, _burst_s(length, rate_mbps))
    server_address, version = choose_address(src, dst, ip_version, address)
    if rate_mbps is None and src.network is not None:
        refuse_endless(src, dst, server_address, src.network.topology())
    transfer = Transfer(
        address=server_address,
        port=port,
        ip_version=version,
        protocol=protocol,
        streams=streams,
        longest_s=math.ceil(warmup_s + duration_s + _START_S),
        connect_timeout_s=connect_timeout_s,
        length=length,
        mss=mss,
        rate_mbps=rate_mbps,
        bidirectional=bidirectional,
    )
    outcome = _run(src, dst, transfer, warmup_s, duration_s)
    rows = [_row(src, dst, transfer, outcome, outcome.at_server, outcome.at_client, (warmup_s, duration_s))]
    if bidirectional:
        rows.append(_row(dst, src, transfer, outcome, outcome.at_client, outcome.at_server, (warmup_s, duration_s)))
    commands = [
        f"ip netns exec {dst.name} {' '.join(server_argv(port))}",
        f"ip netns exec {src.name} {' '.join(client_argv(transfer))}",
    ]
    return measured(rows, COLUMNS, src, commands)


def _burst_s(length: int, rate_mbps: float) -> float:
    """How long after its begin iperf3 has made up for its first burst; 0 for datagrams of one packet."""
    if length <= _LARGEST_IN_ONE_PACKET:
        return 0.0
    return round(_BURST_DATAGRAMS * length * 8 / (rate_mbps * 1e6) + 2 * INTERVAL_S, 1)


def _check(streams: int, duration_s: float, warmup_s: float, length: int | None, rate_mbps: float | None) -> None:
    for wrong, sentence in (
        (not 1 <= streams <= 128, f"streams={streams} is impossible: iperf3 runs 1 to 128 of them."),
        (
            not duration_s >= INTERVAL_S,
            f"duration_s={duration_s:g} is too short: iperf3 measures {INTERVAL_S:g} s or more.",
        ),
        (not warmup_s >= 0, f"warmup_s={warmup_s:g} is negative: give the seconds to leave out, 0 for none."),
        (length is not None and length < 1, f"length={length} is impossible: give the bytes per write."),
        (
            rate_mbps is not None and not rate_mbps > 0,
            f"rate_mbps={rate_mbps} is not a rate: leave it out for no limit.",
        ),
    ):
        if wrong:
            raise BadMeasurementError(sentence)


@dataclass(frozen=True)
class _Outcome:
    """What came of a run: both reports, packets per second that each node received, and how busy the machine was."""

    at_client: Report
    at_server: Report
    packets_per_s: dict[str, float]
    cpu_percent: float


def _run(src: Node, dst: Node, transfer: Transfer, warmup_s: float, duration_s: float) -> _Outcome:
    """Let data flow, and watch the nodes while it does.

    At real time the client ends by itself, after whole seconds, as iperf3 knows no others. It then polls without
    rest until the last packet has left every queue, which in virtual time is dear: there it is interrupted. That is
    safe only there, because a signal reaches a process while it waits; elsewhere iperf3 may be at work on memory
    that its signal handler needs.
    """
    packets_per_s: dict[str, float] = {}
    load = cpu()
    with _server(dst, transfer.port) as server:
        wait_for_grid()
        client = _start(src, client_argv(transfer))
        try:
            if _connected(dst, transfer, client) and not ended_within(client, warmup_s):
                before = {node: _packets(node, transfer) for node in (src, dst)}
                with load:
                    ended_within(client, duration_s)
                packets_per_s = {node.name: _packets(node, transfer).rate_since(before[node]) for node in before}
            if here().clock == "virtual" and not ended_within(client, _START_S):
                client.send_signal(signal.SIGINT)
            at_client = _report(client)
            if error := endless(src.name, dst.name, [at_client.error]):
                raise error
            if at_client.error or not packets_per_s:
                raise ThroughputError(
                    src.name,
                    f"could not measure to {transfer.address}:{transfer.port} on {dst.name}"
                    f" (connecting may take {transfer.connect_timeout_s:g} s)",
                    at_client.error or "it ended before its time",
                )
        finally:
            client.kill()
            client.wait()
        at_server = _report(server)
    if error := endless(dst.name, src.name, [at_server.error]):
        raise error
    # A server that was still sending complains about the interruption; what counts is that it measured.
    if at_server.error and not at_server.received:
        raise ThroughputError(dst.name, f"could not serve {src.name}", at_server.error)
    return _Outcome(at_client, at_server, packets_per_s, load.percent)


@dataclass(frozen=True)
class _Reading:
    time_s: float
    count: int

    def rate_since(self, earlier: _Reading) -> float:
        return (self.count - earlier.count) / (self.time_s - earlier.time_s)


def _packets(node: Node, transfer: Transfer) -> _Reading:
    """How many IP packets the node has received until now."""
    return _Reading(time.monotonic(), node.call(ip_packets_received, transfer.ip_version))


@contextmanager
def _server(node: Node, port: int) -> Iterator[subprocess.Popen[Any]]:
    """An iperf3 server that listens, and is gone afterwards.

    Raises ThroughputError, NotObservedError (it did not listen in time) and what `Node.popen` raises.
    """
    if node.call(tcp_sockets, port, "listening"):
        raise ThroughputError(
            node.name,
            f"cannot listen on port {port}",
            "another program there already does; end it or choose another port=",
        )
    server = _start(node, server_argv(port))
    try:
        if not wait_until_listening(node, port, server, _ANSWER_S):
            raise ThroughputError(node.name, f"did not listen on port {port}", _report(server).error or "")
        yield server
    finally:
        server.kill()
        server.communicate()


def _start(node: Node, argv: Sequence[str]) -> subprocess.Popen[Any]:
    """Start one end. From version 3.16 on its threads wait for each other without sleeping."""
    environment = here().patient_environment
    return node.popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def _connected(dst: Node, transfer: Transfer, client: subprocess.Popen[Any]) -> bool:
    """Wait until all connections are there; False if the client gave up before."""

    def all_there() -> tuple[bool, str]:
        count = dst.call(tcp_sockets, transfer.port, "established")
        return count >= transfer.connections, f"{count} of {transfer.connections} connections"

    what = f"iperf3 has connected to {transfer.address}:{transfer.port} on {dst.name}"
    try:
        return wait_until(what, all_there, client, transfer.connect_timeout_s + _ANSWER_S)
    except NotObservedError:
        client.send_signal(signal.SIGINT)  # it then says itself what it was waiting for
        return False


def _report(process: subprocess.Popen[Any]) -> Report:
    deadline = Deadline(_ANSWER_S, lambda: pulse_of(process.pid))
    while True:
        try:
            return parse_report(*process.communicate(timeout=_LOOK_S))
        except subprocess.TimeoutExpired:
            if deadline.passed():
                process.kill()
                process.communicate()
                return Report(error=f"it has not reported, and done nothing for {_ANSWER_S:g} s")


def _row(
    src: Node,
    dst: Node,
    transfer: Transfer,
    outcome: _Outcome,
    receiver: Report,
    sender: Report,
    measured_time: tuple[float, float],
) -> dict[str, Any]:
    arrived = window(receiver.received, *measured_time)
    if not arrived:
        flowed = max((one.end_s for one in receiver.received), default=0.0)
        raise ThroughputError(
            dst.name,
            f"received no data after the start-up of {measured_time[0]:g} s",
            f"data flowed for {flowed:.2f} s",
        )
    seconds = sum(one.seconds for one in arrived)
    row: dict[str, Any] = {
        "source": src.name,
        "destination": dst.name,
        "address": transfer.address,
        "protocol": transfer.protocol,
        "streams": transfer.streams,
        "duration_s": seconds,
        "throughput_mbps": _sum(arrived, "bytes") * 8 / 1e6 / seconds,
        "packets_per_s": outcome.packets_per_s[dst.name],
        "cpu_percent": outcome.cpu_percent,
    }
    if transfer.protocol == "udp":
        sent, lost = _sum(arrived, "packets"), _sum(arrived, "lost_packets")
        row["packets_per_s"] = (sent - lost) / seconds
        row["loss_percent"] = 100 * lost / sent if sent else math.nan
        row["jitter_ms"] = fmean(one.jitter_ms or 0.0 for one in arrived)
    else:
        row["retransmits"] = _sum(window(sender.sent, *measured_time), "retransmits")
    return row


def _sum(intervals: Sequence[Interval], field: str) -> int:
    return sum(getattr(one, field) or 0 for one in intervals)
