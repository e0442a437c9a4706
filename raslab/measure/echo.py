"""Round-trip time and loss, by ICMP echo requests of our own (RFC 792, RFC 4443)."""

from __future__ import annotations

import math
import os
import select
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import pandas as pd

from raslab.errors import BadMeasurementError, UnreachableError
from raslab.measure.addresses import choose_address
from raslab.measure.frame import measured
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

_HEADER = struct.Struct("!BBHHH")
_TIMESPEC = struct.Struct("@qq")
_SO_TIMESTAMPNS = 35  # asm-generic/socket.h; the socket module does not have it
_ICMP_FILTER = 1  # linux/icmp.h; linux/icmpv6.h uses the same number
_BUFFER_BYTES = 1 << 16


@dataclass(frozen=True)
class _Protocol:
    family: socket.AddressFamily
    number: int
    request: int
    reply: int
    filter_level: int  # of setsockopt: SOL_RAW or SOL_ICMPV6 of linux/socket.h, which Python does not have

    def reply_filter(self) -> bytes:
        """The option value by which the kernel drops all types but the reply."""
        if self.family == socket.AF_INET:
            return struct.pack("@I", ~(1 << self.reply) & 0xFFFFFFFF)
        words = [0xFFFFFFFF] * 8
        words[self.reply // 32] &= ~(1 << self.reply % 32)
        return struct.pack("@8I", *words)

    def header_start(self, packet: bytes) -> int:
        """Where ICMP begins: a raw IPv4 socket hands out the IP header too, whose length is in its first byte."""
        return (packet[0] & 0x0F) * 4 if self.family == socket.AF_INET else 0


_PROTOCOLS: dict[IpVersion, _Protocol] = {
    4: _Protocol(socket.AF_INET, socket.IPPROTO_ICMP, request=8, reply=0, filter_level=255),
    6: _Protocol(socket.AF_INET6, socket.IPPROTO_ICMPV6, request=128, reply=129, filter_level=58),
}


def latency(
    src: Node,
    dst: Node,
    *,
    count: int = 10,
    interval_s: float = 0.01,
    size: int = 56,
    timeout_s: float = 1.0,
    ip_version: IpVersion = 4,
    address: str | None = None,
) -> pd.DataFrame:
    """Send `count` echo requests from `src` to `dst`, one every `interval_s` seconds; one row.

    size: bytes of ICMP payload. timeout_s: how long to wait for answers after the last request. ip_version,
    address: which address of `dst`; an address decides by itself. One request more goes ahead and is not counted,
    so that address resolution is not measured.

    Columns: times in ms, NaN if nothing came back. p50 and p99 are the smallest observed times that half and 99 %
    of the answers did not exceed. jitter_ms is the mean difference, without sign, between successive answers.

    Raises BadMeasurementError, NoAddressError, UnreachableError.
    """
    if count < 1 or not interval_s > 0 or not timeout_s > 0 or not 0 <= size <= MAX_SIZE_BYTES:
        raise BadMeasurementError(
            f"latency cannot send {count} requests of {size} bytes every {interval_s:g} s: count from 1,"
            f" interval_s and timeout_s above 0, size from 0 to {MAX_SIZE_BYTES}."
        )
    target, version = choose_address(dst, ip_version, address)
    try:
        times = src.call(_probe, _PROTOCOLS[version], target, count, interval_s, size, timeout_s)
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
    protocol: _Protocol, address: str, count: int, interval_s: float, size: int, timeout_s: float
) -> list[float | None]:
    """Round-trip times in ms, None for a lost one; runs in a thread inside the node's namespace."""
    with socket.socket(protocol.family, socket.SOCK_RAW, protocol.number) as sock:
        sock.setsockopt(protocol.filter_level, _ICMP_FILTER, protocol.reply_filter())
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        sock.connect((address, 0))
        prober = _Prober(protocol, sock, bytes(size))
        prober.send(0)
        prober.receive_until(time.monotonic() + timeout_s, enough=1)
        begin = time.monotonic()
        for number in range(1, count + 1):
            prober.receive_until(begin + (number - 1) * interval_s)
            prober.send(number)
        prober.receive_until(time.monotonic() + timeout_s, enough=count + 1)
    return [prober.time_ms(number) for number in range(1, count + 1)]


class _Prober:
    """Sends numbered requests and notes when each was sent and answered (kernel time stamps on reception)."""

    def __init__(self, protocol: _Protocol, sock: socket.socket, payload: bytes) -> None:
        self._protocol = protocol
        self._socket = sock
        self._payload = payload
        self._identifier = os.getpid() & 0xFFFF
        self._sent_ns: dict[int, int] = {}
        self._answered_ns: dict[int, int] = {}

    def send(self, number: int) -> None:
        sequence = number & 0xFFFF
        head = _HEADER.pack(self._protocol.request, 0, 0, self._identifier, sequence)
        if self._protocol.family == socket.AF_INET:  # for ICMPv6 the kernel computes it: RFC 3542 section 3.1
            checksum = internet_checksum(head + self._payload)
            head = _HEADER.pack(self._protocol.request, 0, checksum, self._identifier, sequence)
        self._sent_ns[number] = time.time_ns()
        self._socket.send(head + self._payload)

    def receive_until(self, deadline: float, enough: int | None = None) -> None:
        """Take in answers until the deadline on the monotonic clock, or until `enough` have come in all."""
        while enough is None or len(self._answered_ns) < enough:
            readable, _, _ = select.select([self._socket], [], [], max(deadline - time.monotonic(), 0.0))
            if not readable:
                return
            self._receive()

    def _receive(self) -> None:
        packet, ancillary, _, _ = self._socket.recvmsg(_BUFFER_BYTES, socket.CMSG_SPACE(_TIMESPEC.size))
        seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2])
        start = self._protocol.header_start(packet)
        _, _, _, identifier, sequence = _HEADER.unpack_from(packet, start)
        if identifier != self._identifier:
            return
        # Sequence numbers have 16 bits: an answer belongs to the newest request that bears its number.
        newest = max(self._sent_ns)
        number = newest - ((newest - sequence) & 0xFFFF)
        if number in self._sent_ns:
            self._answered_ns.setdefault(number, seconds * 1_000_000_000 + nanoseconds)

    def time_ms(self, number: int) -> float | None:
        """Round-trip time of one request."""
        answered = self._answered_ns.get(number)
        return None if answered is None else (answered - self._sent_ns[number]) / 1e6


def internet_checksum(data: bytes) -> int:
    """RFC 1071: the one's complement of the one's complement sum of 16-bit words."""
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
