"""`RasGateway`: a RAS gateway in single tenant mode."""

from __future__ import annotations

from raslab.gateway.core import start_together
from raslab.gateway.verbs.filters import FilterVerbs
from raslab.gateway.verbs.nat import NatVerbs
from raslab.gateway.verbs.policies import PolicyVerbs
from raslab.gateway.verbs.remote_access import RemoteAccessVerbs
from raslab.gateway.verbs.statistics import StatisticsVerbs

__all__ = ["RasGateway", "start_together"]


class RasGateway(StatisticsVerbs, PolicyVerbs, NatVerbs, FilterVerbs, RemoteAccessVerbs):
    """A RAS gateway on one node, with the RemoteAccess and NetNat cmdlets as verbs in snake_case.

    Each verb checks what it is told (GatewayRefusedError, one sentence per problem), changes the desired state and
    carries out the difference; a verb that raises has changed nothing. `explain` tells what the last verb became.
    """
