"""Figures that a plan derives from a topology: queue lengths, MTUs of tunnels and VLANs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from math import ceil

from raslab.model import addresses
from raslab.model.checks.interfaces import MAX_QUEUE_PACKETS
from raslab.model.encapsulation import MPLS_LABEL_BYTES, VXLAN, around
from raslab.model.switching import Bridge, Vxlan
from raslab.model.topology import DEFAULT_MTU, AnyInterface, Impairment, Interface, Route, Topology, Tunnel, Vlan, Vrf
from raslab.model.vrfs import Vrfs

MIN_QUEUE_PACKETS = 1000
QUEUE_ROOM_MS = 25.0
UNSHAPED_MBPS = 10_000.0  # what a wire without a rate is assumed to carry, for the length of its queue
_PACKET_BITS = 1500 * 8
_Ip = IPv4Address | IPv6Address
_Sized = Interface | Tunnel | Vlan | Bridge | Vxlan


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


class Mtus:
    """MTUs of a topology's tunnels and VLANs, bytes: what the user chose, or what the interface below has room for.

    The interface below a tunnel is the one with the tunnel's local address, outside all VRFs; it may be a tunnel
    itself. Tunnels that would carry each other end at DEFAULT_MTU. MPLS labels of the route to the other end take room
    too.
    """

    def __init__(self, topology: Topology) -> None:
        vrfs = Vrfs(topology)
        self._named: dict[tuple[str, str], _Sized] = {}
        self._owners: dict[tuple[str, _Ip], list[_Sized]] = {}
        self._routes: dict[str, list[Route]] = {}
        if any(route.labels for route in topology.routes):
            for route in topology.routes:
                if route.vrf is None:
                    self._routes.setdefault(route.node, []).append(route)
        for one in everything(topology):
            if not isinstance(one, Vrf):
                self._named[one.node, one.name] = one
            if not isinstance(one, Vrf) and vrfs.of(one) is None:
                for address in one.addresses:
                    self._owners.setdefault((one.node, addresses.interface(address).ip), []).append(one)

    def of(self, one: _Sized, above: tuple[Tunnel | Vxlan, ...] = ()) -> int:
        """The MTU of one of them, which carries the tunnels `above`."""
        if one.mtu is not None:
            return one.mtu
        if isinstance(one, Vlan):  # the tag is no part of the MTU: IEEE 802.3, 3.2.7, gives frames 4 bytes more for it
            parent = self._named.get((one.node, one.parent))
            return self.of(parent, above) if parent is not None else DEFAULT_MTU
        if isinstance(one, Bridge):
            return DEFAULT_MTU
        assert isinstance(one, Tunnel | Vxlan)  # the ends of links have theirs
        below = DEFAULT_MTU
        for carrier in self._owners.get((one.node, addresses.address(one.local)), ()):
            if carrier not in (one, *above):
                below = self.of(carrier, (one, *above))
        if isinstance(one, Vxlan):
            return VXLAN.inner_mtu(below)
        return around(one).inner_mtu(below - MPLS_LABEL_BYTES * self._labels(one))

    def _labels(self, tunnel: Tunnel) -> int:
        """How many labels the node's most specific route to the other end puts before the outer packets."""
        remote = addresses.address(tunnel.remote)
        fitting = [
            (network.prefixlen, len(route.labels))
            for route in self._routes.get(tunnel.node, ())
            if remote in (network := destination(route))
        ]
        return max(fitting, default=(0, 0))[1]


def destination(route: Route) -> IPv4Network | IPv6Network:
    """The prefix of a route; ``default`` is of the family of its next hop."""
    if route.destination != "default":
        return addresses.network(route.destination)
    return addresses.network("::/0" if route.via is not None and ":" in route.via else "0.0.0.0/0")


def interfaces(topology: Topology) -> Iterable[Interface]:
    """All ends of all links."""
    return (end for link in topology.links for end in link.ends)


def everything(topology: Topology) -> Iterator[AnyInterface]:
    """All ends of all links, then tunnels, then devices."""
    yield from interfaces(topology)
    yield from topology.tunnels
    yield from topology.devices
