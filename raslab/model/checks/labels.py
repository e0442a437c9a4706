"""MPLS: label switched paths, and the labels that routes put before packets."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.model import addresses, sentences
from raslab.model.checks.facts import Facts, is_integer
from raslab.model.topology import MplsRoute

MIN_LABEL = 16  # RFC 3032, section 2.1: those below have meanings of their own
MAX_LABEL = 0xFFFFF
MAX_LABELS = 30  # in one stack that Linux puts before a packet


def check(facts: Facts) -> Iterator[str]:
    """Labels that are impossible or given twice, and label switched paths that lead nowhere."""
    seen: dict[tuple[str, object], MplsRoute] = {}
    for route in facts.topology.mpls_routes:
        where = f"label {route.label} on node {route.node}"
        if route.node not in facts.nodes:
            yield sentences.unknown_node(f"the path of label {route.label}", route.node, list(facts.nodes))
            continue
        if facts.nodes[route.node].kind.is_switch:
            yield f"The path of {where} is on a switch: put it on a host or router."
            continue
        yield from _stack((route.label,), f"the path of {where}")
        yield from _stack(route.out_labels, f"the path of {where}")
        other = seen.setdefault((route.node, str(route.label)), route)
        if other is not route:
            yield f"Node {route.node} has two paths for label {route.label}: give one of them another label."
        yield from _next_hop(facts, route, where)
    for static in facts.topology.routes:
        yield from _stack(static.labels, f"the route to {static.destination} on node {static.node}")
        if static.labels and static.via is None:
            yield (
                f"The route to {static.destination} on node {static.node} has labels and no next hop to send them to: "
                "name it (via)."
            )


def is_connected(facts: Facts, route: MplsRoute) -> bool:
    """True if the next hop is on a subnet of the node, outside its VRFs, or on an interface that the path names."""
    if route.dev is not None:
        return route.dev == "lo" or facts.named(route.node, route.dev) is not None
    if route.via is None:
        return False
    hop = addresses.address(str(route.via))
    return any(hop in address.network for address in facts.addresses_of(route.node))


def _stack(labels: tuple[object, ...], where: str) -> Iterator[str]:
    for label in labels:
        if not (is_integer(label) and MIN_LABEL <= label <= MAX_LABEL):  # type: ignore[operator]
            yield f"Label {label} of {where} is impossible: choose {MIN_LABEL} to {MAX_LABEL}."
    if len(labels) > MAX_LABELS:
        yield f"The {len(labels)} labels of {where} are too many: use at most {MAX_LABELS}."


def _next_hop(facts: Facts, route: MplsRoute, where: str) -> Iterator[str]:
    if route.via is None and route.dev is None:
        yield f"The path of {where} leads nowhere: name a next hop (via) or an interface (dev)."
        return
    if route.via is not None:
        try:
            addresses.address(str(route.via))
        except ValueError:
            yield (
                f"Next hop {route.via} of the path of {where} cannot be read: write an address without prefix length."
            )
            return
    if is_connected(facts, route) or facts.has_unreadable_address(route.node):
        return
    if route.dev is not None:
        known = [interface.name for interface in facts.interfaces.get(route.node, [])]
        yield sentences.unknown_here(f"the path of {where}", "interface", route.dev, known)
    else:
        yield (
            f"Next hop {route.via} of the path of {where} is on no subnet of that node outside its VRFs: "
            "choose a neighbour's address."
        )
