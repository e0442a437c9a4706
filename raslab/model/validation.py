"""Everything that is wrong with a topology, found before anything is built."""

from __future__ import annotations

from raslab.model.checks import devices, interfaces, labels, names, routes, segments, switching, tunnels
from raslab.model.checks.facts import Facts
from raslab.model.topology import MplsRoute, Route, Topology


def problems_of(topology: Topology) -> list[str]:
    """One sentence per problem, none if the topology can be built."""
    facts = Facts(topology)
    checks = (
        names.check,
        interfaces.check,
        segments.check,
        devices.check,
        switching.check,
        tunnels.check,
        routes.check,
        labels.check,
    )
    return [problem for check in checks for problem in check(facts)]


def connected_routes(topology: Topology) -> list[Route]:
    """The routes whose next hop is still on a subnet of their node: the kernel drops the others by itself."""
    facts = Facts(topology)
    return [route for route in topology.routes if routes.is_connected(facts, route)]


def connected_paths(topology: Topology) -> list[MplsRoute]:
    """The same of label switched paths."""
    facts = Facts(topology)
    return [route for route in topology.mpls_routes if labels.is_connected(facts, route)]
