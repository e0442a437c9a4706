"""The ports that a gateway itself listens on, which nobody inside may have in its place. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from raslab.gateway.state import GatewayState
from raslab.gateway.surroundings import Surroundings

IKE_PORTS = (500, 4500)
"""RFC 7296, section 2; RFC 3948, section 2.2."""
BGP_PORT = 179
"""RFC 4271, section 8.2.2."""
BFD_PORTS = (3784, 3785, 4784)
"""RFC 5881, section 4; RFC 5883, section 5."""


class Listener(NamedTuple):
    """protocol: ``TCP`` or ``UDP``. who: what sentences call the one that listens."""

    protocol: str
    port: int
    who: str


def listeners(state: GatewayState, surroundings: Surroundings) -> Iterator[Listener]:
    """Who listens for packets that come in by interfaces of one part: the node itself, or a routing domain.

    Tunnels end outside, so a routing domain has only its BGP.
    """
    if surroundings.domain is None:
        yield from _ends_of_tunnels(state, surroundings)
    if state.bgp_router is not None:
        yield Listener("TCP", BGP_PORT, "its BGP router")
    bfd = next((peer.name for peer in state.bgp_peers if peer.bfd), None)
    if bfd is not None:
        yield from (Listener("UDP", port, f"the BFD of its BGP peer {bfd}") for port in BFD_PORTS)


def _ends_of_tunnels(state: GatewayState, surroundings: Surroundings) -> Iterator[Listener]:
    role = state.remote_access
    interface = next((one.name for one in state.vpn_s2s_interfaces), None)
    if interface is not None:
        yield from (Listener("UDP", port, f"its S2S interface {interface} (IKEv2)") for port in IKE_PORTS)
    elif role is not None and role.vpn_type == "VpnS2S":
        yield from (Listener("UDP", port, "its role VpnS2S (IKEv2)") for port in IKE_PORTS)
    for one in state.wireguard_interfaces:
        yield Listener("UDP", one.listen_port, f"its WireGuard interface {one.name}")
    for device in surroundings.vxlans:
        yield Listener("UDP", device.port, f"its VXLAN {device.name}")
