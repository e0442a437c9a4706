"""Virtual networks, their subnets and their routes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from itertools import combinations
from uuid import UUID

from raslab.hnv.state import MAX_VSID, MIN_VSID, CustomerRoute, DatacenterState, VirtualNetwork, VirtualSubnet
from raslab.model import addresses

AnyNetwork = IPv4Network | IPv6Network

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_ROOM = 4
"""Addresses that a subnet has at least: its own, the router's, one machine's, and that for everybody."""


def check(state: DatacenterState) -> Iterator[str]:
    """Names, GUIDs, VSIDs and prefixes."""
    names: set[str] = set()
    guids: dict[str, str] = {}
    vsids: dict[int, str] = {}
    for network in state.networks:
        where = f"virtual network {network.name}"
        if network.name in names:
            yield f"There are two virtual networks {network.name}: give one of them another name."
        names.add(network.name)
        if not _NAME.fullmatch(network.name):
            yield (
                f"The name {network.name!r} of a virtual network is impossible: "
                "begin with a letter, and use letters, digits, dots, dashes and underscores."
            )
        yield from _guid(network, guids)
        for subnet in network.subnets:
            yield from _vsid(subnet, where, vsids)
            yield from _prefixes(subnet, where)
        yield from _overlaps(network, where)


def check_routes(state: DatacenterState) -> Iterator[str]:
    """Routes that lead nowhere, or twice to one place."""
    for network in state.networks:
        seen: set[object] = set()
        for route in network.routes:
            where = f"route to {route.destination} in virtual network {network.name}"
            problem = _unreadable(route, where) or _no_way(route, network, where)
            if problem:
                yield problem
            elif route.network in seen:
                yield f"There are two routes to {route.destination} in virtual network {network.name}: leave one out."
            else:
                seen.add(route.network)


def _guid(network: VirtualNetwork, seen: dict[str, str]) -> Iterator[str]:
    try:
        guid = str(UUID(network.routing_domain_id))
    except ValueError:
        yield (
            f"Routing domain ID {network.routing_domain_id} of virtual network {network.name} is no GUID: "
            "write one, or leave it out."
        )
        return
    other = seen.setdefault(guid, network.name)
    if other != network.name:
        yield f"Virtual networks {other} and {network.name} have the same routing domain ID: each needs its own."


def _vsid(subnet: VirtualSubnet, where: str, seen: dict[int, str]) -> Iterator[str]:
    if not isinstance(subnet.vsid, int) or isinstance(subnet.vsid, bool) or not MIN_VSID <= subnet.vsid <= MAX_VSID:
        yield f"VSID {subnet.vsid!r} in {where} is impossible: choose a whole number, {MIN_VSID} to {MAX_VSID}."
        return
    if subnet.vsid in seen:
        yield f"VSID {subnet.vsid} in {where} is taken in {seen[subnet.vsid]}: choose another one."
    seen.setdefault(subnet.vsid, where)


def _prefixes(subnet: VirtualSubnet, where: str) -> Iterator[str]:
    if not subnet.prefixes:
        yield f"Virtual subnet {subnet.vsid} in {where} has no prefix: give it one like 10.1.1.0/24."
    versions = [found.version for found in map(prefix, subnet.prefixes) if found]
    if len(versions) > len(set(versions)):
        yield f"Virtual subnet {subnet.vsid} in {where} has two prefixes of one IP version: make two subnets of it."
    for text in subnet.prefixes:
        found = prefix(text)
        if found is None:
            yield f"Prefix {text} of virtual subnet {subnet.vsid} in {where} cannot be read: write {_example(text)}."
        elif found.num_addresses < _ROOM:
            yield f"Prefix {text} of virtual subnet {subnet.vsid} in {where} has no room: the router takes one address."


def _overlaps(network: VirtualNetwork, where: str) -> Iterator[str]:
    known = [(subnet.vsid, found) for subnet in network.subnets for text in subnet.prefixes if (found := prefix(text))]
    for (one, first), (other, second) in combinations(known, 2):
        if one != other and first.version == second.version and first.overlaps(second):
            yield (
                f"Virtual subnets {one} and {other} of {where} overlap, {first} and {second}: "
                "only different virtual networks may have equal addresses."
            )


def _unreadable(route: CustomerRoute, where: str) -> str | None:
    try:
        hop = addresses.address(route.next_hop)
        destination = route.network
    except ValueError:
        return f"The {where} by {route.next_hop} cannot be read: write a prefix, or default, and an address."
    if hop.version != destination.version:
        return f"Next hop {hop} of the {where} is of the other address family: use one family."
    return None


def _no_way(route: CustomerRoute, network: VirtualNetwork, where: str) -> str | None:
    hop = addresses.address(route.next_hop)
    if any(hop in addresses.network(text) for subnet in network.subnets for text in subnet.prefixes):
        return None
    return f"Next hop {hop} of the {where} is in none of its subnets: choose the address of somebody who is attached."


def prefix(text: str) -> AnyNetwork | None:
    """A prefix without bits beyond its length, or None."""
    try:
        return addresses.network(text) if "/" in str(text) else None
    except ValueError:
        return None


def _example(text: str) -> str:
    """What was probably meant."""
    try:
        return str(addresses.network(text, strict=False))
    except ValueError:
        return "one like 10.1.1.0/24"
