"""Figures that a plan derives from a topology: queue lengths, tunnel overheads, tunnel MTUs."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_interface
from math import ceil

from raslab.model.topology import DEFAULT_MTU, Impairment, Interface, Topology, Tunnel

MIN_QUEUE_PACKETS = 1000
QUEUE_ROOM_MS = 25.0
UNSHAPED_MBPS = 10_000.0  # what a wire without a rate is assumed to carry, for the length of its queue
_PACKET_BITS = 1500 * 8

_GRE_BYTES = {"gre": 4, "gretap": 4 + 14}  # RFC 2784, and the inner Ethernet header
_KEY_BYTES = 4  # RFC 2890
_OUTER_BYTES = {4: 20, 6: 40}


def queue_limit(impairment: Impairment) -> int:
    """Packets that the queue of a shaped interface must hold.

    netem keeps the packets that are on the wire and those that wait for it in one queue, so it holds the
    bandwidth-delay product and 25 ms of waiting at full-sized packets, and at least 1000.
    """
    if impairment.limit_packets is not None:
        return impairment.limit_packets
    rate = impairment.rate_mbps if impairment.rate_mbps is not None else UNSHAPED_MBPS
    held_ms = impairment.delay_ms + impairment.jitter_ms + QUEUE_ROOM_MS
    return max(MIN_QUEUE_PACKETS, ceil(rate * 1e3 * held_ms / _PACKET_BITS))


def tunnel_overhead(tunnel: Tunnel) -> int:
    """Bytes that the tunnel puts before each inner packet: outer IP, GRE, key, and for gretap inner Ethernet."""
    return (
        _OUTER_BYTES[ip_address(tunnel.local).version]
        + _GRE_BYTES[tunnel.kind]
        + (_KEY_BYTES if tunnel.key is not None else 0)
    )


def tunnel_mtu(tunnel: Tunnel, topology: Topology) -> int:
    """Inner MTU of a tunnel, bytes: what its user chose, or the MTU of the interface below less the overhead."""
    if tunnel.mtu is not None:
        return tunnel.mtu
    local = ip_address(tunnel.local)
    below = DEFAULT_MTU
    for interface in interfaces(topology):
        if interface.node == tunnel.node and any(ip_interface(a).ip == local for a in interface.addresses):
            below = interface.mtu
    return below - tunnel_overhead(tunnel)


def interfaces(topology: Topology) -> Iterable[Interface]:
    """All ends of all links."""
    return (end for link in topology.links for end in link.ends)
