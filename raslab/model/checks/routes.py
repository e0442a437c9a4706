"""Static routes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from raslab.model import addresses, sentences
from raslab.model.checks.facts import Facts, is_integer
from raslab.model.paths import way_of, ways
from raslab.model.topology import Route

MAX_METRIC = 0xFFFFFFFF


def check(facts: Facts) -> Iterator[str]:
    """Routes that cannot be read or lead nowhere."""
    for route in facts.topology.routes:
        where = f"route to {route.destination} on node {route.node}"
        if route.node not in facts.nodes:
            yield sentences.unknown_node(f"the route to {route.destination}", route.node, list(facts.nodes))
            continue
        if facts.nodes[route.node].kind.is_switch:
            yield f"The {where} is on a switch: put it on a host or router."
            continue
        if route.vrf is not None and facts.vrfs.table(route.node, route.vrf) is None:
            yield sentences.unknown_here(f"the {where}", "VRF", route.vrf, facts.vrfs_of(route.node))
            continue
        family = 0
        try:
            family = 0 if route.destination == "default" else addresses.network(str(route.destination)).version
        except ValueError:
            yield _unreadable(route)
        yield from _next_hop(facts, route, family, where)
        if route.metric is not None and not (is_integer(route.metric) and 0 <= route.metric <= MAX_METRIC):
            yield f"Metric {route.metric} of the {where} is impossible: choose 0 to {MAX_METRIC}."
    if readable := [route for route in facts.topology.routes if _is_readable(route)]:
        yield from _of_one_way(facts, readable)


def _of_one_way(facts: Facts, routes: Sequence[Route]) -> Iterator[str]:
    """Routes that the kernel could not have side by side, and those that it would have in place of others."""
    found = ways(routes)
    subnets = _subnets(facts) if found else {}
    for way, several in found.items():
        first = several[0]
        where = f"to {first.destination} on node {way.node}"
        if len(several) > 1 and way.network.version == 6 and any(route.via is None for route in several):
            yield (
                f"Several routes {where} have one metric, and of IPv6 only next hops can be used side by side: name a "
                "next hop (via) in each, or give them different metrics."
            )
        if way.unreachable and way._replace(unreachable=False) in found:
            yield f"The routes {where} have one metric, and one of them leads nowhere: give it another metric."
        own = subnets.get((way.node, way.vrf, way.network), ()) if way.table is None and way.metric == 0 else ()
        if own and any(route.dev not in own for route in several):
            yield (
                f"The route {where} would take the place of the subnet on its own interface {own[0]}: "
                "give it a metric, or leave it out."
            )


def _subnets(facts: Facts) -> dict[tuple[str, str | None, addresses.AnyNetwork], list[str]]:
    """The interfaces on each IPv4 subnet of a node and VRF."""
    found: dict[tuple[str, str | None, addresses.AnyNetwork], list[str]] = {}
    for interface in facts.all_interfaces():
        for text in interface.addresses:
            address = facts.address(str(text))
            if address is not None and address.version == 4:
                place = interface.node, facts.vrfs.of(interface), address.network
                found.setdefault(place, []).append(interface.name)
    return found


def is_connected(facts: Facts, route: Route) -> bool:
    """True if the next hop is on a subnet of the node and VRF, or on an interface that the route names."""
    if route.vrf is not None and facts.vrfs.table(route.node, route.vrf) is None:
        return False
    interfaces = facts.interfaces.get(route.node, [])
    if route.dev is not None and route.dev != "lo" and all(route.dev != interface.name for interface in interfaces):
        return False
    if route.via is None or route.dev is not None:
        return True
    hop = addresses.address(str(route.via))
    return any(hop in address.network for address in facts.addresses_of(route.node, route.vrf))


def _is_readable(route: Route) -> bool:
    try:
        way_of(route)
        return route.via is None or addresses.address(str(route.via)) is not None
    except (ValueError, TypeError):
        return False


def _place(facts: Facts, route: Route) -> str:
    """Where next hops are looked for, in words that a node without VRFs needs no more of."""
    if route.vrf is not None:
        return f"node in VRF {route.vrf}"
    return "node outside its VRFs" if facts.vrfs_of(route.node) else "node"


def _unreadable(route: Route) -> str:
    try:
        network = addresses.network(str(route.destination), strict=False)
    except ValueError:
        return (
            f"Destination {route.destination} of a route on node {route.node} cannot be read: "
            "write a prefix like 10.0.2.0/24, or default."
        )
    return (
        f"Destination {route.destination} of a route on node {route.node} has bits beyond its prefix: write {network}."
    )


def _next_hop(facts: Facts, route: Route, family: int, where: str) -> Iterator[str]:
    if route.unreachable:
        return
    if route.via is None and route.dev is None:
        yield f"The {where} leads nowhere: name a next hop (via) or an interface (dev)."
        return
    if route.via is not None:
        try:
            hop = addresses.address(str(route.via))
        except ValueError:
            yield (f"Next hop {route.via} of the {where} cannot be read: write an address without prefix length.")
            return
        if family and hop.version != family:
            yield f"Next hop {hop} of the {where} is of the other address family: use one family."
            return
    if is_connected(facts, route) or facts.has_unreadable_address(route.node):
        return
    if route.dev is not None:
        names = [interface.name for interface in facts.interfaces.get(route.node, [])]
        yield (
            f"Interface {route.dev} of the {where} does not exist: use one of {', '.join(names) or 'its interfaces'}."
        )
    else:
        yield (
            f"Next hop {route.via} of the {where} is on no subnet of that {_place(facts, route)}: "
            "choose a neighbour's address, or give the node an address there."
        )
