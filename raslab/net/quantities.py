"""Figures that a plan derives from a topology: lengths of queues."""

from __future__ import annotations

from math import ceil

from raslab.model.checks.interfaces import MAX_QUEUE_PACKETS
from raslab.model.topology import Impairment

MIN_QUEUE_PACKETS = 1000
QUEUE_ROOM_MS = 25.0
UNSHAPED_MBPS = 10_000.0  # what a wire without a rate is assumed to carry, for the length of its queue
_PACKET_BITS = 1500 * 8


def queue_limit(impairment: Impairment) -> int:
    """Packets that the queue of a shaped interface must hold.

    netem keeps the packets that are on the wire and those that wait for it in one queue, so it holds the
    bandwidth-delay product and 25 ms of waiting at full-sized packets, and at least 1000.
    """
    if impairment.limit_packets is not None:
        return impairment.limit_packets
    rate = impairment.rate_mbps if impairment.rate_mbps is not None else UNSHAPED_MBPS
    held_ms = impairment.delay_ms + impairment.jitter_ms + QUEUE_ROOM_MS
    return min(max(MIN_QUEUE_PACKETS, ceil(rate * 1e3 * held_ms / _PACKET_BITS)), MAX_QUEUE_PACKETS)
