"""The parts of a gateway that are told and planned alike: the node itself, and each of its routing domains. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from raslab.gateway.state import GatewayState
from raslab.gateway.surroundings import Surroundings


class Scope(NamedTuple):
    """What one part should be, and where it is."""

    state: GatewayState
    surroundings: Surroundings


def scopes(state: GatewayState, surroundings: Surroundings) -> Iterator[Scope]:
    """The node itself, then its routing domains. surroundings: all of the node."""
    outside = surroundings.without(state.routing_domains)
    yield Scope(state, outside)
    for domain in state.routing_domains:
        yield Scope(domain.state, surroundings.within(domain, outside))
