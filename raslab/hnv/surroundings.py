"""The physical side of a datacenter: what the network has without what the datacenter itself has made. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from raslab.model import addresses
from raslab.model.topology import NodeKind, Topology

AnyAddress = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Surroundings:
    """What a datacenter stands on.

    kinds: nodes and what they are. interfaces: the names of each node's interfaces. addresses: by node and address,
    the interface that has it, and that interface's MTU in bytes.
    """

    kinds: dict[str, NodeKind]
    interfaces: dict[str, tuple[str, ...]]
    addresses: dict[tuple[str, AnyAddress], tuple[str, int]]

    @classmethod
    def of(cls, topology: Topology, own: frozenset[tuple[str, str]] = frozenset()) -> Surroundings:
        """own: node and name of the interfaces that the datacenter has made."""
        ends = [end for link in topology.links for end in link.ends if (end.node, end.name) not in own]
        names: dict[str, list[str]] = {node.name: [] for node in topology.nodes}
        for one in (*ends, *topology.tunnels, *topology.devices):
            if (one.node, one.name) not in own and one.node in names:
                names[one.node].append(one.name)
        known = {
            (end.node, found.ip): (end.name, end.mtu)
            for end in ends
            for text in end.addresses
            if (found := addresses.readable(addresses.interface, text)) is not None
        }
        return cls(
            {node.name: node.kind for node in topology.nodes},
            {node: tuple(found) for node, found in names.items()},
            known,
        )
