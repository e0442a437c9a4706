"""What carries a route: the kernel has it only while that interface is up and has the address it needs."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_interface
from typing import NamedTuple

from raslab.model.topology import AnyInterface, MplsRoute, Route, Topology, Vlan
from raslab.model.vrfs import Vrfs
from raslab.net.quantities import everything


class Carrier(NamedTuple):
    """The interface, and its address, by which a next hop is reached."""

    interface: str
    address: str


AnyRoute = Route | MplsRoute


def carriers(topology: Topology) -> dict[AnyRoute, Carrier]:
    """The routes that the kernel takes, those whose interface is up, each with what carries it."""
    routes: tuple[AnyRoute, ...] = (*topology.routes, *topology.mpls_routes)
    nodes = {route.node for route in routes}
    vrfs = Vrfs(topology)
    names: dict[str, set[str]] = {node: {"lo"} for node in nodes}
    subnets: dict[tuple[str, str | None], list[tuple[IPv4Network | IPv6Network, Carrier]]] = {}
    for interface in switched_on(topology):
        if interface.node in nodes:
            names[interface.node].add(interface.name)
            here = subnets.setdefault((interface.node, vrfs.of(interface)), [])
            here += [(ip_interface(text).network, Carrier(interface.name, text)) for text in interface.addresses]
    found = (
        (route, _carrier(route, names[route.node], subnets.get((route.node, _vrf(route)), ()))) for route in routes
    )
    return {route: carrier for route, carrier in found if carrier is not None}


def _vrf(route: AnyRoute) -> str | None:
    """Where its next hop is looked for."""
    return route.vrf if isinstance(route, Route) else None


def switched_on(topology: Topology) -> list[AnyInterface]:
    """The interfaces that are up: a VLAN is while the interface below it is."""
    plain = [one for one in everything(topology) if one.up and not isinstance(one, Vlan)]
    below = {(one.node, one.name) for one in plain}
    return [
        *plain,
        *(one for one in topology.devices if isinstance(one, Vlan) and one.up and (one.node, one.parent) in below),
    ]


def _carrier(
    route: AnyRoute, names: set[str], subnets: Sequence[tuple[IPv4Network | IPv6Network, Carrier]]
) -> Carrier | None:
    if route.dev is not None:
        return Carrier(route.dev, "") if route.dev in names else None
    if route.via is None:
        return None
    hop = ip_address(route.via)
    return next((carrier for network, carrier in subnets if hop in network), None)
