"""Static routes of one topology and of the next one: what is to be added, replaced and deleted in between. Pure.

Routes to one prefix with one metric are one route of the kernel, with a next hop for each whose interface is up. The
kernel drops a next hop with its interface, and the route with the last of them, and takes none up again by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from raslab.model.paths import Way, ways
from raslab.model.topology import Route, Topology
from raslab.model.vrfs import Vrfs
from raslab.net import steps
from raslab.net.carriers import AnyRoute, Carrier, carriers
from raslab.net.steps import Step


class Routing:
    """Works out one difference. kept: the nodes that stay."""

    def __init__(self, old: Topology, new: Topology, kept: Collection[str]) -> None:
        self._kept = kept
        self._mpls = old.mpls_routes, new.mpls_routes
        self._old_vrfs, self._vrfs = Vrfs(old), Vrfs(new)
        self._before, self._now = carriers(old), carriers(new)
        self._old, self._new = ways(old.routes), ways(new.routes)

    def removals(self) -> Iterator[Step]:
        """What goes before anything else changes; next hops that are left over go when their route is replaced."""
        for way, routes in self._old.items():
            staying = self._new.get(way, ())
            replaced = _living(staying, self._now) or set(routes) <= set(staying)
            if way.node in self._kept and not replaced:
                route = routes[0] if len(routes) == 1 else replace(routes[0], via=None, dev=None, labels=())
                yield steps.DeleteRoute(way.node, route, _table(way, self._old_vrfs))
        labels = {(path.node, path.label) for path in self._mpls[1]}
        for path in self._mpls[0]:
            if (path.node, path.label) not in labels and path.node in self._kept:
                yield steps.DeleteMplsRoute(path.node, path)

    def additions(self, steady: Collection[tuple[str, str]]) -> Iterator[Step]:
        """What is new, and what the kernel has dropped. steady: interfaces that stay as they are."""
        for way, routes in self._new.items():
            living, lived = _living(routes, self._now), _living(self._old.get(way, ()), self._before)
            table, old_table = _table(way, self._vrfs), _table(way, self._old_vrfs)
            unchanged = living == lived and table == old_table and all(self._stays(one, steady) for one in living)
            if len(living) == 1 and not unchanged:
                yield steps.AddRoute(way.node, living[0], table)
            elif living and not unchanged:
                yield steps.AddPaths(way.node, living, table)
        for path in self._mpls[1]:
            if path in self._now and not self._stays(path, steady):
                yield steps.AddMplsRoute(path.node, path)

    def _stays(self, route: AnyRoute, steady: Collection[tuple[str, str]]) -> bool:
        carrying = self._now[route]
        return self._before.get(route) == carrying and all((route.node, one.interface) in steady for one in carrying)


def _living(routes: tuple[Route, ...], carried: Mapping[AnyRoute, tuple[Carrier, ...]]) -> tuple[Route, ...]:
    """Those that the kernel has: an interface that carries them is up."""
    return tuple(route for route in routes if route in carried)


def _table(way: Way, vrfs: Vrfs) -> int | None:
    """The number of the table, None of the main one."""
    return way.table if way.table is not None else vrfs.table(way.node, way.vrf)
