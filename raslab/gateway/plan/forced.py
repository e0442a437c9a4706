"""The routes and rules of forced tunnelling.

Forced subnets are in tables of their own, one for each length of prefix, with a route after them that refuses: no
tunnel, no way. Of the main table only longer prefixes are asked before, so that neither the metrics of the node's own
default route matter nor who has added it. What the node itself sends to a tunnel's other end is routed by the main
table alone, before all that; if that has no way, it is refused, for a tunnel must not go through itself.

A routing domain has a table that nobody else writes to, so there the forced subnets are in that, with the same refusal,
and without other routes to the same prefix. Its tunnels end outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_network

from raslab.gateway.forced import MAX_FORCED_METRIC, forced_subnets, outer_destinations
from raslab.gateway.scopes import Scope
from raslab.gateway.state import GatewayState
from raslab.gateway.state.notation import Subnet
from raslab.gateway.surroundings import Surroundings
from raslab.model.addresses import AnyNetwork
from raslab.model.topology import MAIN_TABLE, Route, Rule

_FIRST_TABLE = 2_000_000_000  # far from those that people and VRFs take; the length of the prefixes is added
_OWN_WAY, _NO_OWN_WAY, _FIRST_PRIORITY = 4000, 4001, 5000


def table_of(found: Subnet, surroundings: Surroundings) -> int | None:
    """The number of the table for a forced subnet, None in a routing domain: it has one."""
    return None if surroundings.domain is not None else _FIRST_TABLE + found.network.prefixlen


def refusals(state: GatewayState, surroundings: Surroundings) -> Iterator[Route]:
    """After each forced subnet: there is no other way."""
    networks = dict.fromkeys(found.network for _, found in forced_subnets(state, surroundings))
    for network in networks:
        yield Route(
            surroundings.node,
            str(network),
            metric=MAX_FORCED_METRIC + 1,
            vrf=surroundings.vrf,
            table=table_of(Subnet(network, 0), surroundings),
            unreachable=True,
        )


def without_other_ways(routes: Sequence[Route], state: GatewayState, surroundings: Surroundings) -> tuple[Route, ...]:
    """Routes that are not for tunnels, in a routing domain without those to a forced subnet."""
    if surroundings.domain is None:
        return tuple(routes)
    forced = {found.network for _, found in forced_subnets(state, surroundings)}
    return tuple(one for one in routes if _network(one) not in forced)


def rules(parts: Sequence[Scope]) -> tuple[Rule, ...]:
    """Which tables are asked, on a node whose own part has forced subnets."""
    node = parts[0].surroundings.node
    forced = {
        found.network for state, where in parts if where.domain is None for _, found in forced_subnets(state, where)
    }
    return tuple(rule for version in (4, 6) for rule in _rules(node, version, forced, parts))


def _rules(node: str, version: int, forced: set[AnyNetwork], parts: Sequence[Scope]) -> Iterator[Rule]:
    lengths = sorted({one.prefixlen for one in forced if one.version == version}, reverse=True)
    if not lengths:
        return
    targets = [
        target
        for state, where in parts
        for one in state.s2s_interfaces
        for target in outer_destinations(one, state, where)
        if target.version == version
    ]
    for host in (str(ip_network(target)) for target in sorted(set(targets), key=int)):
        yield Rule(node, _OWN_WAY, version, MAIN_TABLE, host, of_node=True)
        yield Rule(node, _NO_OWN_WAY, version, None, host, of_node=True)
    for number, length in enumerate(lengths):
        yield Rule(node, _FIRST_PRIORITY + 2 * number, version, MAIN_TABLE, longer_than=length)
        yield Rule(node, _FIRST_PRIORITY + 2 * number + 1, version, _FIRST_TABLE + length)


def _network(route: Route) -> AnyNetwork:
    if route.destination != "default":
        return ip_network(route.destination)
    return ip_network("::/0" if ":" in (route.via or "") else "0.0.0.0/0")
