"""Ports of bridges, forwarding tables and neighbours: what is to be written when one topology becomes another. Pure.

The kernel forgets what is noted of an interface together with that interface, and what is noted of a port when it
leaves its bridge. New entries take the place of old ones before those that are left over go, so that a station that
moves from one port to another is never unknown in between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from raslab.model.switching import Bridge, PortSettings
from raslab.model.topology import Topology, Vrf, everything
from raslab.net import steps
from raslab.net.carriers import switched_on
from raslab.net.names import kernel_name
from raslab.net.steps import Step

Place = tuple[str, str]
"""A node and an interface of it."""


def bridge_ports(topology: Topology) -> set[Place]:
    """The interfaces that are ports of a bridge within their node."""
    bridges = {(device.node, device.name) for device in topology.devices if isinstance(device, Bridge)}
    return {
        (one.node, one.name)
        for one in everything(topology)
        if not isinstance(one, Vrf) and (one.node, one.master or "") in bridges
    }


def silence(old: Topology, new: Topology, kept: Collection[Place]) -> Iterator[Step]:
    """A port of a bridge has no addresses, not even of its own making: else it would speak, to all who listen.

    It must be there before, and not be on yet: so it is to be made in the phase before this one.
    """
    before, after = bridge_ports(old) & set(kept), bridge_ports(new)
    for one in everything(new):
        place = (one.node, one.name)
        if (place in before) != (place in after):
            key = f"net.ipv6.conf.{kernel_name(one.name).replace('.', '/')}.disable_ipv6"
            yield steps.SetSysctl(one.node, key, str(int(place in after)))


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
