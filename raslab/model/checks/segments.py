"""Addresses that share a layer 2 segment: a wire, or all wires that switches join; each VLAN is one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from itertools import combinations

from raslab.model.checks.facts import Address, Facts
from raslab.model.topology import Interface, Vlan

_Key = tuple[str, ...]
_Member = Interface | Vlan


def check(facts: Facts) -> Iterator[str]:
    """The same address twice, and subnets that overlap without being the same, on one segment."""
    for members in _segments(facts):
        placed = [
            (address, interface)
            for interface in members
            for text in interface.addresses
            if (address := facts.address(str(text))) is not None and not address.ip.is_link_local
        ]
        yield from _duplicates(placed)
        yield from _overlaps(placed)


def _segments(facts: Facts) -> list[list[_Member]]:
    """The interfaces of hosts and routers, grouped by segment and VLAN."""
    parent: dict[_Key, _Key] = {}

    def root(key: _Key) -> _Key:
        while (above := parent.setdefault(key, key)) != key:
            parent[key] = parent.get(above, above)
            key = above
        return key

    def key_of(interface: Interface) -> _Key:
        node = facts.nodes.get(interface.node)
        # All ports of a switch are the same place.
        return (interface.node,) if node is not None and node.kind.is_switch else (interface.node, interface.name)

    for link in facts.topology.links:
        parent[root(key_of(link.a))] = root(key_of(link.b))
    groups: dict[object, list[_Member]] = {}
    for link in facts.topology.links:
        for end in link.ends:
            if len(key_of(end)) > 1:
                groups.setdefault(root(key_of(end)), []).append(end)
    for device in facts.topology.devices:
        if isinstance(device, Vlan) and (device.node, device.parent) in parent:
            groups.setdefault((root((device.node, device.parent)), str(device.vlan_id)), []).append(device)
    return list(groups.values())


def _duplicates(placed: list[tuple[Address, _Member]]) -> Iterator[str]:
    first: dict[object, _Member] = {}
    for address, interface in placed:
        other = first.setdefault(address.ip, interface)
        if other is not interface:
            yield (
                f"Address {address.ip} is used twice on one segment, "
                f"by node {other.node} and by node {interface.node}: "
                "give one of them another address."
            )


def _overlaps(placed: list[tuple[Address, _Member]]) -> Iterator[str]:
    distinct: dict[IPv4Network | IPv6Network, _Member] = {}
    for address, interface in placed:
        if address.network.prefixlen < address.network.max_prefixlen:  # a lone host address overlaps by intention
            distinct.setdefault(address.network, interface)
    for (a, interface_a), (b, interface_b) in combinations(distinct.items(), 2):
        if a.version == b.version and a.overlaps(b):
            yield (
                f"Subnet {a} of node {interface_a.node} and subnet {b} of node {interface_b.node} "
                "overlap on one segment: "
                "give both the same prefix length, or separate subnets."
            )
