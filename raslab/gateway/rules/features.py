"""What may be configured at all, depending on what is installed."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.gateway.rules.reading import choice_problem, given
from raslab.gateway.state import GatewayState
from raslab.gateway.state.gateway import VPN_TYPES
from raslab.gateway.surroundings import Surroundings


def check(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """A role that is unknown or too small for what is configured."""
    role = state.remote_access
    gateway = surroundings.node
    if role is None:
        if state != GatewayState():
            yield f"Remote access is not installed on {gateway}: call install_remote_access(vpn_type='VpnS2S') first."
        return
    yield from given(choice_problem(role.vpn_type, VPN_TYPES, "vpn_type", gateway))
    if state.s2s_interfaces and role.vpn_type == "RoutingOnly":
        names = ", ".join(one.name for one in state.s2s_interfaces)
        yield (
            f"{gateway} is installed as RoutingOnly, which has no S2S interfaces such as {names}: "
            "call install_remote_access(vpn_type='VpnS2S')."
        )
