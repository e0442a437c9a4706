"""Network address translation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address
from typing import NamedTuple

from raslab.gateway.rules.reading import address, choice_problem, given, name_problem, prefix_problem, range_problem
from raslab.gateway.state import GatewayState, NetNat, NetNatExternalAddress, NetNatStaticMapping, NetRoute
from raslab.gateway.surroundings import Surroundings
from raslab.model.addresses import AnyAddress, network

ANY_ADDRESS = "0.0.0.0"
_LONGEST_S = (2**32 - 1) // 1000  # the kernel counts in ticks, of which a second has up to 1000
_NO_IPV6 = "NAT is for IPv4 only; IPv6 is routed as it is"


def check(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """Translators, their pools and static mappings."""
    names = [nat.name for nat in state.net_nats]
    for nat in state.net_nats:
        yield from _nat(nat, state, surroundings)
    for pool in state.net_nat_external_addresses:
        where = f"external address {pool.ip_address} of {surroundings.title}"
        yield from _owner(pool.nat_name, names, where)
        yield from _pool(pool, where)
    yield from _overlaps(state.net_nat_external_addresses, surroundings)
    seen: dict[tuple[str, int], NetNatStaticMapping] = {}
    for mapping in state.net_nat_static_mappings:
        shown = f"{mapping.protocol} {mapping.external_ip_address}:{mapping.external_port}"
        where = f"static mapping {shown} of {surroundings.title}"
        yield from _owner(mapping.nat_name, names, where)
        yield from _mapping(mapping, where)
        other = seen.setdefault((mapping.protocol.upper(), mapping.external_port), mapping)
        if other is not mapping and _meet(other, mapping):
            yield f"The {where} leads to two hosts inside: choose another external port for one of them."


def _nat(nat: NetNat, state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    where = f"NAT {nat.name} of {surroundings.title}"
    prefix = nat.external_ip_interface_address_prefix
    for text, what in ((prefix, "External prefix"), (nat.internal_ip_interface_address_prefix, "Internal prefix")):
        if text is not None and ":" in text:
            yield f"{what} {text} of {where} is IPv6, and {_NO_IPV6}: write an IPv4 prefix."
        elif text is not None:
            yield from given(prefix_problem(text, what, where, 4))
    found = outside(nat, state, surroundings)
    if prefix is None and not found.interfaces:
        yield f"The {where} has no outside: give external_ip_interface_address_prefix, or the node a default route."
    elif prefix is not None and not found.interfaces:
        yield (
            f"External prefix {prefix} of {where} holds no address of that node: "
            "write the prefix of its outside address."
        )
    behaviours = ("AddressAndPortDependent", "EndpointIndependent")
    yield from given(
        choice_problem(nat.udp_filtering_behavior, behaviours, "udp_filtering_behavior", where),
        choice_problem(nat.tcp_filtering_behavior, behaviours, "tcp_filtering_behavior", where),
    )
    for field in ("icmp_query", "tcp_established_connection", "tcp_transient_connection", "udp_idle_session"):
        yield from given(range_problem(getattr(nat, f"{field}_timeout"), 1, _LONGEST_S, f"{field}_timeout", where))
    yield from given(name_problem(nat.name, f"a NAT of {surroundings.title}"))


class Outside(NamedTuple):
    """Where a translator translates. around: the part of the node that its outside interfaces belong to."""

    around: Surroundings
    interfaces: list[str]


def outside(nat: NetNat, state: GatewayState, surroundings: Surroundings) -> Outside:
    """The outside of a translator: a tenant's own interfaces, or else those of the node, which tenants share.

    A tunnel is one only if its address is in the external prefix.
    """
    for around in (surroundings, *([surroundings.outside] if surroundings.outside is not None else [])):
        if nat.external_ip_interface_address_prefix is not None:
            tunnels = tunnel_addresses(state) if around is surroundings else {}
            found = _interfaces_in(nat.external_ip_interface_address_prefix, around, tunnels)
        else:
            own = state.net_routes if around is surroundings else ()
            default = _default_interface(own, around)
            found = [default] if default is not None else []
        if found:
            return Outside(around, found)
    return Outside(surroundings, [])


def tunnel_addresses(state: GatewayState) -> dict[str, AnyAddress]:
    """The IPv4 address of each S2S interface that has one."""
    texts = ((one.name, (one.ipv4_address or "").partition("/")[0]) for one in state.s2s_interfaces)
    return {name: found for name, text in texts if (found := address(text)) is not None}


def _interfaces_in(prefix: str, surroundings: Surroundings, tunnels: Mapping[str, AnyAddress]) -> list[str]:
    """The interfaces with an address in `prefix`; none if it cannot be read."""
    try:
        inside = network(prefix)
    except ValueError:
        return []
    own = (name for name, known in surroundings.addresses if known.ip in inside)
    return list(dict.fromkeys((*own, *(name for name, known in tunnels.items() if known in inside))))


def _default_interface(routes: Iterable[NetRoute], surroundings: Surroundings) -> str | None:
    """The interface of the default route, be it the node's own or one that the gateway was told."""
    for route in routes:
        hop = address(route.next_hop)
        if route.destination_prefix == "0.0.0.0/0" and hop is not None:
            found = surroundings.connected_to(hop)
            if found is not None:
                return found[0]
    return surroundings.default_interface(4)


def _owner(name: str, names: list[str], where: str) -> Iterator[str]:
    if name not in names:
        known = f"use one of {', '.join(names)}" if names else "call new_net_nat first"
        yield f"The {where} belongs to the NAT {name}, which does not exist: {known}."


def _pool(pool: NetNatExternalAddress, where: str) -> Iterator[str]:
    first, _, last = pool.ip_address.partition("-")
    ends = [address(first), address(last or first)]
    if any(end is not None and end.version == 6 for end in ends):
        yield f"The {where} is IPv6, and {_NO_IPV6}: write an IPv4 address."
    elif None in ends:
        yield f"The {where} cannot be read: write an address, or a range like 203.0.113.5-203.0.113.9."
    elif int(IPv4Address(first)) > int(IPv4Address(last or first)):
        yield f"The {where} runs backwards: swap its ends."
    if not 1 <= pool.port_start <= pool.port_end <= 65535:
        yield (
            f"Ports {pool.port_start}-{pool.port_end} of the {where} are impossible: "
            "choose 1 to 65535, the lower first."
        )


def _overlaps(pools: Sequence[NetNatExternalAddress], surroundings: Surroundings) -> Iterator[str]:
    """Two pools with an address in common, which could not tell whose answers come in."""
    known: list[tuple[int, int, str]] = []
    for pool in pools:
        ends = [address(text) for text in pool.ip_address.split("-")]
        if None in ends:
            continue  # said elsewhere
        first, last = int(ends[0] or 0), int(ends[-1] or 0)
        for other_first, other_last, other in known:
            if first <= other_last and other_first <= last:
                yield (
                    f"External addresses {other} and {pool.ip_address} of {surroundings.title} have addresses in "
                    "common: give each address once."
                )
        known.append((first, last, pool.ip_address))


def _mapping(mapping: NetNatStaticMapping, where: str) -> Iterator[str]:
    yield from given(
        choice_problem(mapping.protocol.upper(), ("TCP", "UDP"), "Protocol", where),
        range_problem(mapping.external_port, 1, 65535, "External port", where),
        range_problem(mapping.internal_port, 1, 65535, "Internal port", where),
    )
    for text, what in ((mapping.external_ip_address, "External"), (mapping.internal_ip_address, "Internal")):
        found = address(text)
        if found is None:
            yield f"{what} address {text} of the {where} cannot be read: write an address without prefix length."
        elif found.version == 6:
            yield f"{what} address {text} of the {where} is IPv6, and {_NO_IPV6}: write an IPv4 address."
    remote = mapping.remote_external_ip_address_prefix
    if remote is not None:
        yield from given(prefix_problem(remote, "Remote prefix", where, 4))


def _meet(one: NetNatStaticMapping, other: NetNatStaticMapping) -> bool:
    """True if one packet could fit both."""
    outside = {one.external_ip_address, other.external_ip_address}
    same_place = len(outside) == 1 or ANY_ADDRESS in outside
    remotes = (one.remote_external_ip_address_prefix, other.remote_external_ip_address_prefix)
    return same_place and (None in remotes or remotes[0] == remotes[1])
