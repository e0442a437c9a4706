"""Figures that a plan derives from a topology: queue lengths, tunnel overheads, tunnel MTUs."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_interface
from math import ceil

from raslab.model.checks.interfaces import MAX_QUEUE_PACKETS
from raslab.model.encapsulation import around
from raslab.model.topology import DEFAULT_MTU, Impairment, Interface, Topology, Tunnel

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


def tunnel_mtu(tunnel: Tunnel, topology: Topology, above: tuple[Tunnel, ...] = ()) -> int:
    """Inner MTU of a tunnel, bytes: what its user chose, or that of the interface below less the headers.

    The interface below is the one with the tunnel's local address; it may be a tunnel itself, but none of those
    `above`: tunnels that would carry each other end here.
    """
    if tunnel.mtu is not None:
        return tunnel.mtu
    local = ip_address(tunnel.local)

    def carries(interface: Interface | Tunnel) -> bool:
        return interface.node == tunnel.node and any(ip_interface(a).ip == local for a in interface.addresses)

    below = DEFAULT_MTU
    for interface in filter(carries, interfaces(topology)):
        below = interface.mtu
    for other in filter(carries, topology.tunnels):
        if other not in (tunnel, *above):
            below = tunnel_mtu(other, topology, (tunnel, *above))
    return around(tunnel).inner_mtu(below)


def interfaces(topology: Topology) -> Iterable[Interface]:
    """All ends of all links."""
    return (end for link in topology.links for end in link.ends)
