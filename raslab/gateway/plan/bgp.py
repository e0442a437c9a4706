"""The BGP router as FRR's configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address
from math import ceil

from raslab.gateway.plan import route_maps
from raslab.gateway.plan.policies import definitions
from raslab.gateway.scopes import Scope
from raslab.gateway.state import BgpPeer, BgpRouter, GatewayState
from raslab.gateway.state.notation import asn
from raslab.gateway.surroundings import Surroundings
from raslab.model.addresses import AnyAddress, address, interface, network
from raslab.net.names import kernel_name
from raslab.services import Bfdd, Bgpd, Zebra
from raslab.services.lines import joined

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
    made: set[str] = set()  # route-maps, of which tenants may have the same
    for router, state, surroundings in routers:
        lines += definitions(route_maps.policies(state, surroundings).values())
        for one in route_maps.of_router(router, state, surroundings):
            lines += one.lines if one.name not in made else ()
            made.add(one.name)
        lines += _router(router, state, surroundings)
        profiles += _bfd_profiles(state, surroundings)
        if router.default_gateway_routing:
            kernel += within(surroundings, _BY_DEFAULT_ROUTE)
    bgpd, zebra = Bgpd(joined(lines, "bgpd")), Zebra(joined(kernel, "zebra"))
    return (zebra, Bfdd(joined(["bfd", *profiles], "bfdd")), bgpd) if profiles else (zebra, bgpd)


def within(surroundings: Surroundings, lines: Iterable[str]) -> list[str]:
    """Lines about a part, in the context of its VRF if it is one."""
    if surroundings.vrf is None:
        return list(lines)
    return [f"vrf {kernel_name(surroundings.vrf)}", *(f" {line}" for line in lines)]


def instance(vrf: str | None) -> str:
    """The words of FRR for a VRF, with a space before them; empty for the node's own table."""
    return "" if vrf is None else f" vrf {kernel_name(vrf)}"


def _router(router: BgpRouter, state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    yield f"router bgp {asn(router.local_asn)}{instance(surroundings.vrf)}"
    yield f" bgp router-id {address(router.bgp_identifier)}"
    yield " no bgp ebgp-requires-policy"
    yield " no bgp default ipv4-unicast"
    yield " coalesce-time 0"  # FRR 8.4 forgets to withdraw what ends while it waits to coalesce
    if router.compare_med_across_asn:
        yield " bgp always-compare-med"
    if router.cluster_id is not None:
        yield f" bgp cluster-id {IPv4Address(router.cluster_id)}"
    if not router.client_to_client_reflection:
        yield " no bgp client-to-client reflection"
    for peer in state.bgp_peers:
        yield from _peer(peer, router, state, surroundings)
    for family in _families(router, state):
        yield f" address-family {family} unicast"
        yield from (f"  {line}" for line in _address_family(family, router, state, surroundings))
        yield " exit-address-family"


def _families(router: BgpRouter, state: GatewayState) -> list[str]:
    has_ipv4_peer = any(_remote(peer).version == 4 for peer in state.bgp_peers)
    announces_ipv4 = any(_is("ipv4", text) for text in state.bgp_custom_route.network)
    announces_ipv4 = announces_ipv4 or bool(state.bgp_custom_route.interface)
    ipv4 = has_ipv4_peer or announces_ipv4 or not router.ipv6_routing
    return ["ipv4"] * ipv4 + ["ipv6"] * router.ipv6_routing


def _peer(peer: BgpPeer, router: BgpRouter, state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    remote = _remote(peer)
    internal = asn(peer.peer_asn) == asn(router.local_asn)
    words = [f"remote-as {asn(peer.peer_asn)}"]
    if not peer.started:
        words.append("shutdown")  # before a line that would make FRR call
    words += [f"description {peer.name}", f"update-source {address(peer.local_ip_address)}"]
    if peer.local_asn is not None and asn(peer.local_asn) != asn(router.local_asn):
        words.append(f"local-as {asn(peer.local_asn)} no-prepend replace-as")
    words.append(f"timers {peer.hold_time_sec // 3} {peer.hold_time_sec}")
    words.append(f"timers connect {peer.idle_hold_time_sec or _RETRY_S}")
    words += [] if internal else [*_distance(peer, state, surroundings), *["enforce-first-as"] * peer.enforce_first_as]
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
    remote = _remote(peer)
    texts = [text for one in state.s2s_interfaces for text in (one.ipv4_address, one.ipv6_address) if text]
    of_tunnels = [interface(text).network for text in texts]
    return any(remote in network for network in of_tunnels) or surroundings.connected_to(remote) is not None


def _address_family(family: str, router: BgpRouter, state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    if dampening := state.bgp_route_flap_dampening:
        half, longest = ceil(dampening.half_life / 60), ceil(dampening.max_suppress_time / 60)
        yield f"bgp dampening {half} {dampening.reuse_threshold} {dampening.suppress_threshold} {longest}"
    for prefix in state.bgp_custom_route.network:
        if _is(family, prefix):
            yield f"network {network(prefix)} route-map {route_maps.OWN}"
    for aggregate in state.bgp_route_aggregates:
        if _is(family, aggregate.prefix):
            words = ["aggregate-address", str(network(aggregate.prefix))]
            words += ["as-set"] * aggregate.preserve_as_path + ["summary-only"] * aggregate.summary_only
            yield " ".join([*words, "route-map", route_maps.of_own(aggregate, surroundings)])
    if state.bgp_custom_route.interface:
        yield from (
            f"redistribute {kind} route-map {route_maps.from_interfaces(surroundings)}"
            for kind in ("connected", "kernel", "static")
        )
    yield f"maximum-paths {_PATHS}"
    yield f"maximum-paths ibgp {_PATHS}"
    for peer in state.bgp_peers:
        if _remote(peer).version == 6 and family == "ipv4":
            continue
        way_in, way_out = (route.name for route in route_maps.of_peer(peer, router, state, surroundings))
        words = ["activate", f"weight {peer.weight}", f"route-map {way_in} in", f"route-map {way_out} out"]
        if peer.max_allowed_prefix is not None:
            words.append(f"maximum-prefix {peer.max_allowed_prefix - 1}")  # FRR compares before it counts the new one
        words += ["next-hop-self"] * peer.next_hop_self + ["default-originate"] * peer.default_originate
        if peer.route_reflector_client:
            words.append("route-reflector-client")
        yield from (f"neighbor {_remote(peer)} {word}" for word in words)


def _bfd_profiles(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    for peer in state.bgp_peers:
        if not peer.bfd:
            continue
        yield f" profile {surroundings.prefix}{peer.name}"
        yield f"  detect-multiplier {peer.bfd_multiplier}"
        yield f"  receive-interval {peer.bfd_interval_ms}"
        yield f"  transmit-interval {peer.bfd_interval_ms}"


def _is(family: str, prefix: str) -> bool:
    return network(prefix).version == (6 if family == "ipv6" else 4)


def _remote(peer: BgpPeer) -> AnyAddress:
    return address(peer.peer_ip_address)
