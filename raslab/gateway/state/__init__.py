"""What a gateway should be, as frozen data in the words of the RemoteAccess cmdlets.

Values are kept as the user wrote them, so that `raslab.gateway.rules` can name what is wrong; everything that plans
may assume that they are right. A routing domain of a multitenant gateway has a state of the same kind of its own.
"""

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
from raslab.gateway.state.gateway import GatewayState, RemoteAccess, RoutingDomain
from raslab.gateway.state.nat import NetNat, NetNatExternalAddress, NetNatStaticMapping
from raslab.gateway.state.policy import PRESETS, CustomPolicy
from raslab.gateway.state.route import NetRoute
from raslab.gateway.state.s2s import (
    GreInterface,
    MachineCertificate,
    S2SInterface,
    VpnS2SInterface,
    VpnTrafficSelector,
    WireguardInterface,
)
from raslab.model.secrets import secret_names

__all__ = [
    "PRESETS",
    "SECRET_SETTINGS",
    "BgpCustomRoute",
    "BgpPeer",
    "BgpRouteAggregate",
    "BgpRouteFlapDampening",
    "BgpRouter",
    "BgpRoutingPolicy",
    "BgpRoutingPolicyForPeer",
    "CustomPolicy",
    "GatewayState",
    "GreInterface",
    "MachineCertificate",
    "NetNat",
    "NetNatExternalAddress",
    "NetNatStaticMapping",
    "NetRoute",
    "RemoteAccess",
    "RemoteAccessIpFilter",
    "RoutingDomain",
    "S2SInterface",
    "VpnS2SInterface",
    "VpnTrafficSelector",
    "WireguardInterface",
]

SECRET_SETTINGS = secret_names(VpnS2SInterface, WireguardInterface, MachineCertificate, BgpPeer)
"""The settings of verbs whose values are shown nowhere."""
