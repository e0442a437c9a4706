"""Waiting until the kernel has noticed that links are up.

Switching both ends of a link on returns before the kernel has told IPv6 and the bridges about the carrier. What is
sent until then is lost, and a lost neighbour solicitation costs a second (RFC 4861, 10: RetransTimer).
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial

from raslab.errors import LinkNotUpError
from raslab.model.topology import Topology, Vlan
from raslab.net import steps
from raslab.net.namespaces import Namespace, Namespaces
from raslab.net.netlink import rtnetlink
from raslab.net.plan import Plan
from raslab.net.waiting import look_until
from raslab.net.watch import Course

DEADLINE_S = 10.0
_PAUSE_S = 0.001


def wait_until_up(plan: Plan, topology: Topology, namespaces: Namespaces, course: Course | None = None) -> None:
    """Wait for the links that `plan` has switched on; `course` is told for which.

    Raises LinkNotUpError when no other one has come up for DEADLINE_S.
    """
    waiting = switched_on(plan, topology)

    def look() -> dict[str, set[str]]:
        for node in list(waiting):
            waiting[node] = _not_up(namespaces[node], waiting[node])
            if not waiting[node]:
                del waiting[node]
        if waiting and course is not None:
            node, interfaces = next(iter(waiting.items()))
            course.waiting(node, min(interfaces), sum(map(len, waiting.values())))
        return waiting

    def left() -> int:
        return sum(map(len, waiting.values()))

    look_until(lambda found: not found, look, DEADLINE_S, partial(time.sleep, _PAUSE_S), left)
    if waiting:
        node, interfaces = next(iter(waiting.items()))
        raise LinkNotUpError(node, sorted(interfaces), DEADLINE_S)


def switched_on(plan: Plan, topology: Topology) -> dict[str, set[str]]:
    """Interfaces by node that get a carrier through `plan`: both ends are up, and one of them was not."""
    # The kernel switches an interface off and on that gets another master.
    touched = {(step.node, step.interface) for step in plan.steps if isinstance(step, steps.SetMaster)}
    touched |= {(step.node, step.interface) for step in plan.steps if isinstance(step, steps.SetUp) and step.up}
    found: dict[str, set[str]] = {}
    for link in topology.links:
        ends = [(end.node, end.name) for end in link.ends]
        if all(end.up for end in link.ends) and touched.intersection(ends):
            for node, interface in ends:
                found.setdefault(node, set()).add(interface)
    carried = {(end.node, end.name) for link in topology.links if all(end.up for end in link.ends) for end in link.ends}
    for device in topology.devices:
        if isinstance(device, Vlan) and device.up and (device.node, device.parent) in carried:
            own = found.setdefault(device.node, set())
            if device.parent in own or (device.node, device.name) in touched:
                own.add(device.name)
    return {node: interfaces for node, interfaces in found.items() if interfaces}


def _not_up(namespace: Namespace, interfaces: Iterable[str]) -> set[str]:
    states = {
        state.index: state for state in map(rtnetlink.link_state, namespace.connection.ask(rtnetlink.dump_links()))
    }
    indexes = {name: namespace.index_of(name) for name in interfaces}
    return {name for name, index in indexes.items() if index not in states or not states[index].operational}
