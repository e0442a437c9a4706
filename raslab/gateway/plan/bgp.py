"""The BGP router as FRR's configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network
from math import ceil

from raslab.gateway.plan.policies import RouteMap, add_policies, definitions, settings
from raslab.gateway.scopes import Scope
from raslab.gateway.state import BgpPeer, BgpRouter, BgpRoutingPolicy, GatewayState
from raslab.gateway.state.notation import asn
from raslab.gateway.surroundings import Surroundings
from raslab.net.names import kernel_name
from raslab.services import Bfdd, Bgpd, Zebra

LEARNT = 1
"""Tag of routes that a peer told of. It stays in the router: BGP has no attribute for it."""
_FROM_INTERFACES = "custom-interfaces"
_PATHS = 8  # equal ones that are used side by side
_BY_DEFAULT_ROUTE = ("ip nht resolve-via-default", "ipv6 nht resolve-via-default")
_ANY_HOPS = 255
_ANYWHERE = "disable-connected-check"
_RETRY_S = 5  # FRR's own 120 s are long to wait for a tunnel that came up after the first try
_POLICY_DELAY_S = 1  # until changed route-maps are put to use; 0 would mean never


def daemons(parts: Sequence[Scope]) -> tuple[Zebra | Bfdd | Bgpd, ...]:
    """FRR's daemons for the routers of all parts, none without one. Each part is a VRF of the same daemons."""
    routers = [(scope.state.bgp_router, *scope) for scope in parts if scope.state.bgp_router is not None]
    if not routers:
        return ()
    lines = [f"bgp route-map delay-timer {_POLICY_DELAY_S}"]
    profiles: list[str] = []
    kernel: list[str] = []
    for router, state, surroundings in routers:
        lines += _lines(router, state, surroundings)
        profiles += _bfd_profiles(state, surroundings)
        if router.default_gateway_routing:
            kernel += within(surroundings, _BY_DEFAULT_ROUTE)
    bgpd, zebra = Bgpd(_text(lines)), Zebra(_text(kernel))
    return (zebra, Bfdd(_text(["bfd", *profiles])), bgpd) if profiles else (zebra, bgpd)


def within(surroundings: Surroundings, lines: Iterable[str]) -> list[str]:
    """Lines about a part, in the context of its VRF if it is one."""
    if surroundings.vrf is None:
        return list(lines)
    return [f"vrf {kernel_name(surroundings.vrf)}", *(f" {line}" for line in lines)]


def instance(vrf: str | None) -> str:
    """The words of FRR for a VRF, with a space before them; empty for the node's own table."""
    return "" if vrf is None else f" vrf {kernel_name(vrf)}"


def way_in(peer: BgpPeer, surroundings: Surroundings) -> str:
    """The route-map for what a peer announces."""
    return f"{surroundings.prefix}{peer.name}-in"


def way_out(peer: BgpPeer, surroundings: Surroundings) -> str:
    """The route-map for what is announced to a peer."""
    return f"{surroundings.prefix}{peer.name}-out"


def _lines(router: BgpRouter, state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    yield from definitions(_policies(state, surroundings).values())
    yield from _route_maps(router, state, surroundings)
    yield f"router bgp {asn(router.local_asn)}{instance(surroundings.vrf)}"
    yield f" bgp router-id {router.bgp_identifier}"
    yield " no bgp ebgp-requires-policy"
    yield " no bgp default ipv4-unicast"
    yield " coalesce-time 0"  # FRR 8.4 forgets to withdraw what ends while it waits to coalesce
    if router.compare_med_across_asn:
        yield " bgp always-compare-med"
    if router.cluster_id is not None:
        yield f" bgp cluster-id {ip_address(router.cluster_id)}"
    if not router.client_to_client_reflection:
        yield " no bgp client-to-client reflection"
    for peer in state.bgp_peers:
        yield from _peer(peer, router, state, surroundings)
    for family in _families(router, state):
        yield f" address-family {family} unicast"
        yield from (f"  {line}" for line in _address_family(family, state, surroundings))
        yield " exit-address-family"


def _families(router: BgpRouter, state: GatewayState) -> list[str]:
    has_ipv4_peer = any(":" not in peer.peer_ip_address for peer in state.bgp_peers)
    announces_ipv4 = any(":" not in text for text in state.bgp_custom_route.network) or state.bgp_custom_route.interface
    ipv4 = has_ipv4_peer or announces_ipv4 or not router.ipv6_routing
    return ["ipv4"] * bool(ipv4) + ["ipv6"] * router.ipv6_routing


def _peer(peer: BgpPeer, router: BgpRouter, state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    remote = peer.peer_ip_address
    internal = asn(peer.peer_asn) == asn(router.local_asn)
    words = [f"remote-as {asn(peer.peer_asn)}"]
    if not peer.started:
        words.append("shutdown")  # before a line that would make FRR call
    words += [f"description {peer.name}", f"update-source {peer.local_ip_address}"]
    if peer.local_asn is not None and asn(peer.local_asn) != asn(router.local_asn):
        words.append(f"local-as {asn(peer.local_asn)} no-prepend replace-as")
    words.append(f"timers {peer.hold_time_sec // 3} {peer.hold_time_sec}")
    words.append(f"timers connect {peer.idle_hold_time_sec or _RETRY_S}")
    words += [] if internal else _distance(peer, state, surroundings)
    if peer.operation_mode == "Server":
        words.append("passive")
    if peer.password is not None:
        words.append(f"password {peer.password}")
    if peer.bfd:
        words.append(f"bfd profile {surroundings.prefix}{peer.name}")
    if peer.graceful_restart:
        words.append("graceful-restart")
    yield from (f" neighbor {remote} {word}" for word in words)


def _distance(peer: BgpPeer, state: GatewayState, surroundings: Surroundings) -> list[str]:
    """How far away an external peer may be.

    Whoever may be far away need not be on a connected subnet. FRR 8.4 has to be told that too: of a connection that the
    peer opens it forgets the hops (`bgp_accept` makes a peer with a TTL of 1), and if both sides dial at once and that
    connection is the one to be dropped, the peer's address counts as unreachable ("Must be Connected") for good, and
    with it all its routes.
    """
    if peer.ttl_security is not None:
        return [f"ttl-security hops {peer.ttl_security}", _ANYWHERE]
    if peer.ebgp_multihop is not None:
        return [f"ebgp-multihop {peer.ebgp_multihop}", _ANYWHERE]
    return [] if _is_neighbour(peer, state, surroundings) else [f"ebgp-multihop {_ANY_HOPS}", _ANYWHERE]


def _is_neighbour(peer: BgpPeer, state: GatewayState, surroundings: Surroundings) -> bool:
    """True if the peer is on a subnet of an interface, of a tunnel's too: then no router lies between."""
    remote = ip_address(peer.peer_ip_address)
    texts = [text for one in state.s2s_interfaces for text in (one.ipv4_address, one.ipv6_address) if text]
    of_tunnels = [ip_interface(text).network for text in texts]
    return any(remote in network for network in of_tunnels) or surroundings.connected_to(remote) is not None


def _address_family(family: str, state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    if dampening := state.bgp_route_flap_dampening:
        half, longest = ceil(dampening.half_life / 60), ceil(dampening.max_suppress_time / 60)
        yield f"bgp dampening {half} {dampening.reuse_threshold} {dampening.suppress_threshold} {longest}"
    for prefix in state.bgp_custom_route.network:
        if _is(family, prefix):
            yield f"network {ip_network(prefix)}"
    for aggregate in state.bgp_route_aggregates:
        if _is(family, aggregate.prefix):
            words = ["aggregate-address", str(ip_network(aggregate.prefix))]
            words += ["as-set"] * aggregate.preserve_as_path + ["summary-only"] * aggregate.summary_only
            if aggregate.attribute_policy:
                words += ["route-map", _aggregate_map(aggregate.prefix, surroundings)]
            yield " ".join(words)
    if state.bgp_custom_route.interface:
        yield from (
            f"redistribute {kind} route-map {surroundings.prefix}{_FROM_INTERFACES}"
            for kind in ("connected", "kernel", "static")
        )
    yield f"maximum-paths {_PATHS}"
    yield f"maximum-paths ibgp {_PATHS}"
    for peer in state.bgp_peers:
        over_ipv6 = ":" in peer.peer_ip_address
        if over_ipv6 and family == "ipv4":
            continue
        ways = (f"route-map {way_in(peer, surroundings)} in", f"route-map {way_out(peer, surroundings)} out")
        words = ["activate", f"weight {peer.weight}", *ways]
        if peer.max_allowed_prefix is not None:
            words.append(f"maximum-prefix {peer.max_allowed_prefix}")
        if peer.route_reflector_client:
            words.append("route-reflector-client")
        yield from (f"neighbor {peer.peer_ip_address} {word}" for word in words)


def _policies(state: GatewayState, surroundings: Surroundings) -> dict[str, BgpRoutingPolicy]:
    """Policies by their names, each with the name that it has in FRR, where those of all parts are together."""
    return {one.name: replace(one, name=f"{surroundings.prefix}{one.name}") for one in state.bgp_routing_policies}


def _route_maps(router: BgpRouter, state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    by_name = _policies(state, surroundings)
    chosen = {
        (use.peer_name, use.direction): [by_name[name] for name in use.policy_name]
        for use in state.bgp_routing_policies_for_peers
    }
    for peer in state.bgp_peers:
        inward = RouteMap(way_in(peer, surroundings))
        add_policies(inward, chosen.get((peer.name, "Ingress"), ()))
        yield from inward.text([f"set tag {LEARNT}"])
        outward = RouteMap(way_out(peer, surroundings))
        if not router.transit_routing and asn(peer.peer_asn) != asn(router.local_asn):
            outward.stages.append([("deny", [f"match tag {LEARNT}"])])
        add_policies(outward, chosen.get((peer.name, "Egress"), ()))
        next_hop = _next_hop(peer, router)
        if next_hop and asn(peer.peer_asn) == asn(router.local_asn):
            outward.stages.append([("accept", [f"match tag {LEARNT}"])])  # passed on inside an AS, it stays as it was
        yield from outward.text(next_hop)
    for number, interface in enumerate(state.bgp_custom_route.interface, 1):
        yield f"route-map {surroundings.prefix}{_FROM_INTERFACES} permit {number * 10}"
        yield f" match interface {kernel_name(interface)}"
    for aggregate in state.bgp_route_aggregates:
        if aggregate.attribute_policy:
            yield f"route-map {_aggregate_map(aggregate.prefix, surroundings)} permit 10"
            for name in aggregate.attribute_policy:
                yield from (f" {line}" for line in settings(by_name[name]))


def _next_hop(peer: BgpPeer, router: BgpRouter) -> list[str]:
    """IPv6 routes over an IPv4 session need a next hop that the session cannot give."""
    if router.ipv6_routing and router.local_ipv6_address and ":" not in peer.peer_ip_address:
        return [f"set ipv6 next-hop global {router.local_ipv6_address}"]
    return []


def _aggregate_map(prefix: str, surroundings: Surroundings) -> str:
    return f"{surroundings.prefix}aggregate-{prefix.replace('/', '-')}"


def _bfd_profiles(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    for peer in state.bgp_peers:
        if not peer.bfd:
            continue
        yield f" profile {surroundings.prefix}{peer.name}"
        yield f"  detect-multiplier {peer.bfd_multiplier}"
        yield f"  receive-interval {peer.bfd_interval_ms}"
        yield f"  transmit-interval {peer.bfd_interval_ms}"


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _is(family: str, prefix: str) -> bool:
    return (":" in prefix) == (family == "ipv6")
