"""What is wrong with a desired state: one sentence per problem, each naming the user's own thing and the fix. Pure."""

from __future__ import annotations

from raslab.gateway.rules import (
    bgp,
    domains,
    features,
    filters,
    gre,
    mtus,
    names,
    nat,
    policies,
    routes,
    s2s,
    shared,
    subnets,
    wireguard,
)
from raslab.gateway.scopes import scopes
from raslab.gateway.state import GatewayState
from raslab.gateway.surroundings import Surroundings

_ROOMS = (features, s2s, gre, wireguard, subnets, routes, bgp, policies, nat, filters)


def problems_of(state: GatewayState, surroundings: Surroundings) -> list[str]:
    """All problems at once, none if the state can be brought about on a node with these surroundings."""
    found = [*domains.check(state, surroundings), *shared.check(state, surroundings), *names.check(state, surroundings)]
    found += [problem for scope in scopes(state, surroundings) for room in _ROOMS for problem in room.check(*scope)]
    return found or list(mtus.check(state, surroundings))  # which are figures only of what can be read
