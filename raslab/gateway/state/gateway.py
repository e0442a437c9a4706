"""Everything that one gateway should be."""

from __future__ import annotations

from collections.abc import Iterator
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
from raslab.gateway.state.route import NetRoute
from raslab.gateway.state.s2s import GreInterface, S2SInterface, VpnS2SInterface, WireguardInterface
from raslab.gateway.state.written import Guid

VPN_TYPES = ("Vpn", "VpnS2S", "RoutingOnly")
ROUTING_DOMAIN_TYPES = (*VPN_TYPES, "All")
_FIRST_TABLE = 1000  # the kernel keeps 253 to 255 for itself


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteAccess:
    """The installed role: Install-RemoteAccess. vpn_type: ``Vpn``, ``VpnS2S`` or ``RoutingOnly``.

    multi_tenancy: all that the gateway does, it does for a routing domain.
    """

    vpn_type: str = "VpnS2S"
    multi_tenancy: bool = False


@dataclass(frozen=True, slots=True)
class GatewayState:
    """The desired state of one gateway in single tenant mode, or of one routing domain of a multitenant one.

    routing_domains: of a multitenant gateway, which has nothing else itself.
    """

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
    net_routes: tuple[NetRoute, ...] = ()
    routing_domains: tuple[RoutingDomain, ...] = ()

    @property
    def s2s_interfaces(self) -> tuple[S2SInterface, ...]:
        """IKEv2, GRE and WireGuard interfaces."""
        return (*self.vpn_s2s_interfaces, *self.gre_interfaces, *self.wireguard_interfaces)

    @property
    def scopes(self) -> Iterator[GatewayState]:
        """The gateway's own state, then those of its routing domains."""
        yield self
        yield from (domain.state for domain in self.routing_domains)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingDomain:
    """What one tenant has of a multitenant gateway: Enable-RemoteAccessRoutingDomain.

    routing_domain_id: its GUID. type: what it may have: ``Vpn``, ``VpnS2S`` (site-to-site interfaces), ``RoutingOnly``
    (BGP) or ``All``. interfaces: those of the node that belong to it. number: of its routing table and of what else
    tells tenants apart on the node, one per domain, chosen when it is enabled. tx_bandwidth_kbps, rx_bandwidth_kbps:
    of its site-to-site interfaces together, 1000 bits per second; 0 is unlimited. state: all that it was told.
    """

    name: str
    routing_domain_id: Guid = ""
    type: tuple[str, ...] = ("All",)
    interfaces: tuple[str, ...] = ()
    number: int = 0
    tx_bandwidth_kbps: int = 0
    rx_bandwidth_kbps: int = 0
    state: GatewayState = field(default_factory=GatewayState)

    @property
    def vrf(self) -> str:
        """The name of its VRF device."""
        return f"vrf-{self.name}"

    @property
    def table(self) -> int:
        """The number of its routing table."""
        return _FIRST_TABLE + self.number

    @property
    def is_limited(self) -> bool:
        """Whether its interfaces share a bandwidth."""
        return bool(self.tx_bandwidth_kbps or self.rx_bandwidth_kbps)

    def may(self, feature: str) -> bool:
        """Whether its type includes a feature."""
        return not {feature, "All"}.isdisjoint(self.type)
