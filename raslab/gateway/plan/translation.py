"""What is translated in one part of a gateway, as nftables rules: the node itself, or one routing domain.

Where a connection began decides. What the node itself begins keeps its address, whatever protocol it is of; what comes
from inside for an address outside is led back in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from raslab.gateway.outside import ANY_ADDRESS, addresses_outside, outside
from raslab.gateway.plan import hairpin, marks, own_addresses, pools
from raslab.gateway.plan.nat_timeouts import TCP_ESTABLISHED_S, UDP_REPLIED_S, NatTimeouts, of_translators
from raslab.gateway.plan.own_ports import own_ports, spared
from raslab.gateway.state import GatewayState, NetNat, NetNatStaticMapping
from raslab.gateway.surroundings import Surroundings
from raslab.model.addresses import address, network
from raslab.net.names import kernel_name
from raslab.services import NftSet
from raslab.services.lines import in_quotes
from raslab.services.nft_script import word


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

    @property
    def heeds_own(self) -> bool:
        """Whether it has to be known which connections the node itself has begun."""
        return any(mark in rule for rule in (*self.outward, *self.opened) for mark in (marks.OWN, marks.NOT_OWN))


def translation(state: GatewayState, surroundings: Surroundings) -> Translation:
    """The rules of one part, the node itself or a routing domain."""
    inward = [
        rule
        for mapping in state.net_nat_static_mappings
        for rule in _inward(mapping, _nat(mapping.nat_name, state), state, surroundings)
    ]
    outward = [*own_addresses.kept(state, surroundings)]
    outward += [rule for nat in state.net_nats for rule in _outward(nat, state, surroundings)]
    outward += hairpin.outward(state, surroundings, {nat.name: _source(nat) for nat in state.net_nats})
    open_to_all = [(nat, protocol) for nat in state.net_nats for protocol in _open_protocols(nat)]
    inward += [rule for one in open_to_all for rule in _inward_to_open_port(*one, state, surroundings)]
    inward[:0] = hairpin.inward(state, surroundings)
    opened = [rule for one in open_to_all for rule in _open_port(*one, state, surroundings)]
    maps = {_ports(*one, surroundings): _port_map(*one) for one in open_to_all}
    return Translation(tuple(inward), tuple(outward), tuple(opened), maps, of_translators(state, surroundings))


def _nat(name: str, state: GatewayState) -> NetNat:
    return next(nat for nat in state.net_nats if nat.name == name)


def _inward(
    mapping: NetNatStaticMapping, nat: NetNat, state: GatewayState, surroundings: Surroundings
) -> Iterator[str]:
    """The rule of a mapping, for whatever is for that address, wherever it comes from."""
    remote = mapping.remote_external_ip_address_prefix
    source = f"ip saddr {network(remote)} " if remote is not None and network(remote).prefixlen else ""
    port = mapping.internal_port if mapping.internal_port is not None else mapping.external_port
    any_address = mapping.external_ip_address == ANY_ADDRESS
    addresses = (
        addresses_outside(nat, state, surroundings) if any_address else [str(address(mapping.external_ip_address))]
    )
    if there := hairpin.to(addresses):
        yield (
            f"{source}{there}{mapping.protocol.lower()} dport {mapping.external_port} "
            f"counter dnat to {address(mapping.internal_ip_address)}:{port}"
        )


def _open_protocols(nat: NetNat) -> list[str]:
    """The protocols in which anybody may send to a port that a host inside has sent from."""
    behaviours = {"udp": nat.udp_filtering_behavior, "tcp": nat.tcp_filtering_behavior}
    return [protocol for protocol, behaviour in behaviours.items() if behaviour == "EndpointIndependent"]


def _ports(nat: NetNat, protocol: str, surroundings: Surroundings) -> str:
    """The map of a NAT that knows for each outside address and port which host inside uses it."""
    tenant = "" if surroundings.domain is None else f"{word(surroundings.domain.name)}/"
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
    begun_inside = (f"{way} {marks.NOT_OWN}" for way in _ways_out(nat, state, surroundings))
    return [
        f"{way} meta l4proto {protocol} {source}ct direction original "
        f"update @{_ports(nat, protocol, surroundings)} "
        f"{{ ip saddr . {protocol} sport : ct original ip saddr . ct original proto-src }}"
        for way in (*begun_inside, f"{marks.HAIRPIN} ct status dnat")
    ]


def _inward_to_open_port(nat: NetNat, protocol: str, state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    if there := hairpin.to(addresses_outside(nat, state, surroundings)):
        yield (
            f"{there}meta l4proto {protocol} counter "
            f"dnat ip to ip daddr . {protocol} dport map @{_ports(nat, protocol, surroundings)}"
        )


def _ways_out(nat: NetNat, state: GatewayState, surroundings: Surroundings) -> list[str]:
    """Matches of what leaves by an outside interface of a translator."""
    return [f"oifname {in_quotes(kernel_name(name))}" for name in outside(nat, state, surroundings).interfaces]


def _source(nat: NetNat) -> str:
    """The match of what comes from inside, empty where everything does."""
    inside = nat.internal_ip_interface_address_prefix
    return f"ip saddr {network(inside)} " if inside is not None and network(inside).prefixlen else ""


def _outward(nat: NetNat, state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    own = [one for one in state.net_nat_external_addresses if one.nat_name == nat.name]
    is_here = outside(nat, state, surroundings).around is surroundings
    taken = own_ports(state, surroundings) if is_here else {}
    for way in _ways_out(nat, state, surroundings):
        if own:
            # What a tenant has for addresses means nothing on an outside that is not its own, the node's there or not.
            begun = f"{marks.NOT_OWN} " if is_here else ""
            yield from pools.rules(f"{way} {_source(nat)}{begun}", own, _own_addresses(surroundings), taken)
        elif is_here:
            for match, free in spared(taken):
                yield f"{way} {_source(nat)}{marks.NOT_OWN} {match}counter masquerade to :{free}"
            yield f"{way} {_source(nat)}counter masquerade"


def _own_addresses(surroundings: Surroundings) -> list[str]:
    return [str(known.ip) for _, known in surroundings.addresses]
