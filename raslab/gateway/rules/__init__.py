"""What is wrong with a desired state: one sentence per problem, each naming the user's own thing and the fix. Pure."""

from __future__ import annotations

from raslab.gateway.rules import bgp, features, filters, gre, nat, policies, s2s, subnets, wireguard
from raslab.gateway.state import GatewayState
from raslab.gateway.surroundings import Surroundings

_ROOMS = (features, s2s, gre, wireguard, subnets, bgp, policies, nat, filters)


def problems_of(state: GatewayState, surroundings: Surroundings) -> list[str]:
    """All problems at once, none if the state can be brought about on a node with these surroundings."""
    return [problem for room in _ROOMS for problem in room.check(state, surroundings)]
