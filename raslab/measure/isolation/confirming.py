"""Packets that take the ways that were worked out, to see whether they come through. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from raslab.measure.isolation.crafted import Crafted
from raslab.measure.isolation.listening import Heard
from raslab.measure.isolation.probes import Probe
from raslab.measure.isolation.reasoning import Reasoning, WayThrough
from raslab.measure.isolation.scene import Door, Scene
from raslab.measure.isolation.tenants import STRANGER, Owners, Place

WORKED_OUT = "worked out"
_DOORS_EACH = 3


def attempts(scene: Scene, reasoning: Reasoning, links: Mapping[Place, Place]) -> Iterator[tuple[WayThrough, Probe]]:
    """For each way the packets by which it is tried, from the doors that lead to its beginning."""
    for way in reasoning.ways:
        if way.packet is None or way.packet.family not in (4, 6):
            continue
        for door in _doors(scene, way, links):
            packet = Crafted(way.packet)
            yield way, Probe(WORKED_OUT, way.sender, (way.tenant,), door, way.packet.destination, packet)


def _doors(scene: Scene, way: WayThrough, links: Mapping[Place, Place]) -> list[Door]:
    """Those at the other end of the cable where the way begins, or else some of the sender's."""
    own = [
        one for one in scene.doors if (one.tenant or STRANGER) == way.sender or (way.sender == STRANGER and one.outside)
    ]
    near = [one for one in own if links.get((one.node, one.interface)) == way.start]
    return near or [one for one in own if not one.outside or way.sender == STRANGER][:_DOORS_EACH]


def confirmed(
    reasoning: Reasoning,
    tried: Sequence[tuple[WayThrough, int]],
    sights: Mapping[int, Iterable[Heard]],
    owners: Owners,
) -> tuple[WayThrough, ...]:
    """The ways, each with whether a packet that took it was seen at its end or at something else of that tenant."""
    gone = set()
    for way, number in tried:
        for heard in sights.get(number, ()):
            place = (heard.node, heard.interface)
            if f"{place[0]}:{place[1]}" == way.path[-1] or owners.owner_of(place) == way.tenant:
                gone.add(way)
    return tuple(replace(way, is_confirmed=way in gone) for way in reasoning.ways)
