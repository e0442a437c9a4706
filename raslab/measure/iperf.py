"""iperf3's command line and its JSON report, without running it.

Known to differ between versions (3.12 of Debian 12, 3.16 of Ubuntu 24.04, newer ones): a report may be printed
twice (3.17), fields may be missing after an interruption. So only the per-interval sums are used, and each of
their fields may be absent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from raslab.model.encapsulation import IpVersion, Transport

INTERVAL_S = 0.1
"""The shortest time between two reports of iperf3."""
ENDED_BY_US = "the client has terminated"
"""What both ends say when the client is interrupted, as raslab does at the end of the time asked for."""


@dataclass(frozen=True)
class Transfer:
    """What iperf3 shall do, from the client's side.

    address: of the server; streams: parallel connections; length: bytes per write, in UDP the datagram's payload;
    mss: TCP maximum segment size in bytes; rate_mbps: per stream, 10^6 payload bits per second, None for unlimited;
    longest_s: whole seconds after which iperf3 ends by itself.
    """

    address: str
    port: int
    ip_version: IpVersion
    protocol: Transport
    streams: int
    longest_s: int
    connect_timeout_s: float
    length: int | None = None
    mss: int | None = None
    rate_mbps: float | None = None
    bidirectional: bool = False

    @property
    def connections(self) -> int:
        """TCP connections that the server holds while data flows: one for control, and one per TCP stream."""
        data = self.streams * (1 + self.bidirectional) if self.protocol == "tcp" else 0
        return 1 + data


def server_argv(port: int) -> list[str]:
    """A server for one test that reports in JSON."""
    return ["iperf3", "-s", "-1", "-J", "-i", f"{INTERVAL_S}", "-p", f"{port}"]


def client_argv(transfer: Transfer) -> list[str]:
    """The client for one test, reporting in JSON."""
    argv = ["iperf3", f"-{transfer.ip_version}", "-c", transfer.address, "-p", f"{transfer.port}"]
    argv += ["-J", "-i", f"{INTERVAL_S}", "-t", f"{transfer.longest_s}", "-P", f"{transfer.streams}"]
    argv += ["--connect-timeout", f"{round(transfer.connect_timeout_s * 1000)}"]
    if transfer.protocol == "udp":
        # Without this iperf3 sends 1 Mbit/s; 0 is as fast as it can.
        argv += ["-u", "-b", _bits(transfer.rate_mbps or 0)]
    elif transfer.rate_mbps is not None:
        argv += ["-b", _bits(transfer.rate_mbps)]
    if transfer.length is not None:
        argv += ["-l", f"{transfer.length}"]
    if transfer.mss is not None:
        argv += ["-M", f"{transfer.mss}"]
    if transfer.bidirectional:
        argv += ["--bidir"]
    return argv


def _bits(mbps: float) -> str:
    return f"{round(mbps * 1e6)}"


@dataclass(frozen=True)
class Interval:
    """The sum over all streams in one direction between two moments of a test, as one end saw it.

    packets: datagrams sent, lost ones included (UDP receiver only); jitter_ms: RFC 3550 section 6.4.1.
    """

    start_s: float
    end_s: float
    bytes: int
    retransmits: int | None = None
    packets: int | None = None
    lost_packets: int | None = None
    jitter_ms: float | None = None

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Report:
    """One end's report of a test.

    received, sent: intervals of the direction in which this end was the receiver or the sender.
    error: what went wrong in iperf3's words, None if nothing did.
    """

    received: tuple[Interval, ...] = ()
    sent: tuple[Interval, ...] = ()
    error: str | None = None


def parse_report(stdout: str, stderr: str = "") -> Report:
    """Read what iperf3 -J printed; never raises: whatever is wrong ends up in `error`."""
    try:
        document, _ = json.JSONDecoder().raw_decode(stdout.lstrip())
    except json.JSONDecodeError:
        said = " ".join((stderr or stdout).split())
        return Report(error=said.removeprefix("iperf3: ") or "it printed no report")
    if not isinstance(document, Mapping):
        return Report(error=f"its report is not an object but {document!r}")
    sums = [
        value
        for interval in _list(document.get("intervals"))
        if isinstance(interval, Mapping)
        for name, value in interval.items()
        if name.startswith("sum") and isinstance(value, Mapping)
    ]
    return Report(
        received=_intervals(total for total in sums if not total.get("sender")),
        sent=_intervals(total for total in sums if total.get("sender")),
        error=_error(document.get("error")),
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _error(value: Any) -> str | None:
    text = str(value or "").removeprefix("error - ")
    return None if not text or text.endswith(ENDED_BY_US) else text


def _intervals(sums: Iterable[Mapping[str, Any]]) -> tuple[Interval, ...]:
    """In order and each once: an interrupted iperf3 repeats the last one."""
    return tuple(dict.fromkeys(_interval(total) for total in sums))


def _interval(total: Mapping[str, Any]) -> Interval:
    return Interval(
        start_s=float(total.get("start") or 0.0),
        end_s=float(total.get("end") or 0.0),
        bytes=int(total.get("bytes") or 0),
        retransmits=total.get("retransmits"),
        packets=total.get("packets"),
        lost_packets=total.get("lost_packets"),
        jitter_ms=total.get("jitter_ms"),
    )


def window(intervals: Sequence[Interval], warmup_s: float, duration_s: float) -> list[Interval]:
    """The intervals that begin after the start-up and within `duration_s` of it.

    iperf3's timer fires a little off, on a busy computer a lot: hence the tolerance of half an interval, and hence
    no word about their ends. A rate over them is exact in any case.
    """
    begin = warmup_s - INTERVAL_S / 2
    return [one for one in intervals if begin <= one.start_s < begin + duration_s and one.seconds >= INTERVAL_S / 2]
