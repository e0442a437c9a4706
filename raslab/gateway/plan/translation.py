"""What is translated in one part of a gateway, as nftables rules: the node itself, or one routing domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from raslab.gateway.plan.nat_timeouts import TCP_ESTABLISHED_S, UDP_REPLIED_S, NatTimeouts, of_translators
from raslab.gateway.rules.nat import ANY_ADDRESS, outside
from raslab.gateway.state import GatewayState, NetNat, NetNatExternalAddress, NetNatStaticMapping
from raslab.gateway.surroundings import Surroundings
from raslab.model.addresses import address, network
from raslab.net.names import kernel_name
from raslab.services import NftSet
from raslab.services.lines import in_quotes
from raslab.services.nft_script import word

FIRST_PORT, LAST_PORT = 1024, 65535
_SEED = "0x1"  # without one the kernel takes another for each rule


@dataclass(frozen=True)
class Translation:
    """What the translators of one part want: rules on the way in and on the way out, rules that note which ports are
    open to all, and the maps that they note them in; and how long connections are remembered.
    """

    inward: tuple[str, ...] = ()
    outward: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()
    maps: Mapping[str, NftSet] = field(default_factory=dict)
    timeouts: NatTimeouts = field(default_factory=NatTimeouts)


def translation(state: GatewayState, surroundings: Surroundings) -> Translation:
    """The rules of one part, the node itself or a routing domain."""
    inward = [
        rule
        for mapping in state.net_nat_static_mappings
        for rule in _inward(mapping, _nat(mapping.nat_name, state), state, surroundings)
    ]
    outward = [rule for nat in state.net_nats for rule in _outward(nat, state, surroundings)]
    open_to_all = [(nat, protocol) for nat in state.net_nats for protocol in _open_protocols(nat)]
    inward += [rule for one in open_to_all for rule in _inward_to_open_port(*one, state, surroundings)]
    opened = [rule for one in open_to_all for rule in _open_port(*one, state, surroundings)]
    maps = {_ports(*one, surroundings): _port_map(*one) for one in open_to_all}
    return Translation(tuple(inward), tuple(outward), tuple(opened), maps, of_translators(state, surroundings))


def external_addresses(nat: NetNat, state: GatewayState) -> list[str]:
    """The addresses that a translator has been given."""
    pools = (one for pool in state.net_nat_external_addresses if pool.nat_name == nat.name for one in _expand(pool))
    mapped = (one.external_ip_address for one in state.net_nat_static_mappings if one.nat_name == nat.name)
    return [text for text in dict.fromkeys((*pools, *mapped)) if text != ANY_ADDRESS]


def _nat(name: str, state: GatewayState) -> NetNat:
    return next(nat for nat in state.net_nats if nat.name == name)


def _inward(mapping: NetNatStaticMapping, nat: NetNat, state: GatewayState, surroundings: Surroundings) -> list[str]:
    remote = mapping.remote_external_ip_address_prefix
    source = f"ip saddr {network(remote)} " if remote is not None and network(remote).prefixlen else ""
    port = mapping.internal_port if mapping.internal_port is not None else mapping.external_port
    there = "" if mapping.external_ip_address == ANY_ADDRESS else f"ip daddr {address(mapping.external_ip_address)} "
    return [
        f"iifname {in_quotes(kernel_name(name))} {source}{there}"
        f"{mapping.protocol.lower()} dport {mapping.external_port} "
        f"counter dnat to {address(mapping.internal_ip_address)}:{port}"
        for name in outside(nat, state, surroundings).interfaces
    ]


def _open_protocols(nat: NetNat) -> list[str]:
    """The protocols in which anybody may send to a port that a host inside has sent from."""
    behaviours = {"udp": nat.udp_filtering_behavior, "tcp": nat.tcp_filtering_behavior}
    return [protocol for protocol, behaviour in behaviours.items() if behaviour == "EndpointIndependent"]


def _ports(nat: NetNat, protocol: str, surroundings: Surroundings) -> str:
    """The map of a NAT that knows for each outside address and port which host inside uses it."""
    tenant = "" if surroundings.domain is None else f"{word(surroundings.domain.name)}-"
    return f"{protocol}-ports-{tenant}{word(nat.name)}"


def _port_map(nat: NetNat, protocol: str) -> NftSet:
    usual = {"udp": UDP_REPLIED_S, "tcp": TCP_ESTABLISHED_S}[protocol]
    chosen = {"udp": nat.udp_idle_session_timeout, "tcp": nat.tcp_established_connection_timeout}[protocol]
    header = "type ipv4_addr . inet_service : ipv4_addr . inet_service; flags dynamic, timeout; "
    return NftSet(f"{header}timeout {chosen or usual}s", kind="map")


def _open_port(nat: NetNat, protocol: str, state: GatewayState, surroundings: Surroundings) -> list[str]:
    """Note what is outside, which the packet has by now, with the end inside, which conntrack remembers."""
    inside = _source(nat)
    source = f"ct original {inside}" if inside else ""
    return [
        f"oifname {in_quotes(kernel_name(name))} meta l4proto {protocol} {source}ct direction original "
        f"update @{_ports(nat, protocol, surroundings)} "
        f"{{ ip saddr . {protocol} sport : ct original ip saddr . ct original proto-src }}"
        for name in outside(nat, state, surroundings).interfaces
    ]


def _inward_to_open_port(nat: NetNat, protocol: str, state: GatewayState, surroundings: Surroundings) -> list[str]:
    return [
        f"iifname {in_quotes(kernel_name(name))} meta l4proto {protocol} counter "
        f"dnat ip to ip daddr . {protocol} dport map @{_ports(nat, protocol, surroundings)}"
        for name in outside(nat, state, surroundings).interfaces
    ]


def _source(nat: NetNat) -> str:
    """The match of what comes from inside, empty where everything does."""
    inside = nat.internal_ip_interface_address_prefix
    return f"ip saddr {network(inside)} " if inside is not None and network(inside).prefixlen else ""


def _outward(nat: NetNat, state: GatewayState, surroundings: Surroundings) -> list[str]:
    source = _source(nat)
    pools = [one for one in state.net_nat_external_addresses if one.nat_name == nat.name]
    rules = []
    around, names = outside(nat, state, surroundings)
    for name in names:
        where = f"oifname {in_quotes(kernel_name(name))} {source}"
        if not pools and around is surroundings:
            rules.append(f"{where}counter masquerade")
        for pool, share in _shares(pools):
            to = _pool(pool)
            if (pool.port_start, pool.port_end) != (FIRST_PORT, LAST_PORT):
                ports = f"{pool.port_start}-{pool.port_end}"
                rules.append(f"{where}{share}meta l4proto {{ tcp, udp }} counter snat to {to}:{ports} persistent")
            rules.append(f"{where}{share}counter snat to {to} persistent")
    return rules


def _shares(pools: Sequence[NetNatExternalAddress]) -> Iterator[tuple[NetNatExternalAddress, str]]:
    """Each pool with the match for the hosts inside that use it, by the number of its addresses.

    A host keeps its address for all that it sends to, whichever pool it is from: "paired" in RFC 4787, section 4.1.
    """
    sizes = [len(_expand(pool)) for pool in pools]
    for number, pool in enumerate(pools, 1):
        share = f"jhash ip saddr mod {sum(sizes)} seed {_SEED} < {sum(sizes[:number])} "
        yield pool, share if number < len(pools) else ""


def _pool(pool: NetNatExternalAddress) -> str:
    """The addresses of a pool as nft takes them: one, or the first and the last."""
    return "-".join(str(IPv4Address(end)) for end in pool.ip_address.split("-"))


def _expand(pool: NetNatExternalAddress) -> list[str]:
    first, _, last = pool.ip_address.partition("-")
    return [str(IPv4Address(number)) for number in range(int(IPv4Address(first)), int(IPv4Address(last or first)) + 1)]
