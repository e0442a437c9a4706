"""Everything that is wrong with a topology, found before anything is built."""

from __future__ import annotations

from dataclasses import replace

from raslab.model.checks import (
    devices,
    interfaces,
    labels,
    loops,
    mtus,
    names,
    port_vlans,
    routes,
    segments,
    switching,
    tunnels,
    values,
)
from raslab.model.checks.facts import Facts
from raslab.model.switching import ForwardingEntry, Neighbour, PortSettings
from raslab.model.topology import Topology


def problems_of(topology: Topology) -> list[str]:
    """One sentence per problem, none if the topology can be built."""
    if unreadable := list(values.check(topology)):
        return unreadable
    facts = Facts(topology)
    checks = (
        names.check,
        interfaces.check,
        port_vlans.check,
        segments.check,
        loops.check,
        devices.check,
        switching.check,
        tunnels.check,
        routes.check,
        labels.check,
    )
    found = [problem for check in checks for problem in check(facts)]
    return found or list(mtus.check(topology))  # which are figures only of what can be read


def without_dead_entries(topology: Topology) -> Topology:
    """Without the routes whose next hop is on no subnet of their node any more, and without settings and entries of
    interfaces that are gone: the kernel drops them by itself.
    """
    facts = Facts(topology)

    def alive(entry: PortSettings | ForwardingEntry | Neighbour) -> bool:
        return switching.has_its_interface(facts, entry)

    return replace(
        topology,
        routes=tuple(route for route in topology.routes if routes.is_connected(facts, route)),
        mpls_routes=tuple(route for route in topology.mpls_routes if labels.is_connected(facts, route)),
        ports=tuple(filter(alive, topology.ports)),
        forwarding=tuple(filter(alive, topology.forwarding)),
        neighbours=tuple(filter(alive, topology.neighbours)),
    )
