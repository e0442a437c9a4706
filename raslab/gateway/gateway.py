"""`RasGateway`: a RAS gateway in single tenant or multitenant mode."""

from __future__ import annotations

from raslab.gateway.core import start_together
from raslab.gateway.dialling import DiallingGateway
from raslab.gateway.for_tenants import takes_routing_domain
from raslab.gateway.state import VpnS2SInterface
from raslab.gateway.verbs import PartVerbs
from raslab.gateway.verbs.remote_access import RemoteAccessVerbs
from raslab.gateway.verbs.routing_domains import RoutingDomainVerbs

__all__ = ["RasGateway", "start_together"]


@takes_routing_domain(PartVerbs)
class RasGateway(RoutingDomainVerbs, RemoteAccessVerbs, PartVerbs, DiallingGateway):
    """A RAS gateway on one node, with the RemoteAccess and NetNat cmdlets as verbs in snake_case.

    Each verb checks what it is told (GatewayRefusedError, one sentence per problem), changes the desired state and
    carries out the difference; a verb that raises has changed nothing. `explain` tells what the last verb became.

    A multitenant gateway (``install_remote_access(multi_tenancy=True)``) does everything for a routing domain: each
    verb takes ``routing_domain``, a name or GUID. What asks (``get_...``) tells of all of them without it.
    """

    def _promote(self, interface: VpnS2SInterface) -> None:
        parts: list[PartVerbs] = [self, *(self.routing_domain(one.name) for one in self.state.routing_domains)]
        for part in parts:
            if any(one.name == interface.name for one in part.state.vpn_s2s_interfaces):
                part._order(interface, interface.destination[0])
