"""Ports of bridges, forwarding tables and neighbours: what is to be written when one topology becomes another. Pure.

The kernel forgets what is noted of an interface together with that interface, and what is noted of a port when it
leaves its bridge. New entries take the place of old ones before those that are left over go, so that a station that
moves from one port to another is never unknown in between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from raslab.model.switching import PortSettings
from raslab.model.topology import Topology
from raslab.net import steps
from raslab.net.carriers import switched_on
from raslab.net.steps import Step

Place = tuple[str, str]
"""A node and an interface of it."""


def port_steps(old: Topology, new: Topology, kept: Collection[Place]) -> dict[Place, Step]:
    """By port, the step that makes it behave as it should. kept: the ports that stay where they are."""
    before = {(one.node, one.interface): one for one in old.ports}
    after = {(one.node, one.interface): one for one in new.ports}
    found: dict[Place, Step] = {}
    for place in (*after, *(place for place in before if place not in after and place in kept)):
        plain = PortSettings(*place)
        wanted = after.get(place, plain)
        if wanted != (before.get(place, plain) if place in kept else plain):
            found[place] = steps.SetPort(place[0], wanted)
    return found


def entry_steps(old: Topology, new: Topology, kept: Collection[Place], kept_ports: Collection[Place]) -> Iterator[Step]:
    """Entries to write, then those to forget. kept: interfaces that stay; kept_ports: that stay in their bridge."""
    known = {one for one in old.forwarding if (one.node, one.interface) in (kept if one.remote else kept_ports)}
    for entry in new.forwarding:
        if entry not in known:
            yield steps.AddForwarding(entry.node, entry)
    on_before, on_now = _on(old), _on(new)  # the kernel forgets the neighbours of an interface that is switched off
    neighbours = {one for one in old.neighbours if (one.node, one.interface) in on_before & set(kept)}
    for neighbour in new.neighbours:
        if neighbour not in neighbours and (neighbour.node, neighbour.interface) in on_now:
            yield steps.AddNeighbour(neighbour.node, neighbour.interface, neighbour.address, neighbour.mac)
    wanted = set(new.forwarding)
    for entry in old.forwarding:
        if entry in known and entry not in wanted:
            yield steps.DeleteForwarding(entry.node, entry)
    addresses = {(one.node, one.interface, one.address) for one in new.neighbours}
    for neighbour in old.neighbours:
        place = (neighbour.node, neighbour.interface)
        if (*place, neighbour.address) not in addresses and place in on_now and neighbour in neighbours:
            yield steps.DeleteNeighbour(neighbour.node, neighbour.interface, neighbour.address)


def _on(topology: Topology) -> set[Place]:
    return {(one.node, one.name) for one in switched_on(topology)}
