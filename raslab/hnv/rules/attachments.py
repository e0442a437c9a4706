"""Who is attached to which virtual subnet, on which compute host, with which customer addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from raslab.hnv.state import ROUTER_MAC, Attachment, DatacenterState, VirtualSubnet
from raslab.hnv.surroundings import Surroundings
from raslab.model import addresses
from raslab.model.topology import NodeKind

_MAC = re.compile(r"[0-9a-f][02468ace](:[0-9a-f]{2}){5}")


def check(state: DatacenterState, surroundings: Surroundings) -> Iterator[str]:
    """Nodes and hosts that are not there, and addresses that cannot be."""
    addresses: dict[tuple[int, object], str] = {}
    macs: dict[tuple[int, str], str] = {}
    interfaces: set[tuple[str, str]] = set()
    subnets = {subnet.vsid: subnet for network in state.networks for subnet in network.subnets}
    for one in state.attachments:
        where = f"the port of {one.node} in virtual subnet {one.vsid}"
        yield from _places(one, state, surroundings, subnets, where)
        if (one.node, one.interface) in interfaces or one.interface in surroundings.interfaces.get(one.node, ()):
            yield f"Node {one.node} has two interfaces named {one.interface}: give {where} another one."
        interfaces.add((one.node, one.interface))
        if not _MAC.fullmatch(one.mac):
            yield f"MAC address {one.mac} of {where} cannot be read: write one station's, like 02:00:00:00:00:01."
        elif macs.setdefault((one.vsid, one.mac), one.node) != one.node or one.mac == ROUTER_MAC:
            yield f"MAC address {one.mac} of {where} is taken: leave it out, and the port gets its own."
        if one.vsid in subnets:
            yield from _addresses(one, subnets[one.vsid], where, addresses)


def _places(
    one: Attachment,
    state: DatacenterState,
    surroundings: Surroundings,
    subnets: dict[int, VirtualSubnet],
    where: str,
) -> Iterator[str]:
    hosts = [host.node for host in state.hosts]
    kind = surroundings.kinds.get(one.node)
    if kind is None:
        yield f"Node {one.node} is not in the network: add it before it is attached to virtual subnet {one.vsid}."
    elif kind not in (NodeKind.HOST, NodeKind.ROUTER) or one.node in hosts:
        yield f"Node {one.node} is a switch or a compute host: only hosts and routers have ports in virtual subnets."
    if one.host not in hosts:
        yield f"Compute host {one.host} of {where} is unknown: use one of {', '.join(hosts) or 'those you add first'}."
    if one.vsid not in subnets:
        known = ", ".join(map(str, subnets))
        yield f"Virtual subnet {one.vsid} of node {one.node} is unknown: use one of {known or 'those you add first'}."


def _addresses(
    one: Attachment, subnet: VirtualSubnet, where: str, seen: dict[tuple[int, object], str]
) -> Iterator[str]:
    if not one.addresses:
        yield f"The port of {one.node} in virtual subnet {one.vsid} has no address: choose one in {_listed(subnet)}."
    routers = [addresses.interface(text).ip for text in subnet.router_addresses]
    for text in one.addresses:
        try:
            address = addresses.interface(text)
        except ValueError:
            yield f"Address {text} of {where} cannot be read: write one like 10.1.1.11/24."
            continue
        if address.network not in [addresses.network(prefix) for prefix in subnet.prefixes]:
            yield f"Address {text} of {where} is not in it: choose one in {_listed(subnet)}, with that prefix length."
        elif address.ip in routers:
            yield f"Address {text} of {where} is the distributed router's, the lowest one there: choose another one."
        elif address.ip == address.network[0] or (address.version == 4 and address.ip == address.network[-1]):
            yield f"Address {text} of {where} is no machine's: choose another one in {address.network}."
        elif seen.setdefault((one.vsid, address.ip), one.node) != one.node:
            yield (
                f"Address {address.ip} in virtual subnet {one.vsid} is {seen[one.vsid, address.ip]}'s and "
                f"{one.node}'s: give one of them another."
            )


def _listed(subnet: VirtualSubnet) -> str:
    return " or ".join(subnet.prefixes)
