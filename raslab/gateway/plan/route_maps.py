"""The route-maps of a BGP router: a way in and a way out for each peer, and those of what it announces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from raslab.gateway.plan.policies import RouteMap, add_policies, settings
from raslab.gateway.state import BgpPeer, BgpRouteAggregate, BgpRouter, BgpRoutingPolicy, GatewayState
from raslab.gateway.state.notation import asn
from raslab.gateway.surroundings import Surroundings
from raslab.model.addresses import address, network
from raslab.net.names import kernel_name

OWN = "own"
"""The route-map of what the router itself announces; no peer's or aggregate's has that name."""
_OWN_LINES = ("set weight 65535",)
"""FRR gives own routes 32768, and so does Windows the routes of every peer: then local preference would decide."""
MARTIANS = "martians"
_NOT_ROUTED = {
    "ip": ("0.0.0.0/8 le 32", "127.0.0.0/8 le 32", "224.0.0.0/3 le 32"),
    "ipv6": ("::/96 le 128", "::ffff:0:0/96 le 128", "fe80::/10 le 128", "ff00::/8 le 128"),
}
"""What nobody can be behind (RFC 1812, 5.3.7; RFC 4291, 2.4 and 2.5.5), whoever tells of it."""
LEARNT = 1
"""Tag of routes that a peer told of. It stays in the router: BGP has no attribute for it."""


@dataclass(frozen=True)
class Written:
    """A route-map as FRR reads it. Those of equal names are the same."""

    name: str
    lines: tuple[str, ...]


def of_router(router: BgpRouter, state: GatewayState, surroundings: Surroundings) -> Iterator[Written]:
    """All of one part of a gateway."""
    if state.bgp_peers:
        lists = (
            f"{family} prefix-list {MARTIANS} seq {number * 5} permit {prefixes}"
            for family, several in _NOT_ROUTED.items()
            for number, prefixes in enumerate(several, 1)
        )
        yield Written(MARTIANS, tuple(lists))
    if state.bgp_custom_route.network or state.bgp_route_aggregates:
        yield Written(OWN, (f"route-map {OWN} permit 10", *(f" {line}" for line in _OWN_LINES)))
    for peer in state.bgp_peers:
        yield from of_peer(peer, router, state, surroundings)
    if state.bgp_custom_route.interface:
        name, lines = from_interfaces(surroundings), []
        for number, interface in enumerate(state.bgp_custom_route.interface, 1):
            lines += [f"route-map {name} permit {number * 10}", f" match interface {kernel_name(interface)}"]
            lines += [f" {line}" for line in _OWN_LINES]
        yield Written(name, tuple(lines))
    by_name = policies(state, surroundings)
    for aggregate in state.bgp_route_aggregates:
        if aggregate.attribute_policy:
            name = of_aggregate(aggregate.prefix, surroundings)
            changes = [f" {line}" for used in aggregate.attribute_policy for line in settings(by_name[used])]
            yield Written(name, (f"route-map {name} permit 10", *(f" {line}" for line in _OWN_LINES), *changes))


def of_peer(
    peer: BgpPeer, router: BgpRouter, state: GatewayState, surroundings: Surroundings
) -> tuple[Written, Written]:
    """For what a peer announces, and for what is announced to it.

    Tenants' peers without policies have theirs in common: to add a route-map takes FRR 8.4 the longer, the more there
    are, milliseconds for each line when there are hundreds.
    """
    may_share = surroundings.domain is not None
    own = f"{surroundings.prefix}{peer.name}"
    arriving, leaving = (_used(peer, direction, state, surroundings) for direction in ("Ingress", "Egress"))
    inward = RouteMap("tenants-in" if may_share and not arriving else f"{own}-in")
    inward.stages.append([("deny", [f"match {family} address prefix-list {MARTIANS}"]) for family in _NOT_ROUTED])
    add_policies(inward, arriving)
    is_internal = asn(peer.peer_asn) == asn(router.local_asn)
    passes_all = router.transit_routing or is_internal
    next_hop = _next_hop(peer, router)
    shared = "tenants-out-all" if passes_all else "tenants-out"
    outward = RouteMap(shared if may_share and not leaving and not next_hop else f"{own}-out")
    if not passes_all:
        outward.stages.append([("deny", [f"match tag {LEARNT}"])])
    add_policies(outward, leaving)
    if next_hop and is_internal:
        outward.stages.append([("accept", [f"match tag {LEARNT}"])])  # passed on inside an AS, it stays as it was
    return (
        Written(inward.name, tuple(inward.text([f"set tag {LEARNT}"]))),
        Written(outward.name, tuple(outward.text(next_hop))),
    )


def of_own(aggregate: BgpRouteAggregate, surroundings: Surroundings) -> str:
    """The name of an aggregate's route-map."""
    return of_aggregate(aggregate.prefix, surroundings) if aggregate.attribute_policy else OWN


def of_aggregate(prefix: str, surroundings: Surroundings) -> str:
    """The name of the route-map that changes an aggregate."""
    return f"{surroundings.prefix}aggregate-{str(network(prefix)).replace('/', '-')}"


def from_interfaces(surroundings: Surroundings) -> str:
    """The name of the route-map that lets the routes of chosen interfaces pass."""
    return f"{surroundings.prefix}custom-interfaces"


def policies(state: GatewayState, surroundings: Surroundings) -> dict[str, BgpRoutingPolicy]:
    """Policies by their names, each with the name that it has in FRR, where those of all parts are together."""
    return {one.name: replace(one, name=f"{surroundings.prefix}{one.name}") for one in state.bgp_routing_policies}


def _used(peer: BgpPeer, direction: str, state: GatewayState, surroundings: Surroundings) -> list[BgpRoutingPolicy]:
    by_name = policies(state, surroundings)
    return [
        by_name[name]
        for use in state.bgp_routing_policies_for_peers
        if (use.peer_name, use.direction) == (peer.name, direction)
        for name in use.policy_name
    ]


def _next_hop(peer: BgpPeer, router: BgpRouter) -> list[str]:
    """IPv6 routes over an IPv4 session need a next hop that the session cannot give."""
    if router.ipv6_routing and router.local_ipv6_address and address(peer.peer_ip_address).version == 4:
        return [f"set ipv6 next-hop global {address(router.local_ipv6_address)}"]
    return []
