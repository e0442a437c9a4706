"""Round-trip time and loss, by ICMP echo requests of our own (RFC 792, RFC 4443)."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

import pandas as pd

from raslab.errors import BadMeasurementError, UnreachableError
from raslab.measure.addresses import choose_address
from raslab.measure.frame import measured
from raslab.measure.prober import PROTOCOLS, Prober, Protocol, echo_socket
from raslab.model.encapsulation import IpVersion
from raslab.net import Node

COLUMNS = (
    "source",
    "destination",
    "address",
    "size_bytes",
    "sent",
    "received",
    "loss_percent",
    "min_ms",
    "avg_ms",
    "p50_ms",
    "p99_ms",
    "max_ms",
    "jitter_ms",
)
MAX_SIZE_BYTES = 65507


def latency(
    src: Node,
    dst: Node,
    *,
    count: int = 10,
    interval_s: float = 0.01,
    size: int = 56,
    timeout_s: float = 1.0,
    ip_version: IpVersion | None = None,
    address: str | None = None,
) -> pd.DataFrame:
    """Send `count` echo requests from `src` to `dst`, one every `interval_s` seconds; one row.

    size: bytes of ICMP payload. timeout_s: how long to wait for answers after the last request. ip_version,
    address: which address of `dst`; an address decides by itself, without either see `raslab.measure.addresses`. One
    request more goes ahead and is not counted, so that address resolution is not measured.

    Columns: times in ms, NaN if nothing came back. p50 and p99 are the smallest observed times that half and 99 %
    of the answers did not exceed. jitter_ms is the mean difference, without sign, between successive answers.

    Raises BadMeasurementError, NoAddressError, UnreachableError.
    """
    if count < 1 or not interval_s > 0 or not timeout_s > 0 or not 0 <= size <= MAX_SIZE_BYTES:
        raise BadMeasurementError(
            f"latency cannot send {count} requests of {size} bytes every {interval_s:g} s: count from 1,"
            f" interval_s and timeout_s above 0, size from 0 to {MAX_SIZE_BYTES}."
        )
    target, version = choose_address(src, dst, ip_version, address)
    try:
        times = src.call(_probe, PROTOCOLS[version], target, count, interval_s, size, timeout_s)
    except OSError as error:
        raise UnreachableError(src.name, target, error.strerror or str(error)) from error
    answered = [one for one in times if one is not None]
    row = {
        "source": src.name,
        "destination": dst.name,
        "address": target,
        "size_bytes": size,
        "sent": count,
        "received": len(answered),
        "loss_percent": 100 * (count - len(answered)) / count,
    } | summary(answered)
    command = f"ip netns exec {src.name} ping -c {count} -i {interval_s:g} -s {size} {target}"
    return measured([row], COLUMNS, src, [command])


def summary(times_ms: Sequence[float]) -> dict[str, float]:
    """min_ms, avg_ms, p50_ms, p99_ms, max_ms and jitter_ms of round-trip times in the order they were measured."""
    if not times_ms:
        return dict.fromkeys(("min_ms", "avg_ms", "p50_ms", "p99_ms", "max_ms", "jitter_ms"), math.nan)
    ordered = sorted(times_ms)
    steps = [abs(later - earlier) for earlier, later in pairwise(times_ms)]
    return {
        "min_ms": ordered[0],
        "avg_ms": fmean(ordered),
        "p50_ms": _percentile(ordered, 50),
        "p99_ms": _percentile(ordered, 99),
        "max_ms": ordered[-1],
        "jitter_ms": fmean(steps) if steps else 0.0,
    }


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """Nearest rank: a time that was really observed."""
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]


def _probe(
    protocol: Protocol, address: str, count: int, interval_s: float, size: int, timeout_s: float
) -> list[float | None]:
    """Round-trip times in ms, None for a lost one; runs in a thread inside the node's namespace."""
    with echo_socket(protocol, address) as sock:
        prober = Prober(protocol, sock, bytes(size))
        prober.send(0)
        prober.receive_until(time.monotonic() + timeout_s, enough=1)
        begin = time.monotonic()
        for number in range(1, count + 1):
            prober.receive_until(begin + (number - 1) * interval_s)
            prober.send(number)
        prober.receive_until(time.monotonic() + timeout_s, enough=count + 1)
    return [prober.time_ms(number) for number in range(1, count + 1)]
