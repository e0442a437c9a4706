"""NAT44 as nftables rules and conntrack's time-outs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address

from raslab.gateway.rules.nat import ANY_ADDRESS, external_interfaces
from raslab.gateway.scopes import Scope
from raslab.gateway.state import GatewayState, NetNat, NetNatExternalAddress, NetNatStaticMapping
from raslab.gateway.surroundings import Surroundings
from raslab.net.names import kernel_name
from raslab.services import Chain, NftSet, Table

FIRST_PORT, LAST_PORT = 1024, 65535
_SEED = "0x1"  # without one the kernel takes another for each rule
# Settings of conntrack with the kernel's own values, in seconds (nf_conntrack_proto_*.c).
_TIMEOUTS = {
    "icmp_query_timeout": (("nf_conntrack_icmp_timeout", 30),),
    "tcp_established_connection_timeout": (("nf_conntrack_tcp_timeout_established", 432_000),),
    "tcp_transient_connection_timeout": (
        ("nf_conntrack_tcp_timeout_syn_sent", 120),
        ("nf_conntrack_tcp_timeout_syn_recv", 60),
        ("nf_conntrack_tcp_timeout_fin_wait", 120),
        ("nf_conntrack_tcp_timeout_close_wait", 60),
        ("nf_conntrack_tcp_timeout_time_wait", 120),
    ),
    "udp_idle_session_timeout": (("nf_conntrack_udp_timeout", 30), ("nf_conntrack_udp_timeout_stream", 120)),
}

USUAL_TIMEOUTS = {f"net.netfilter.{name}": str(value) for settings in _TIMEOUTS.values() for name, value in settings}


def table(state: GatewayState, surroundings: Surroundings) -> Table | None:
    """The table ``nat`` with what is translated on the way in and on the way out, or None without any NAT."""
    if not state.net_nats:
        return None
    inward = [
        rule
        for mapping in state.net_nat_static_mappings
        for rule in _inward(mapping, _nat(mapping.nat_name, state), surroundings)
    ]
    outward = [rule for nat in state.net_nats for rule in _outward(nat, state, surroundings)]
    open_to_all = [(nat, protocol) for nat in state.net_nats for protocol in _open_protocols(nat)]
    inward += [rule for nat, protocol in open_to_all for rule in _inward_to_open_port(nat, protocol, surroundings)]
    chains = {
        "prerouting": Chain("type nat hook prerouting priority dstnat; policy accept", tuple(inward)),
        "postrouting": Chain("type nat hook postrouting priority srcnat; policy accept", tuple(outward)),
    }
    if open_to_all:
        opened = tuple(rule for nat, protocol in open_to_all for rule in _open_port(nat, protocol, surroundings))
        chains["opened"] = Chain("type filter hook postrouting priority 101; policy accept", opened)
    maps = {_ports(nat, protocol): _port_map(nat, protocol) for nat, protocol in open_to_all}
    name = "nat" if surroundings.domain is None else f"nat-{surroundings.domain.number}"
    return Table("ip", name, chains=chains, sets=maps)


def timeouts(parts: Sequence[Scope]) -> dict[str, str]:
    """The kernel settings that a NAT asks for; of several the first one counts, as the kernel has one value."""
    found: dict[str, str] = {}
    for nat in (one for state, _ in parts for one in state.net_nats):
        for field, settings in _TIMEOUTS.items():
            if (seconds := getattr(nat, field)) is not None:
                for name, _ in settings:
                    found.setdefault(f"net.netfilter.{name}", str(seconds))
    return found


def addresses(state: GatewayState, surroundings: Surroundings) -> tuple[tuple[str, str], ...]:
    """Addresses for the outside interfaces besides their own, so that neighbours find the translated ones."""
    wanted = [
        (nat, text)
        for nat in state.net_nats
        for text in (
            *(one for pool in state.net_nat_external_addresses if pool.nat_name == nat.name for one in _expand(pool)),
            *(one.external_ip_address for one in state.net_nat_static_mappings if one.nat_name == nat.name),
        )
    ]
    own = {str(known.ip) for _, known in surroundings.addresses}
    found = {
        (outside(nat, surroundings)[0], f"{text}/32"): None
        for nat, text in wanted
        if text not in own and text != ANY_ADDRESS
    }
    return tuple(found)


def outside(nat: NetNat, surroundings: Surroundings) -> list[str]:
    """The interfaces on which packets are translated."""
    if nat.external_ip_interface_address_prefix is not None:
        return external_interfaces(nat.external_ip_interface_address_prefix, surroundings)
    default = surroundings.default_interface(4)
    return [] if default is None else [default]


def _nat(name: str, state: GatewayState) -> NetNat:
    return next(nat for nat in state.net_nats if nat.name == name)


def _inward(mapping: NetNatStaticMapping, nat: NetNat, surroundings: Surroundings) -> list[str]:
    remote = mapping.remote_external_ip_address_prefix
    source = f"ip saddr {remote} " if remote is not None and not remote.endswith("/0") else ""
    port = mapping.internal_port if mapping.internal_port is not None else mapping.external_port
    there = "" if mapping.external_ip_address == ANY_ADDRESS else f"ip daddr {mapping.external_ip_address} "
    return [
        f'iifname "{kernel_name(name)}" {source}{there}{mapping.protocol.lower()} dport {mapping.external_port} '
        f"counter dnat to {mapping.internal_ip_address}:{port}"
        for name in outside(nat, surroundings)
    ]


def _open_protocols(nat: NetNat) -> list[str]:
    """The protocols in which anybody may send to a port that a host inside has sent from."""
    behaviours = {"udp": nat.udp_filtering_behavior, "tcp": nat.tcp_filtering_behavior}
    return [protocol for protocol, behaviour in behaviours.items() if behaviour == "EndpointIndependent"]


def _ports(nat: NetNat, protocol: str) -> str:
    """The map of a NAT that knows for each outside address and port which host inside uses it."""
    return f"{protocol}-ports-{nat.name}"


def _port_map(nat: NetNat, protocol: str) -> NftSet:
    usual = {"udp": "nf_conntrack_udp_timeout_stream", "tcp": "nf_conntrack_tcp_timeout_established"}[protocol]
    chosen = {"udp": nat.udp_idle_session_timeout, "tcp": nat.tcp_established_connection_timeout}[protocol]
    header = "type ipv4_addr . inet_service : ipv4_addr . inet_service; flags dynamic, timeout; "
    return NftSet(f"{header}timeout {chosen or USUAL_TIMEOUTS[f'net.netfilter.{usual}']}s", kind="map")


def _open_port(nat: NetNat, protocol: str, surroundings: Surroundings) -> list[str]:
    """Note what is outside, which the packet has by now, with the end inside, which conntrack remembers."""
    inside = _source(nat)
    source = f"ct original {inside}" if inside else ""
    return [
        f'oifname "{kernel_name(name)}" meta l4proto {protocol} {source}ct direction original '
        f"update @{_ports(nat, protocol)} "
        f"{{ ip saddr . {protocol} sport : ct original ip saddr . ct original proto-src }}"
        for name in outside(nat, surroundings)
    ]


def _inward_to_open_port(nat: NetNat, protocol: str, surroundings: Surroundings) -> list[str]:
    return [
        f'iifname "{kernel_name(name)}" meta l4proto {protocol} counter '
        f"dnat ip to ip daddr . {protocol} dport map @{_ports(nat, protocol)}"
        for name in outside(nat, surroundings)
    ]


def _source(nat: NetNat) -> str:
    """The match of what comes from inside, empty where everything does."""
    inside = nat.internal_ip_interface_address_prefix
    return f"ip saddr {inside} " if inside is not None and not inside.endswith("/0") else ""


def _outward(nat: NetNat, state: GatewayState, surroundings: Surroundings) -> list[str]:
    source = _source(nat)
    pools = [one for one in state.net_nat_external_addresses if one.nat_name == nat.name]
    rules = []
    for name in outside(nat, surroundings):
        where = f'oifname "{kernel_name(name)}" {source}'
        if not pools:
            rules.append(f"{where}counter masquerade")
        for pool, share in _shares(pools):
            if (pool.port_start, pool.port_end) != (FIRST_PORT, LAST_PORT):
                ports = f"{pool.port_start}-{pool.port_end}"
                rules.append(
                    f"{where}{share}meta l4proto {{ tcp, udp }} counter snat to {pool.ip_address}:{ports} persistent"
                )
            rules.append(f"{where}{share}counter snat to {pool.ip_address} persistent")
    return rules


def _shares(pools: Sequence[NetNatExternalAddress]) -> Iterator[tuple[NetNatExternalAddress, str]]:
    """Each pool with the match for the hosts inside that use it, by the number of its addresses.

    A host keeps its address for all that it sends to, whichever pool it is from: "paired" in RFC 4787, section 4.1.
    """
    sizes = [len(_expand(pool)) for pool in pools]
    for number, pool in enumerate(pools, 1):
        share = f"jhash ip saddr mod {sum(sizes)} seed {_SEED} < {sum(sizes[:number])} "
        yield pool, share if number < len(pools) else ""


def _expand(pool: NetNatExternalAddress) -> list[str]:
    first, _, last = pool.ip_address.partition("-")
    return [str(IPv4Address(number)) for number in range(int(IPv4Address(first)), int(IPv4Address(last or first)) + 1)]
