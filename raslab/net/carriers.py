"""What carries a route: the kernel has it only while that interface is up and has the address it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from raslab.model.addresses import address
from raslab.model.addresses import interface as interface_address
from raslab.model.next_hops import AnyNetwork, carrying
from raslab.model.topology import AnyInterface, MplsRoute, Route, Topology, Vlan, everything
from raslab.model.vrfs import Vrfs


class Carrier(NamedTuple):
    """The interface, and its address, by which a next hop is reached."""

    interface: str
    address: str


AnyRoute = Route | MplsRoute


def carriers(topology: Topology) -> dict[AnyRoute, tuple[Carrier, ...]]:
    """The routes that the kernel takes, those whose interface is up, each with what carries it.

    Several carry a route whose next hop is on one subnet of theirs: the kernel takes the one that came first.
    """
    routes: tuple[AnyRoute, ...] = (*topology.routes, *topology.mpls_routes)
    nodes = {route.node for route in routes}
    vrfs = Vrfs(topology)
    names: dict[str, set[str]] = {node: {"lo"} for node in nodes}
    subnets: dict[tuple[str, str | None], list[tuple[AnyNetwork, Carrier]]] = {}
    for interface in switched_on(topology):
        if interface.node in nodes:
            names[interface.node].add(interface.name)
            here = subnets.setdefault((interface.node, vrfs.of(interface)), [])
            here += [(interface_address(text).network, Carrier(interface.name, text)) for text in interface.addresses]
    found = (
        (route, _carriers(route, names[route.node], subnets.get((route.node, _vrf(route)), ()))) for route in routes
    )
    return {route: carrying for route, carrying in found if carrying}


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


def _carriers(route: AnyRoute, names: set[str], subnets: Sequence[tuple[AnyNetwork, Carrier]]) -> tuple[Carrier, ...]:
    if isinstance(route, Route) and route.unreachable:
        return (Carrier("lo", ""),)
    if route.dev is not None:
        return (Carrier(route.dev, ""),) if route.dev in names else ()
    return () if route.via is None else carrying(address(route.via), subnets)
