"""Sets of packets on their way, each with where it comes from, so that they can be followed back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from raslab.measure.isolation.reasoning.space import Packets, Range
from raslab.measure.isolation.reasoning.state import Place

WRAPPED, OPENED, OPENED_ANEW = "(wrapped)", "(opened)", "(opened anew)"
_OF_THE_NODE = ("mark", "zone", "nat", "ct", "reply")
"""What a node notes about a packet, and another one does not know."""


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """Packets that are in one place.

    inside: what they carry, the outermost first, each with the kind of its tunnel. parent: what they were before, and
    changed: the fields that have got other values since, or one of the words above. steps: the places they have
    come by, and by what. doubts: what was on the way and is not understood. sometimes: what lets only some of them by.
    """

    packets: Packets
    inside: tuple[tuple[str, Packets], ...] = ()
    parent: Flow | None = None
    changed: tuple[str, ...] = ()
    place: Place | None = None
    by: str = ""
    doubts: frozenset[str] = frozenset()
    sometimes: frozenset[str] = field(default_factory=frozenset)
    hops: int = 0

    def narrowed(self, packets: Packets) -> Flow:
        """Some of them."""
        if packets == self.packets:
            return self
        return replace(self, packets=packets, parent=self, changed=(), place=None, by="")

    def assigned(self, name: str, ranges: Iterable[Range]) -> Flow:
        """With another value in a field."""
        packets = self.packets.assigned(name, ranges)
        return replace(self, packets=packets, parent=self, changed=(name,), place=None, by="")

    def forgotten(self, arriving: Packets) -> Flow:
        """On another node, which knows nothing about them. arriving: all that can come by a wire."""
        packets = self.packets
        for name in _OF_THE_NODE:
            packets = packets.without(name)
        packets &= arriving
        return replace(self, packets=packets, parent=self, changed=_OF_THE_NODE, place=None, by="")

    def at(self, place: Place) -> Flow:
        """At the next interface."""
        return replace(self, parent=self, changed=(), place=place, by="", hops=self.hops + 1)

    def through(self, by: str) -> Flow:
        """By something that is worth telling."""
        return replace(self, parent=self, changed=(), place=None, by=by)

    def doubtful(self, *why: str) -> Flow:
        """Through something that is not understood."""
        return replace(self, doubts=self.doubts | frozenset(why))

    def only_sometimes(self, why: str) -> Flow:
        """Through something that does not let all packets by that look alike."""
        return replace(self, sometimes=self.sometimes | {why})

    def wrapped(self, kind: str, outer: Packets) -> Flow:
        """Within other packets."""
        inside = ((kind, self.packets), *self.inside)
        return replace(self, packets=outer, inside=inside, parent=self, changed=(WRAPPED,), place=None, by="")

    def opened(self, default: Packets) -> Flow:
        """What they carry; `default` where nobody has said what that is."""
        inner = self.inside[0][1] if self.inside else default
        changed = OPENED if self.inside else OPENED_ANEW
        rest = self.inside[1:]
        return replace(self, packets=inner, inside=rest, parent=self, changed=(changed,), place=None, by="")

    @property
    def lineage(self) -> Iterator[Flow]:
        """It and what it was before, the latest first."""
        one: Flow | None = self
        while one is not None:
            yield one
            one = one.parent

    def path(self) -> list[str]:
        """The places, and what led from one to the next, from the beginning."""
        found: list[str] = []
        for one in reversed(list(self.lineage)):
            word = f"{one.place[0]}:{one.place[1]}" if one.place else f"({one.by})" if one.by else ""
            if word and (not found or found[-1] != word):
                found.append(word)
        return found

    def origin(self) -> Packets:
        """Those of the first packets that get here."""
        packets, inside = self.packets, list(self.inside)
        one = self
        while (before := one.parent) is not None:
            if WRAPPED in one.changed:
                packets = inside.pop(0)[1]
            elif OPENED in one.changed:
                kind = before.inside[0][0]
                inside.insert(0, (kind, packets))
                packets = before.packets
            elif OPENED_ANEW in one.changed:
                packets, inside = before.packets, []
            elif one.changed:
                for name in one.changed:
                    packets = packets.without(name)
                packets &= before.packets
            else:
                packets = packets & before.packets
            one = before
        return packets


def merged(flows: Iterable[Flow]) -> list[Flow]:
    """Flows that differ in nothing but their packets as one."""
    found: dict[tuple[object, ...], Flow] = {}
    for one in flows:
        key = (id(one.parent), one.changed, one.inside, one.place, one.by, one.doubts, one.sometimes)
        known = found.get(key)
        found[key] = one if known is None else replace(known, packets=known.packets | one.packets)
    return [one for one in found.values() if one.packets]
