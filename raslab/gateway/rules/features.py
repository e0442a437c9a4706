"""What may be configured at all, depending on what is installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from raslab.gateway.rules.reading import choice_problem, given
from raslab.gateway.state import GatewayState, RoutingDomain
from raslab.gateway.state.gateway import ROUTING_DOMAIN_TYPES, VPN_TYPES
from raslab.gateway.surroundings import Surroundings


def check(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """A role that is unknown or too small for what is configured."""
    if surroundings.domain is not None:
        yield from _within(surroundings.domain, state, surroundings.title)
        return
    role = state.remote_access
    gateway = surroundings.title
    if role is None:
        if state != GatewayState():
            wanted = "multi_tenancy=True" if state.routing_domains else "vpn_type='VpnS2S'"
            yield f"Remote access is not installed on {gateway}: call install_remote_access({wanted}) first."
        return
    yield from given(choice_problem(role.vpn_type, VPN_TYPES, "vpn_type", gateway))
    own = replace(state, remote_access=None, routing_domains=())
    if role.multi_tenancy and own != GatewayState():
        yield f"{gateway} is multitenant, so all that it is told is for one tenant: name the routing_domain."
    if state.s2s_interfaces and role.vpn_type == "RoutingOnly":
        names = ", ".join(one.name for one in state.s2s_interfaces)
        yield (
            f"{gateway} is installed as RoutingOnly, which has no S2S interfaces such as {names}: "
            "call install_remote_access(vpn_type='VpnS2S')."
        )


def _within(domain: RoutingDomain, state: GatewayState, where: str) -> Iterator[str]:
    """What the type of a routing domain leaves out."""
    types = ", ".join(domain.type)
    if not domain.type or not set(domain.type) <= set(ROUTING_DOMAIN_TYPES):
        return  # said elsewhere
    if state.s2s_interfaces and not domain.may("VpnS2S"):
        names = ", ".join(one.name for one in state.s2s_interfaces)
        yield (
            f"{where} is enabled as {types}, which has no S2S interfaces such as {names}: "
            f"call set_remote_access_routing_domain({domain.name!r}, type='All')."
        )
    if state.bgp_router is not None and not domain.may("RoutingOnly"):
        yield (
            f"{where} is enabled as {types}, which has no BGP router: "
            f"call set_remote_access_routing_domain({domain.name!r}, type='All')."
        )
