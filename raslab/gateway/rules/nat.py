"""Network address translation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address

from raslab.gateway.listeners import listeners
from raslab.gateway.outside import ANY_ADDRESS, outside, tunnel_addresses
from raslab.gateway.rules.reading import address, choice_problem, given, name_problem, prefix_problem, range_problem
from raslab.gateway.state import GatewayState, NetNat, NetNatExternalAddress, NetNatStaticMapping
from raslab.gateway.surroundings import Surroundings

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
    seen: dict[tuple[str, int], list[NetNatStaticMapping]] = {}
    for mapping in state.net_nat_static_mappings:
        shown = f"{mapping.protocol} {mapping.external_ip_address}:{mapping.external_port}"
        where = f"static mapping {shown} of {surroundings.title}"
        yield from _owner(mapping.nat_name, names, where)
        yield from _mapping(mapping, where)
        yield from _taken_port(mapping, state, surroundings, where)
        others = seen.setdefault((mapping.protocol.upper(), mapping.external_port), [])
        if any(_meet(other, mapping) for other in others):
            yield f"The {where} leads to two hosts inside: choose another external port for one of them."
        others.append(mapping)
    yield from _others_addresses(state, surroundings)


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


def _taken_port(
    mapping: NetNatStaticMapping, state: GatewayState, surroundings: Surroundings, where: str
) -> Iterator[str]:
    """A port that the gateway itself listens on, of an address that is its own."""
    nat = next((nat for nat in state.net_nats if nat.name == mapping.nat_name), None)
    external = address(mapping.external_ip_address)
    if nat is None or external is None or outside(nat, state, surroundings).around is not surroundings:
        return  # said elsewhere, or on an outside that tenants share, where no address of theirs is the node's
    own = {str(known.ip) for _, known in surroundings.addresses} | set(map(str, tunnel_addresses(state).values()))
    if str(external) not in (ANY_ADDRESS, *own):
        return
    for listener in listeners(state, surroundings):
        if (listener.protocol, listener.port) == (mapping.protocol.upper(), mapping.external_port):
            yield (
                f"The {where} would take the port on which {listener.who} listens: choose another external_port, or an "
                f"external_ip_address that {surroundings.title} has for nothing else."
            )
            return


def _others_addresses(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """External addresses that somebody else has: who took them would cut off his own neighbour."""
    hops = [(route.via, "a next hop") for route in surroundings.underlay.routes if route.via is not None]
    hops += [(route.next_hop, "a next hop") for route in state.net_routes]
    ends = [(text, f"the destination of {one.name}") for one in state.s2s_interfaces for text in one.destination]
    peers = [(peer.peer_ip_address, f"the BGP peer {peer.name}") for peer in state.bgp_peers]
    owners = {found: who for text, who in (*peers, *ends, *hops) if (found := address(text)) is not None}
    texts = [one.ip_address for one in state.net_nat_external_addresses]
    texts += [one.external_ip_address for one in state.net_nat_static_mappings]
    for text in dict.fromkeys(texts):
        first, _, last = text.partition("-")
        low, high = address(first), address(last or first)
        if not (isinstance(low, IPv4Address) and isinstance(high, IPv4Address)):
            continue  # said elsewhere
        for owner, who in owners.items():
            if isinstance(owner, IPv4Address) and low <= owner <= high:
                yield (
                    f"External address {text} of {surroundings.title} holds {owner}, which is {who}: "
                    "leave it to its owner."
                )


def _meet(one: NetNatStaticMapping, other: NetNatStaticMapping) -> bool:
    """True if one packet could fit both."""
    outside = {one.external_ip_address, other.external_ip_address}
    same_place = len(outside) == 1 or ANY_ADDRESS in outside
    remotes = (one.remote_external_ip_address_prefix, other.remote_external_ip_address_prefix)
    return same_place and (None in remotes or remotes[0] == remotes[1])
