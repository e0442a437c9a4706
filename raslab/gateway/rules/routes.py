"""Static routes."""

from __future__ import annotations

from collections.abc import Iterator

from raslab.gateway.rules.reading import address, given, interface, network, prefix_problem, range_problem
from raslab.gateway.state import GatewayState, VpnS2SInterface
from raslab.gateway.state.notation import Subnet, subnet
from raslab.gateway.surroundings import Surroundings
from raslab.model.addresses import AnyNetwork
from raslab.model.paths import IPV6_METRIC


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
    yield from _beside_tunnels(state, surroundings)


def _beside_tunnels(state: GatewayState, surroundings: Surroundings) -> Iterator[str]:
    """Routes with the prefix and metric of what is behind a tunnel: half of what is for there would go beside it."""
    told = ((one.destination_prefix, one.next_hop, one.route_metric) for one in state.net_routes)
    known = ((one.destination, one.via or one.dev, one.metric) for one in surroundings.routes)
    hops: dict[tuple[AnyNetwork, int], str] = {}
    for text, hop, metric in (*told, *known):
        if (there := network(text)) is not None:
            hops[there, _metric(there, metric)] = str(hop)
    for one in state.s2s_interfaces:
        texts = (*one.ipv4_subnet, *one.ipv6_subnet)
        if isinstance(one, VpnS2SInterface):
            texts += (*one.post_connection_ipv4_subnet, *one.post_connection_ipv6_subnet)
        for text in texts:
            behind = _subnet(text)
            if behind is None or not behind.network.prefixlen:
                continue  # said elsewhere, or in a table of its own
            if other := hops.get((behind.network, _metric(behind.network, behind.metric))):
                yield (
                    f"Subnet {text} behind {one.name} of {surroundings.title} and the route to {behind.network} by "
                    f"{other} have one metric: give one of them another."
                )


def _subnet(text: str) -> Subnet | None:
    try:
        return subnet(text)
    except ValueError:
        return None  # said elsewhere


def _metric(there: AnyNetwork, metric: int | None) -> int:
    """What the kernel makes of a metric."""
    return metric or (IPV6_METRIC if there.version == 6 else 0)
