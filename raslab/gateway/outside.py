"""Where a translator translates: its outside interfaces, and the addresses that it has there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address
from typing import NamedTuple

from raslab.gateway.state import GatewayState, NetNat, NetNatExternalAddress, NetRoute
from raslab.gateway.surroundings import Surroundings
from raslab.model.addresses import AnyAddress, address, network, readable

ANY_ADDRESS = "0.0.0.0"


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
    """The readable IPv4 address of each S2S interface that has one."""
    texts = ((one.name, (one.ipv4_address or "").partition("/")[0]) for one in state.s2s_interfaces)
    return {name: found for name, text in texts if (found := readable(address, text)) is not None}


def external_addresses(nat: NetNat, state: GatewayState) -> list[str]:
    """The addresses that a translator has been given."""
    pools = (one for pool in state.net_nat_external_addresses if pool.nat_name == nat.name for one in expand(pool))
    mapped = (
        str(address(one.external_ip_address)) for one in state.net_nat_static_mappings if one.nat_name == nat.name
    )
    return [text for text in dict.fromkeys((*pools, *mapped)) if text != ANY_ADDRESS]


def addresses_outside(nat: NetNat, state: GatewayState, surroundings: Surroundings) -> list[str]:
    """All IPv4 addresses by which a translator is called: those of its own outside, and those that it has been given.

    On an outside that tenants share the interface's own address is the node's and no tenant's.
    """
    around, names = outside(nat, state, surroundings)
    own: list[str] = []
    if around is surroundings:
        tunnels = tunnel_addresses(state)
        own += [str(known.ip) for name, known in around.addresses if name in names and known.version == 4]
        own += [str(tunnels[name]) for name in names if name in tunnels]
    return list(dict.fromkeys((*own, *external_addresses(nat, state))))


def expand(pool: NetNatExternalAddress) -> list[str]:
    """Each address of a pool."""
    first, _, last = pool.ip_address.partition("-")
    return [str(IPv4Address(number)) for number in range(int(IPv4Address(first)), int(IPv4Address(last or first)) + 1)]


def _interfaces_in(prefix: str, surroundings: Surroundings, tunnels: Mapping[str, AnyAddress]) -> list[str]:
    """The interfaces with an address in `prefix`; none if it cannot be read."""
    inside = readable(network, prefix)
    if inside is None:
        return []
    own = (name for name, known in surroundings.addresses if known.ip in inside)
    return list(dict.fromkeys((*own, *(name for name, known in tunnels.items() if known in inside))))


def _default_interface(routes: Iterable[NetRoute], surroundings: Surroundings) -> str | None:
    """The interface of the default route, be it the node's own or one that the gateway was told."""
    for route in routes:
        hop = readable(address, route.next_hop)
        if route.destination_prefix == "0.0.0.0/0" and hop is not None:
            found = surroundings.connected_to(hop)
            if found is not None:
                return found[0]
    return surroundings.default_interface(4)
