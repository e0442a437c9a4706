"""The node on which a gateway works: the interfaces, addresses and routes that are not the gateway's own. Pure.

A routing domain has surroundings of its own: its interfaces and the routes of its table. Its tunnels end outside, in
the `underlay`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from raslab.gateway.state import RoutingDomain
from raslab.model import addresses
from raslab.model.addresses import AnyAddress, AnyInterface, AnyNetwork
from raslab.model.next_hops import carrying
from raslab.model.paths import metric_of
from raslab.model.switching import Vxlan
from raslab.model.topology import Interface, Route, Topology, Tunnel, Vlan


@dataclass(frozen=True)
class Surroundings:
    """What a gateway finds on its node. devices: the names of all that is not an end of a link or a tunnel."""

    node: str
    interfaces: tuple[Interface | Tunnel | Vlan, ...] = ()
    routes: tuple[Route, ...] = ()
    domain: RoutingDomain | None = None
    outside: Surroundings | None = None
    vxlans: tuple[Vxlan, ...] = ()
    devices: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        topology: Topology,
        node: str,
        own: Collection[str] = (),
        added: Collection[tuple[str, str]] = (),
        own_routes: Collection[Route] = (),
    ) -> Surroundings:
        """The surroundings on `node`.

        own: names of the tunnels and devices that the gateway itself has made there; added: addresses that it has
        added, as pairs of interface and address; own_routes: routes that it has added.
        """
        ends = (end for link in topology.links for end in link.ends)
        bare = (
            replace(end, addresses=tuple(text for text in end.addresses if (end.name, text) not in added))
            for end in ends
        )
        vlans = (one for one in topology.devices if isinstance(one, Vlan))
        everything: tuple[Interface | Tunnel | Vlan, ...] = (*bare, *vlans, *topology.tunnels)
        return cls(
            node,
            tuple(one for one in everything if one.node == node and one.name not in own),
            tuple(
                route
                for route in topology.routes
                if route.node == node
                and route.dev not in own
                and route not in own_routes
                and route.vrf is None
                and route.table is None
            ),
            vxlans=tuple(one for one in topology.devices if isinstance(one, Vxlan) and one.node == node),
            devices=tuple(one.name for one in topology.devices if one.node == node and one.name not in own),
        )

    def within(self, domain: RoutingDomain, outside: Surroundings) -> Surroundings:
        """The surroundings of a routing domain on this node. outside: what no routing domain has."""
        inside = tuple(one for one in self.interfaces if one.name in domain.interfaces)
        return Surroundings(self.node, inside, (), domain, outside)

    def without(self, domains: Iterable[RoutingDomain]) -> Surroundings:
        """What is left for the node itself."""
        taken = {name for domain in domains for name in domain.interfaces}
        left = tuple(one for one in self.interfaces if one.name not in taken)
        return replace(self, interfaces=left, routes=tuple(one for one in self.routes if one.dev not in taken))

    @property
    def underlay(self) -> Surroundings:
        """Where tunnels end: outside of any routing domain."""
        return self.outside or self

    @property
    def vrf(self) -> str | None:
        """The VRF in which everything is that is inside, None without one."""
        return None if self.domain is None else self.domain.vrf

    @property
    def title(self) -> str:
        """What sentences call it: the node, or the routing domain on it."""
        return self.node if self.domain is None else f"{self.domain.name} on {self.node}"

    @property
    def prefix(self) -> str:
        """Before the names of what is one thing for all routing domains, such as route-maps."""
        return "" if self.domain is None else f"{self.domain.name}/"

    @property
    def names(self) -> list[str]:
        """The names of the interfaces."""
        return [interface.name for interface in self.interfaces]

    @cached_property
    def addresses(self) -> tuple[tuple[str, AnyInterface], ...]:
        """Each address with the name of its interface; the network itself says which cannot be read."""
        return tuple(
            (one.name, known)
            for one in self.interfaces
            for text in one.addresses
            if (known := addresses.readable(addresses.interface, text)) is not None
        )

    def owner_of(self, address: AnyAddress) -> str | None:
        """The interface that has an address."""
        return next((name for name, known in self.addresses if known.ip == address), None)

    def connected_to(self, address: AnyAddress) -> tuple[str, AnyInterface] | None:
        """The interface, and its address, on whose subnet an address is; the longest prefix counts."""
        return next(iter(carrying(address, ((one[1].network, one) for one in self.addresses))), None)

    def towards(self, address: AnyAddress) -> tuple[str, AnyInterface | None] | None:
        """The interface by which an address is reached, and the address that the node sends with; None if nowhere."""
        direct = self.connected_to(address)
        connected = -1 if direct is None else direct[1].network.prefixlen
        for route in sorted(self.routes, key=_preference):
            if address.version == _version(route) and address in _network(route) and _length(route) > connected:
                if route.via is not None and (hop := self.connected_to(addresses.address(route.via))) is not None:
                    return hop
                if route.dev is not None:
                    return route.dev, self._address_on(route.dev, address.version)
        return direct

    def default_interface(self, version: int) -> str | None:
        """The interface of the default route of an IP version."""
        return self._default_interfaces[version]

    @cached_property
    def _default_interfaces(self) -> dict[int, str | None]:
        """By IP version. Of the node's own each tenant asks."""
        nobodys = {4: addresses.address("192.0.0.0"), 6: addresses.address("2000::")}  # in nobody's prefix
        found = {version: self.towards(address) for version, address in nobodys.items()}
        return {version: way[0] if way else None for version, way in found.items()}

    def default_gateway(self, version: int) -> str | None:
        """The next hop of the default route of an IP version, None if there is none."""
        routes = [route for route in self.routes if not _length(route) and _version(route) == version]
        return min(routes, key=_preference).via if routes else None

    def _address_on(self, interface: str, version: int) -> AnyInterface | None:
        return next((known for name, known in self.addresses if name == interface and known.version == version), None)


def _preference(route: Route) -> tuple[int, int, str]:
    """The kernel's order: the longest prefix, then the lowest metric; of those with equal ones any."""
    return -_length(route), metric_of(route), f"{route.via} {route.dev}"


def _version(route: Route) -> int:
    if route.destination != "default":
        return addresses.network(route.destination).version
    return 6 if route.via is not None and ":" in route.via else 4


def _network(route: Route) -> AnyNetwork:
    if route.destination != "default":
        return addresses.network(route.destination)
    return addresses.network("::/0" if _version(route) == 6 else "0.0.0.0/0")


def _length(route: Route) -> int:
    return _network(route).prefixlen
