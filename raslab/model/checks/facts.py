"""What the checks look up about a topology, worked out once."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface, IPv6Interface
from math import inf

from raslab.model import addresses
from raslab.model.topology import AnyInterface, Node, Topology, Vrf
from raslab.model.vrfs import Vrfs

Address = IPv4Interface | IPv6Interface


class Facts:
    """Nodes by name, interfaces by node, and parsed addresses of a topology that may be wrong."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.vrfs = Vrfs(topology)
        self.nodes: dict[str, Node] = {node.name: node for node in topology.nodes}
        self.interfaces: dict[str, list[AnyInterface]] = {}
        self._by_vrf: dict[tuple[str, str | None], list[AnyInterface]] = {}
        for interface in self.all_interfaces():
            self.interfaces.setdefault(interface.node, []).append(interface)
            self._by_vrf.setdefault((interface.node, self.vrfs.of(interface)), []).append(interface)
        self._parsed: dict[str, Address | None] = {}

    def all_interfaces(self) -> Iterator[AnyInterface]:
        """Ends of links, then tunnels, then devices."""
        for link in self.topology.links:
            yield from link.ends
        yield from self.topology.tunnels
        yield from self.topology.devices

    def named(self, node: str, name: str) -> AnyInterface | None:
        """The interface of a node that has this name."""
        return next((interface for interface in self.interfaces.get(node, []) if interface.name == name), None)

    def vrfs_of(self, node: str) -> list[str]:
        """Names of the VRFs of a node."""
        return [interface.name for interface in self.interfaces.get(node, []) if isinstance(interface, Vrf)]

    def address(self, text: str) -> Address | None:
        """The address with its subnet, or None if it cannot be read or has no prefix length."""
        if text not in self._parsed:
            try:
                self._parsed[text] = addresses.interface(text) if "/" in text else None
            except (ValueError, TypeError):
                self._parsed[text] = None
        return self._parsed[text]

    def addresses_of(
        self, node: str, vrf: str | None = None, except_for: AnyInterface | None = None
    ) -> Iterator[Address]:
        """All readable addresses of a node in one VRF (None: the default one), those of one interface left out."""
        for interface in self._by_vrf.get((node, vrf), []):
            if interface is not except_for:
                for text in interface.addresses:
                    if (address := self.address(str(text))) is not None:
                        yield address

    def has_unreadable_address(self, node: str) -> bool:
        """True if one of the node's addresses cannot be read."""
        return any(
            self.address(str(text)) is None
            for interface in self.interfaces.get(node, [])
            for text in interface.addresses
        )


def is_number(value: object) -> bool:
    """True for int and float, not for bool, infinity and what is no number (NaN)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -inf < value < inf


def is_integer(value: object) -> bool:
    """True for int, not for bool."""
    return isinstance(value, int) and not isinstance(value, bool)
