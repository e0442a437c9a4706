"""What a node is and what it shall be, and the steps between. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from raslab.gateway.plan import Plan, agreements, dialling, sessions
from raslab.gateway.plan.nat_timeouts import USUAL_SYSCTLS
from raslab.model.topology import Device, Interface, Link, Topology, Vrf
from raslab.services import Charon, Nftables

D = TypeVar("D", Interface, Device)


@dataclass(frozen=True)
class Transition:
    """What a node is and what it shall be."""

    old: Plan
    new: Plan

    @property
    def reversed(self) -> Transition:
        """The way back."""
        return Transition(self.new, self.old)

    @property
    def first(self) -> Transition:
        """What comes before the services change: all but new ways out, which wait for the rules that they need."""
        new_ways = set(self.new.ways_out) - set(self.old.ways_out)
        routes = tuple(route for route in self.new.routes if route not in new_ways)
        return Transition(self.old, replace(self.new, routes=routes))

    @property
    def last(self) -> Transition:
        """What comes after the services have changed."""
        return Transition(self.first.new, self.new)

    @property
    def is_needed(self) -> bool:
        """Whether the two differ."""
        return self.old != self.new

    @property
    def sessions(self) -> tuple[sessions.Neighbour, ...]:
        """BGP neighbours whose sessions have to begin anew."""
        return sessions.to_begin_anew(self.old.services, self.new.services)

    @property
    def gone_zones(self) -> tuple[int, ...]:
        """Zones of conntrack that belong to nobody any more."""
        return tuple(sorted(set(self.old.zones) - set(self.new.zones)))

    @property
    def gone_connections(self) -> set[str]:
        """Connections of strongSwan that there are no more."""
        return _connections(self.old) - _connections(self.new)

    @property
    def outdated(self) -> dict[str, str]:
        """IKEv2 interfaces whose tunnels were agreed on under what is no more, each with what has changed."""
        return agreements.outdated(self.old.services, self.new.services)

    @property
    def begins_to_filter_triggers(self) -> bool:
        """Whether there are trigger filters now and were none."""
        return _filters_triggers(self.new) and not _filters_triggers(self.old)

    @property
    def sysctls(self) -> dict[str, str]:
        """Kernel settings to write; those that are no longer wanted get the kernel's own values back."""
        wanted = {**{key: USUAL_SYSCTLS[key] for key in self.old.sysctls}, **self.new.sysctls}
        return {key: value for key, value in wanted.items() if self.old.sysctls.get(key) != value}


def with_plan(topology: Topology, node: str, wanted: Transition) -> Topology:
    """The topology after a transition of one node. Pure."""
    own = {one.name for one in (*wanted.old.tunnels, *wanted.new.tunnels)}
    own_vrfs = {one.name for one in (*wanted.old.vrfs, *wanted.new.vrfs)}
    gone, come = set(wanted.old.addresses), wanted.new.addresses

    def placed(one: D) -> D:
        """With the master that the new plan gives it, if it is this node's and not a VRF itself."""
        if one.node != node or isinstance(one, Vrf):
            return one
        master = None if one.master in own_vrfs else one.master
        return replace(one, master=wanted.new.masters.get(one.name, master))

    def end(interface: Interface) -> Interface:
        if interface.node != node:
            return interface
        kept = [
            text for text in interface.addresses if (interface.name, text) not in gone or (interface.name, text) in come
        ]
        new = [text for name, text in come if name == interface.name and text not in kept]
        return replace(placed(interface), addresses=(*kept, *new))

    return replace(
        topology,
        links=tuple(Link(end(link.a), end(link.b)) for link in topology.links),
        tunnels=(*(one for one in topology.tunnels if one.node != node or one.name not in own), *wanted.new.tunnels),
        routes=(
            *(one for one in topology.routes if one.node != node or not (one.dev in own or one in wanted.old.routes)),
            *wanted.new.routes,
        ),
        rules=(
            *(one for one in topology.rules if one.node != node or one not in wanted.old.rules),
            *wanted.new.rules,
        ),
        devices=(
            *(placed(one) for one in topology.devices if one.node != node or one.name not in own_vrfs),
            *wanted.new.vrfs,
        ),
    )


def _filters_triggers(plan: Plan) -> bool:
    tables = [table for service in plan.services if isinstance(service, Nftables) for table in service.tables]
    return any(table.name == dialling.TABLE for table in tables)


def _connections(plan: Plan) -> set[str]:
    return {name for service in plan.services if isinstance(service, Charon) for name in service.connections}
