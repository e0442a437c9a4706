"""Everything that one gateway should be."""

from __future__ import annotations

from dataclasses import dataclass, field

from raslab.gateway.state.bgp import (
    BgpCustomRoute,
    BgpPeer,
    BgpRouteAggregate,
    BgpRouteFlapDampening,
    BgpRouter,
    BgpRoutingPolicy,
    BgpRoutingPolicyForPeer,
)
from raslab.gateway.state.filters import RemoteAccessIpFilter
from raslab.gateway.state.nat import NetNat, NetNatExternalAddress, NetNatStaticMapping
from raslab.gateway.state.s2s import GreInterface, S2SInterface, VpnS2SInterface, WireguardInterface

VPN_TYPES = ("Vpn", "VpnS2S", "RoutingOnly")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAccess:
    """The installed role: Install-RemoteAccess. vpn_type: ``Vpn``, ``VpnS2S`` or ``RoutingOnly``."""

    vpn_type: str = "VpnS2S"


@dataclass(frozen=True, slots=True)
class GatewayState:
    """The desired state of one gateway in single tenant mode."""

    remote_access: RemoteAccess | None = None
    vpn_s2s_interfaces: tuple[VpnS2SInterface, ...] = ()
    gre_interfaces: tuple[GreInterface, ...] = ()
    wireguard_interfaces: tuple[WireguardInterface, ...] = ()
    bgp_router: BgpRouter | None = None
    bgp_peers: tuple[BgpPeer, ...] = ()
    bgp_custom_route: BgpCustomRoute = field(default_factory=BgpCustomRoute)
    bgp_route_aggregates: tuple[BgpRouteAggregate, ...] = ()
    bgp_routing_policies: tuple[BgpRoutingPolicy, ...] = ()
    bgp_routing_policies_for_peers: tuple[BgpRoutingPolicyForPeer, ...] = ()
    bgp_route_flap_dampening: BgpRouteFlapDampening | None = None
    net_nats: tuple[NetNat, ...] = ()
    net_nat_external_addresses: tuple[NetNatExternalAddress, ...] = ()
    net_nat_static_mappings: tuple[NetNatStaticMapping, ...] = ()
    ip_filters: tuple[RemoteAccessIpFilter, ...] = ()

    @property
    def s2s_interfaces(self) -> tuple[S2SInterface, ...]:
        """IKEv2, GRE and WireGuard interfaces."""
        return (*self.vpn_s2s_interfaces, *self.gre_interfaces, *self.wireguard_interfaces)
