"""The BGP router, its peers, what it announces, and dampening."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.gateway.rules import gre
from raslab.gateway.rules.reading import (
    address,
    asn_problem,
    choice_problem,
    given,
    name_problem,
    network,
    prefix_problem,
    range_problem,
)
from raslab.gateway.state import BgpPeer, BgpRouteFlapDampening, BgpRouter, GatewayState
from raslab.gateway.state.notation import asn
from raslab.gateway.surroundings import Surroundings
from raslab.model.addresses import AnyAddress

_FEWEST_PREFIXES = 2  # FRR notices the second prefix only when a third comes
_BROADCAST = 2**32 - 1
_PASSWORD_BYTES = 80  # TCP_MD5SIG_MAXKEYLEN of linux/tcp.h


def check(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """Everything about BGP but policies."""
    router = state.bgp_router
    if router is None:
        if what := _without_router(state):
            yield f"{surroundings.title} has no BGP router for {what}: call add_bgp_router first."
        return
    yield from _router(router, surroundings)
    own = _own_addresses(state, surroundings)
    peers: dict[AnyAddress | None, str] = {}
    for peer in state.bgp_peers:
        where = f"BGP peer {peer.name} of {surroundings.title}"
        yield from _addresses(peer, where, own, surroundings)
        yield from _numbers(peer, where)
        yield from _kind_of_session(peer, router, where)
        remote = address(peer.peer_ip_address)
        other = peers.setdefault(remote, peer.name)
        if remote is not None and other != peer.name:
            yield f"BGP peers {other} and {peer.name} of {surroundings.title} are both {remote}: keep one."
    yield from _announced(state, surroundings)
    if state.bgp_route_flap_dampening is not None:
        yield from _dampening(state.bgp_route_flap_dampening, f"route flap dampening of {surroundings.title}")


def _without_router(state: GatewayState) -> str:
    if state.bgp_peers:
        return f"the BGP peer {state.bgp_peers[0].name}"
    if state.bgp_custom_route.network or state.bgp_custom_route.interface:
        return "its custom routes"
    if state.bgp_route_aggregates:
        return f"the aggregate {state.bgp_route_aggregates[0].prefix}"
    if state.bgp_routing_policies:
        return f"the routing policy {state.bgp_routing_policies[0].name}"
    return "route flap dampening" if state.bgp_route_flap_dampening else ""


def _own_addresses(state: GatewayState, surroundings: Surroundings) -> set[str]:
    of_tunnels = {text for one in state.s2s_interfaces for text in gre.addresses(one)}
    return {str(known.ip) for _, known in surroundings.addresses} | of_tunnels


def _router(router: BgpRouter, surroundings: Surroundings) -> Iterator[str]:
    where = f"the BGP router of {surroundings.title}"
    identifier = address(router.bgp_identifier)
    if identifier is None or identifier.version != 4 or int(identifier) == 0:
        yield f"BGP identifier {router.bgp_identifier!r} of {where} is no IPv4 address: write one of its addresses."
    yield from given(
        asn_problem(router.local_asn, "local_asn", where),
        _cluster_problem(router.cluster_id, where),
    )
    next_hop = router.local_ipv6_address
    if router.ipv6_routing and next_hop is None:
        yield f"IPv6 routing of {where} needs a next hop: give local_ipv6_address."
    if next_hop is not None and ((found := address(next_hop)) is None or found.version != 6):
        yield f"local_ipv6_address {next_hop} of {where} is no IPv6 address: write one without prefix length."
    if router.cluster_id is not None and not router.route_reflector:
        yield f"A cluster_id of {where} means nothing without route_reflector=True: set it, or leave cluster_id out."


def _cluster_problem(value: int | str | None, where: str) -> str | None:
    if isinstance(value, str):
        return f"cluster_id {value} of {where} cannot be read: write a whole number, or an IPv4 address."
    return range_problem(value, 1, 2**32 - 1, "cluster_id", where)


def _addresses(peer: BgpPeer, where: str, own: set[str], surroundings: Surroundings) -> Iterator[str]:
    yield from given(name_problem(peer.name, f"a BGP peer of {surroundings.title}"))
    local, remote = address(peer.local_ip_address), address(peer.peer_ip_address)
    for text, found, what in (
        (peer.local_ip_address, local, "Local address"),
        (peer.peer_ip_address, remote, "Peer address"),
    ):
        if found is None:
            yield f"{what} {text!r} of {where} cannot be read: write an address without prefix length{_zone(text)}."
        elif not _is_unicast(found):
            yield f"{what} {found} of {where} is no address of one router that others reach: write a unicast address."
    if local is not None and str(local) not in own:
        choice = ", ".join(sorted(one for one in own if (":" in one) == (local.version == 6)))
        yield (
            f"Local address {local} of {where} is not an address of that node: use one of {choice or 'its interfaces'}."
        )
    if remote is not None and str(remote) in own:
        yield f"Peer address {remote} of {where} is {surroundings.title}'s own: write the neighbour's."
    if local is not None and remote is not None and local.version != remote.version:
        yield f"Local address {local} and peer address {remote} of {where} are of different families: use one family."


def _zone(text: str) -> str:
    return " and zone" if "%" in text else ""


def _is_unicast(found: AnyAddress) -> bool:
    """Whether one router can have the address, and a session may be with it from anywhere."""
    return not (
        found.is_multicast
        or found.is_unspecified
        or found.is_loopback
        or found.is_link_local
        or int(found) == _BROADCAST
    )


def _numbers(peer: BgpPeer, where: str) -> Iterator[str]:
    if peer.hold_time_sec in (1, 2) or not 0 <= peer.hold_time_sec <= 65535:
        yield (
            f"Hold time {peer.hold_time_sec} s of {where} is impossible (RFC 4271, 4.2): choose 3 to 65535, "
            "or 0 to hold for ever."
        )
    yield from given(
        choice_problem(peer.operation_mode, ("Mixed", "Server"), "Operation mode", where),
        choice_problem(peer.peering_mode, ("Automatic", "Manual"), "Peering mode", where),
        asn_problem(peer.peer_asn, "peer_asn", where),
        asn_problem(peer.local_asn, "local_asn", where) if peer.local_asn is not None else None,
        range_problem(peer.idle_hold_time_sec, 1, 65535, "Idle hold time", where),
        range_problem(peer.max_allowed_prefix, _FEWEST_PREFIXES, 2**32 - 1, "max_allowed_prefix", where),
        range_problem(peer.weight, 0, 65535, "Weight", where),
        range_problem(peer.bfd_interval_ms, 10, 60_000, "bfd_interval_ms", where),
        range_problem(peer.bfd_multiplier, 2, 255, "bfd_multiplier", where),
        range_problem(peer.ebgp_multihop, 1, 255, "ebgp_multihop", where),
        range_problem(peer.ttl_security, 1, 254, "ttl_security", where),
    )
    if peer.ebgp_multihop is not None and peer.ttl_security is not None:
        yield f"The {where} cannot have both ebgp_multihop and ttl_security, which contradict: keep one."
    if peer.password is not None and not 1 <= len(peer.password.encode()) <= _PASSWORD_BYTES:
        yield f"The password of {where} has {len(peer.password.encode())} bytes, TCP-MD5 takes 1 to 80: choose another."
    elif peer.password is not None and any(sign.isspace() or not sign.isprintable() for sign in peer.password):
        yield f"The password of {where} has white space in it, which FRR cannot take: choose another."


def _kind_of_session(peer: BgpPeer, router: BgpRouter, where: str) -> Iterator[str]:
    """Equal AS numbers make a session internal, different ones external (RFC 4271, 1.1)."""
    try:
        own, theirs = asn(router.local_asn), asn(peer.peer_asn)
        presented = own if peer.local_asn is None else asn(peer.local_asn)
    except ValueError:
        return  # said already
    if own != theirs and presented == theirs:
        yield (
            f"The {where} has local_asn {peer.local_asn} equal to its peer_asn, and an external session needs two "
            "different AS numbers: choose another local_asn or leave it out."
        )
    only_external = [
        name
        for name, value in (
            ("ebgp_multihop", peer.ebgp_multihop),
            ("ttl_security", peer.ttl_security),
            ("local_asn", peer.local_asn if presented != own else None),
        )
        if value is not None
    ]
    if own == theirs and only_external:
        yield (
            f"The {where} has {' and '.join(only_external)}, which is for external sessions, but its peer_asn is the "
            f"router's own {peer.peer_asn}: give the two sides different AS numbers, or leave that out."
        )
    if peer.route_reflector_client and not router.route_reflector:
        yield f"The {where} is to be a client, but its router reflects no routes: set route_reflector=True there first."
    if peer.route_reflector_client and own != theirs:
        yield (
            f"The {where} is in AS {peer.peer_asn} and cannot be a client of a route reflector in AS "
            f"{router.local_asn}."
        )


def _announced(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    where = surroundings.title
    ipv6 = state.bgp_router is not None and state.bgp_router.ipv6_routing
    for prefix in state.bgp_custom_route.network:
        if problem := prefix_problem(prefix, "Custom route", where):
            yield problem
        elif (found := network(prefix)) is not None and found.version == 6 and not ipv6:
            yield (
                f"Custom route {prefix} of {where} is IPv6, which its BGP router does not route: set ipv6_routing=True."
            )
    names = [*surroundings.names, *(one.name for one in state.s2s_interfaces)]
    for name in state.bgp_custom_route.interface:
        if name not in names:
            yield f"{where} has no interface {name} for a custom route: use one of {', '.join(names)}."
    for aggregate in state.bgp_route_aggregates:
        found = network(aggregate.prefix)
        if found is None:
            yield from given(prefix_problem(aggregate.prefix, "Aggregate", where))
        elif found.prefixlen == found.max_prefixlen:
            yield f"Aggregate {found} of {where} is one address, inside which nothing is: write a shorter prefix."
        elif found.version == 6 and not ipv6:
            yield (
                f"Aggregate {aggregate.prefix} of {where} is IPv6, which its BGP router does not route: "
                "set ipv6_routing=True."
            )


def _dampening(dampening: BgpRouteFlapDampening, where: str) -> Iterator[str]:
    yield from given(
        range_problem(dampening.half_life, 1, 45 * 60, "Half life", where),
        range_problem(dampening.reuse_threshold, 1, 20_000, "Reuse threshold", where),
        range_problem(dampening.suppress_threshold, 1, 20_000, "Suppress threshold", where),
        range_problem(dampening.max_suppress_time, 1, 255 * 60, "Maximum suppress time", where),
    )
    if dampening.reuse_threshold >= dampening.suppress_threshold:
        yield (
            f"Reuse threshold {dampening.reuse_threshold} of {where} must be below the suppress threshold "
            f"{dampening.suppress_threshold}, or routes would never be held back: lower it."
        )
    if dampening.half_life > dampening.max_suppress_time:
        yield (
            f"Half life {dampening.half_life} s of {where} is longer than the maximum suppress time "
            f"{dampening.max_suppress_time} s: shorten it."
        )
