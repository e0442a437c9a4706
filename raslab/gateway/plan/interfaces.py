"""Tunnel interfaces of the kernel, and the routes through them."""

from __future__ import annotations

from zlib import crc32

from raslab.gateway.forced import is_forced
from raslab.gateway.plan import forced
from raslab.gateway.state import GatewayState, GreInterface, S2SInterface, VpnS2SInterface, WireguardInterface
from raslab.gateway.state.notation import subnet
from raslab.gateway.surroundings import Surroundings
from raslab.model.addresses import address, network
from raslab.model.addresses import interface as interface_address
from raslab.model.topology import Route, Tunnel


def tunnels(state: GatewayState, surroundings: Surroundings) -> tuple[Tunnel, ...]:
    """One tunnel interface per S2S interface; that of a disabled one is down."""
    return tuple(_tunnel(one, surroundings) for one in state.s2s_interfaces)


def routes(state: GatewayState, surroundings: Surroundings) -> tuple[Route, ...]:
    """The way to what is behind each interface, and static routes."""
    behind = (
        Route(
            surroundings.node,
            str(found.network),
            dev=one.name,
            metric=found.metric,
            vrf=surroundings.vrf,
            table=forced.table_of(found, surroundings) if is_forced(found, one, surroundings) else None,
        )
        for one in state.s2s_interfaces
        for found in map(subnet, (*one.ipv4_subnet, *one.ipv6_subnet))
    )
    static = [
        Route(
            surroundings.node,
            str(network(one.destination_prefix)) if network(one.destination_prefix).prefixlen else "default",
            str(address(one.next_hop)),
            metric=one.route_metric,
            vrf=surroundings.vrf,
        )
        for one in state.net_routes
    ]
    return (
        *behind,
        *forced.refusals(state, surroundings),
        *forced.without_other_ways(static, state, surroundings),
    )


def if_id(name: str) -> int:
    """The number that ties an interface to its IPsec policies: of its name only, so that it never changes."""
    return crc32(name.encode()) & 0xFFFFFF or 1


def source_of(interface: VpnS2SInterface | WireguardInterface, surroundings: Surroundings) -> str:
    """The address that an interface speaks from: as chosen, or that by which its first destination is reached."""
    found = known_source(interface, surroundings)
    assert found is not None  # the rules have seen to it
    return found


def known_source(interface: VpnS2SInterface | WireguardInterface, surroundings: Surroundings) -> str | None:
    """The same of an interface that the rules have yet to see: None if nothing leads to its first destination."""
    try:
        if isinstance(interface, VpnS2SInterface) and interface.source_ip_address is not None:
            return str(address(interface.source_ip_address))
        way = surroundings.underlay.towards(address(interface.destination[0]))
    except ValueError:
        return None
    return str(way[1].ip) if way is not None and way[1] is not None else None


def _tunnel(interface: S2SInterface, surroundings: Surroundings) -> Tunnel:
    match interface:
        case GreInterface():
            assert interface.source_ip_address is not None  # the rules have seen to it
            kind, source, key = "gre", str(address(interface.source_ip_address)), interface.gre_key
        case WireguardInterface():
            kind, source, key = "wireguard", source_of(interface, surroundings), None
        case VpnS2SInterface():
            kind, source, key = "xfrm", source_of(interface, surroundings), if_id(interface.name)
    return Tunnel(
        surroundings.node,
        interface.name,
        kind,
        source,
        str(address(interface.destination[0])),
        key,
        addresses=_addresses(interface),
        up=interface.admin_status,
        checksum=isinstance(interface, GreInterface) and interface.checksum,
        master=surroundings.vrf,
    )


def _addresses(interface: S2SInterface) -> tuple[str, ...]:
    texts = (interface.ipv4_address, interface.ipv6_address)
    return tuple(str(interface_address(text)) for text in texts if text is not None)
