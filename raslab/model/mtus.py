"""How large the packets inside of tunnels and VLANs may be: what the interface below them has room for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from raslab.model import addresses
from raslab.model.addresses import AnyAddress
from raslab.model.encapsulation import MPLS_LABEL_BYTES, VXLAN, around
from raslab.model.switching import Bridge, Vxlan
from raslab.model.topology import (
    DEFAULT_MTU,
    AnyInterface,
    Interface,
    Route,
    Topology,
    Tunnel,
    Vlan,
    Vrf,
    destination,
    everything,
)
from raslab.model.vrfs import Vrfs

Sized = Interface | Tunnel | Vlan | Bridge | Vxlan


class Room(NamedTuple):
    """Bytes: the MTU of what is below (None where its user chose the MTU), and what is taken of it."""

    below: int | None
    taken: int


class Mtus:
    """MTUs of tunnels and VLANs, bytes: what the user chose, or what the interface below has room for.

    The interface below a tunnel is the one with the tunnel's local address, outside all VRFs; it may be a tunnel
    itself. Tunnels that would carry each other end at DEFAULT_MTU. MPLS labels of the route to the other end take room
    too.
    """

    def __init__(
        self, interfaces: Iterable[AnyInterface], routes: Iterable[Route], vrf_of: Callable[[AnyInterface], str | None]
    ) -> None:
        """routes: of these nodes; vrf_of: the VRF of an interface, None outside of all."""
        self._named: dict[tuple[str, str], Sized] = {}
        self._owners: dict[tuple[str, AnyAddress], list[Sized]] = {}
        self._routes: dict[str, list[Route]] = {}
        for route in routes:
            if route.vrf is None:
                self._routes.setdefault(route.node, []).append(route)
        self._labelled = {node for node, here in self._routes.items() if any(route.labels for route in here)}
        for one in interfaces:
            if isinstance(one, Vrf):
                continue
            self._named[one.node, one.name] = one
            if vrf_of(one) is None:
                for text in one.addresses:
                    self._owners.setdefault((one.node, addresses.interface(text).ip), []).append(one)

    @classmethod
    def of_topology(cls, topology: Topology) -> Mtus:
        """Those of a valid topology."""
        return cls(everything(topology), topology.routes, Vrfs(topology).of)

    def of(self, one: Sized, above: tuple[Tunnel | Vxlan, ...] = ()) -> int:
        """The MTU of one of them, which carries the tunnels `above`."""
        room = self.room(one, above)
        if room.below is not None:
            return room.below - room.taken
        return DEFAULT_MTU if one.mtu is None else one.mtu

    def room(self, one: Sized, above: tuple[Tunnel | Vxlan, ...] = ()) -> Room:
        """What the MTU of one of them follows from."""
        if one.mtu is not None or isinstance(one, Bridge):
            return Room(None, 0)
        if isinstance(one, Vlan):  # the tag is no part of the MTU: IEEE 802.3, 3.2.7, gives frames 4 bytes more for it
            parent = self._named.get((one.node, one.parent))
            return Room(self.of(parent, above) if parent is not None else DEFAULT_MTU, 0)
        assert isinstance(one, Tunnel | Vxlan)  # the ends of links have theirs
        carriers = self._owners.get((one.node, addresses.address(one.local)), ())
        found = [self.of(carrier, (one, *above)) for carrier in carriers if carrier not in (one, *above)]
        below = min(found, default=DEFAULT_MTU)
        if isinstance(one, Vxlan):
            return Room(below, VXLAN.overhead_bytes)
        return Room(below, around(one).overhead_bytes + MPLS_LABEL_BYTES * self._labels(one))

    def _labels(self, tunnel: Tunnel) -> int:
        """How many labels the node's most specific route to the other end puts before the outer packets."""
        if tunnel.node not in self._labelled:
            return 0
        remote = addresses.address(tunnel.remote)
        fitting = [
            (network.prefixlen, len(route.labels))
            for route in self._routes[tunnel.node]
            if remote in (network := destination(route))
        ]
        return max(fitting, default=(0, 0))[1]
