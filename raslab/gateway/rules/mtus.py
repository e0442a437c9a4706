"""Tunnels that leave too little room for the packets of IPv6, or for any. Only for states without other problems."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.gateway.plan.interfaces import tunnels
from raslab.gateway.rules.subnets import title
from raslab.gateway.scopes import scopes
from raslab.gateway.state import GatewayState, S2SInterface, VpnS2SInterface
from raslab.gateway.surroundings import Surroundings
from raslab.model.checks.interfaces import MIN_MTU_IPV6
from raslab.model.checks.mtus import too_small
from raslab.model.mtus import Mtus
from raslab.model.topology import DEFAULT_MTU, AnyInterface, Tunnel


def check(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """What follows from the headers of each tunnel, and of those that it goes through."""
    parts = list(scopes(state, surroundings))
    small = any((one.mtu or DEFAULT_MTU) < MIN_MTU_IPV6 for one in surroundings.interfaces)
    if not small and not any(_of_ipv6(one) for inside, _ in parts for one in inside.s2s_interfaces):
        return  # for which a gateway of many tenants need not be gone through
    made = [
        (one, tunnel, where)
        for inside, where in parts
        for one, tunnel in zip(inside.s2s_interfaces, tunnels(inside, where), strict=True)
    ]
    outside = parts[0].surroundings
    vrfs = {name: where.vrf for _, where in parts for name in where.names}

    def vrf_of(one: AnyInterface) -> str | None:
        return one.master if isinstance(one, Tunnel) and one.master is not None else vrfs.get(one.name)

    everything = (*surroundings.interfaces, *surroundings.vxlans, *(tunnel for _, tunnel, _ in made))
    mtus = Mtus(everything, outside.routes, vrf_of)
    for one, tunnel, where in made:
        yield from too_small(tunnel, mtus, title(one, where.title), _of_ipv6(one))


def _of_ipv6(one: S2SInterface) -> str:
    """What of IPv6 an interface has, empty for nothing."""
    later = one.post_connection_ipv6_subnet if isinstance(one, VpnS2SInterface) else ()
    if one.ipv6_address is not None:
        return f"its ipv6_address {one.ipv6_address}"
    return next((f"its IPv6 subnet {text}" for text in (*one.ipv6_subnet, *later)), "")
