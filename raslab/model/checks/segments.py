"""Addresses that share a layer 2 segment: a wire, or all wires that switches join; each VLAN is one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from itertools import combinations

from raslab.model.checks.facts import Address, Facts
from raslab.model.port_vlans import heeding, vlans_of
from raslab.model.topology import Interface, Vlan

_Key = tuple[object, ...]
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


class _Joined:
    """Keys that were joined have the same root, by whatever way (a union-find forest)."""

    def __init__(self) -> None:
        self._above: dict[_Key, _Key] = {}

    def __contains__(self, key: _Key) -> bool:
        return key in self._above

    def root(self, key: _Key) -> _Key:
        while (above := self._above.setdefault(key, key)) != key:
            self._above[key] = self._above.get(above, above)
            key = above
        return key

    def join(self, one: _Key, other: _Key) -> None:
        self._above[self.root(one)] = self.root(other)


def _segments(facts: Facts) -> list[list[_Member]]:
    """The interfaces of hosts and routers, grouped by segment and VLAN.

    Wires and switches that pass all tags are one place each; switches that heed VLANs join such places VLAN by VLAN,
    each under the tag that the VLAN has there, None without.
    """
    filters = heeding(facts.topology)

    def is_switch(interface: Interface) -> bool:
        node = facts.nodes.get(interface.node)
        return node is not None and node.kind.is_switch

    def key_of(interface: Interface) -> _Key:
        # All ports of a switch are the same place, unless it tells VLANs apart.
        return (interface.node,) if is_switch(interface) and interface.node not in filters else _end(interface)

    ends = [end for link in facts.topology.links for end in link.ends]
    places, tagged = _Joined(), _Joined()
    for link in facts.topology.links:
        places.join(key_of(link.a), key_of(link.b))
    for port in ends:
        if port.node in filters:
            for vlan, untagged in vlans_of(port).items():
                tagged.join((places.root(key_of(port)), None if untagged else str(vlan)), (port.node, str(vlan)))
    groups: dict[_Key, list[_Member]] = {}
    for end in ends:
        if not is_switch(end):
            groups.setdefault(tagged.root((places.root(key_of(end)), None)), []).append(end)
    for device in facts.topology.devices:
        if isinstance(device, Vlan) and (parent := (device.node, device.parent)) in places:
            groups.setdefault(tagged.root((places.root(parent), str(device.vlan_id))), []).append(device)
    return list(groups.values())


def _end(interface: Interface) -> _Key:
    return interface.node, interface.name


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
