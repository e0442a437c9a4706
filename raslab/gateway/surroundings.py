"""The node on which a gateway works: the interfaces, addresses and routes that are not the gateway's own. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)

from raslab.model.topology import Interface, Route, Topology, Tunnel

AnyAddress = IPv4Address | IPv6Address
AnyInterface = IPv4Interface | IPv6Interface


@dataclass(frozen=True)
class Surroundings:
    """What a gateway finds on its node."""

    node: str
    interfaces: tuple[Interface | Tunnel, ...] = ()
    routes: tuple[Route, ...] = ()

    @classmethod
    def of(
        cls,
        topology: Topology,
        node: str,
        own: Collection[str] = (),
        added: Collection[tuple[str, str]] = (),
    ) -> Surroundings:
        """The surroundings on `node`.

        own: names of the tunnels that the gateway itself has made there; added: addresses that it has added, as pairs
        of interface and address.
        """
        ends = (end for link in topology.links for end in link.ends)
        bare = (
            replace(end, addresses=tuple(text for text in end.addresses if (end.name, text) not in added))
            for end in ends
        )
        everything: tuple[Interface | Tunnel, ...] = (*bare, *topology.tunnels)
        return cls(
            node,
            tuple(one for one in everything if one.node == node and one.name not in own),
            tuple(route for route in topology.routes if route.node == node and route.dev not in own),
        )

    @property
    def names(self) -> list[str]:
        """The names of the interfaces."""
        return [interface.name for interface in self.interfaces]

    @property
    def addresses(self) -> Iterator[tuple[str, AnyInterface]]:
        """Each address with the name of its interface."""
        for interface in self.interfaces:
            for text in interface.addresses:
                yield interface.name, ip_interface(text)

    def owner_of(self, address: AnyAddress) -> str | None:
        """The interface that has an address."""
        return next((name for name, known in self.addresses if known.ip == address), None)

    def connected_to(self, address: AnyAddress) -> tuple[str, AnyInterface] | None:
        """The interface, and its address, on whose subnet an address is; the longest prefix counts."""
        found = [(name, known) for name, known in self.addresses if address in known.network]
        return max(found, key=lambda one: one[1].network.prefixlen, default=None)

    def towards(self, address: AnyAddress) -> tuple[str, AnyInterface | None] | None:
        """The interface by which an address is reached, and the address that the node sends with; None if nowhere."""
        direct = self.connected_to(address)
        if direct is not None:
            return direct
        for route in sorted(self.routes, key=_length, reverse=True):
            if address.version == _version(route) and address in _network(route):
                if route.via is not None and (hop := self.connected_to(ip_address(route.via))) is not None:
                    return hop
                if route.dev is not None:
                    return route.dev, self._address_on(route.dev, address.version)
        return None

    def default_interface(self, version: int) -> str | None:
        """The interface of the default route of an IP version."""
        found = self.towards(ip_address("192.0.0.0" if version == 4 else "2000::"))  # in nobody's prefix
        return found[0] if found else None

    def _address_on(self, interface: str, version: int) -> AnyInterface | None:
        return next((known for name, known in self.addresses if name == interface and known.version == version), None)


def _version(route: Route) -> int:
    if route.destination != "default":
        return ip_network(route.destination).version
    return 6 if route.via is not None and ":" in route.via else 4


def _network(route: Route) -> IPv4Network | IPv6Network:
    if route.destination != "default":
        return ip_network(route.destination)
    return ip_network("::/0" if _version(route) == 6 else "0.0.0.0/0")


def _length(route: Route) -> int:
    return _network(route).prefixlen
