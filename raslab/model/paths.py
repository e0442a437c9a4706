"""Static routes to one prefix with one metric: the kernel has them as one route with several next hops (ECMP). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from raslab.model import addresses
from raslab.model.addresses import AnyNetwork
from raslab.model.topology import Route, destination

IPV6_METRIC = 1024
"""Of IPv6 routes that were given none, or 0 (IP6_RT_PRIO_USER of linux/ipv6_route.h); of IPv4 ones it is 0."""


class Way(NamedTuple):
    """What the kernel keeps routes apart by. table: a number, or None for the one of the VRF, or the main one."""

    node: str
    vrf: str | None
    table: int | None
    network: AnyNetwork
    metric: int
    unreachable: bool


def metric_of(route: Route) -> int:
    """The metric that the kernel gives a route; of several routes to one prefix the lowest is used."""
    return route.metric or (IPV6_METRIC if destination(route).version == 6 else 0)


def way_of(route: Route) -> Way:
    """What a route is, whatever its next hop."""
    return Way(route.node, route.vrf, route.table, destination(route), metric_of(route), route.unreachable)


def ways(routes: Iterable[Route]) -> dict[Way, tuple[Route, ...]]:
    """Routes by what the kernel keeps them apart by, those that say the same once, and in an order of their own."""
    found: dict[Way, dict[tuple[object, ...], Route]] = {}
    for route in routes:
        found.setdefault(way_of(route), {}).setdefault(_hop(route), route)
    return {way: tuple(here[hop] for hop in sorted(here, key=repr)) for way, here in found.items()}


def _hop(route: Route) -> tuple[object, ...]:
    """The next hop of a route: an address in any spelling is one."""
    via = None if route.via is None else addresses.address(route.via).packed
    return via, route.dev, route.labels
