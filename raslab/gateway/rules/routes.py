"""Static routes."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.gateway.rules.reading import address, given, interface, network, prefix_problem, range_problem
from raslab.gateway.state import GatewayState
from raslab.gateway.surroundings import Surroundings


def check(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """Prefixes and next hops that cannot be read, and next hops that are nobody's neighbours."""
    subnets = [known.network for _, known in surroundings.addresses]
    inside = [interface(text) for one in state.s2s_interfaces for text in (one.ipv4_address, one.ipv6_address)]
    subnets += [known.network for known in inside if known is not None]
    for one in state.net_routes:
        where = f"route to {one.destination_prefix} of {surroundings.title}"
        yield from given(
            prefix_problem(one.destination_prefix, "Destination", surroundings.title),
            range_problem(one.route_metric, 0, 2**32 - 1, "route_metric", where),
        )
        hop, there = address(one.next_hop), network(one.destination_prefix)
        if hop is None:
            yield f"Next hop {one.next_hop} of the {where} cannot be read: write an address without prefix length."
        elif there is not None and there.version != hop.version:
            yield f"Next hop {one.next_hop} of the {where} is of the other address family: use one family."
        elif all(hop not in subnet for subnet in subnets):
            yield f"Next hop {one.next_hop} of the {where} is on no subnet of its interfaces: choose a neighbour's."
