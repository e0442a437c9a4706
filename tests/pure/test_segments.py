"""Bundles of segments in captures: as many as both ends agreed on, whatever the direction."""

from __future__ import annotations

from typing import Any

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import GRE, Ether
from scapy.packet import Packet as Scapy
from scapy.packet import Raw

from raslab.measure.capture_files import Packet
from raslab.measure.dissection import rows
from raslab.notebook.ladder import ladder

STAMPS = [("NOP", None), ("NOP", None), ("Timestamp", (1, 2))]


def way(*, back: bool = False) -> Scapy:
    """IP from one end to the other."""
    ends = ("10.0.0.2", "10.0.0.1") if back else ("10.0.0.1", "10.0.0.2")
    return IP(src=ends[0], dst=ends[1])


def tcp(flags: str, *, back: bool = False, **others: Any) -> Scapy:
    ports = (80, 40000) if back else (40000, 80)
    return TCP(sport=ports[0], dport=ports[1], flags=flags, **others)


HANDSHAKE = (
    way() / tcp("S", options=[("NOP", None), ("MSS", 1460)]),
    way(back=True) / tcp("SA", back=True, options=[("MSS", 1400)]),
)


def counted(*packets: Scapy, before: Scapy | None = None) -> list[int | None]:
    frames = [
        bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / (before / one if before else one))
        for one in packets
    ]
    return [row["segments"] for row in rows([Packet(n, frame, len(frame), 1) for n, frame in enumerate(frames)])]


@pytest.mark.parametrize("before", [None, IP(src="192.0.2.1", dst="192.0.2.2") / GRE()])
@pytest.mark.parametrize(("length", "segments"), [(0, 1), (1400, 1), (1401, 2), (14_000, 10), (14_001, 11)])
def test_the_smaller_mss_counts_both_ways(length: int, segments: int, before: Scapy | None) -> None:
    there, back = way() / tcp("A") / Raw(bytes(length)), way(back=True) / tcp("PA", back=True) / Raw(bytes(length))
    assert counted(*HANDSHAKE, there, back, before=before) == [1, 1, segments, segments]


def test_options_take_room_from_each_segment() -> None:
    stamped = way() / tcp("A", options=STAMPS) / Raw(bytes(1400))
    assert counted(*HANDSHAKE, stamped) == [1, 1, 2]


def test_without_a_beginning_only_what_fits_is_known() -> None:
    assert counted(way() / tcp("A") / Raw(bytes(1460)), way() / tcp("A") / Raw(bytes(1461))) == [1, None]


def test_what_is_not_tcp_is_one_packet() -> None:
    assert counted(*HANDSHAKE, way() / UDP() / Raw(bytes(9000))) == [1, 1, 1]


def test_a_ladder_says_so() -> None:
    row = {"time_s": 0, "length_bytes": 9000, "source": "10.0.0.1", "destination": "10.0.0.2", "protocol": "tcp"}
    assert ladder([row | {"segments": 7}], {}).steps[0].words == "TCP, 9000 B in 7 segments"
    assert ladder([row | {"segments": 1}], {}).steps[0].words == "TCP, 9000 B"
