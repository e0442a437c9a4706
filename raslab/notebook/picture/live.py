"""What a live picture shows on top of the drawing: plain data, so that it can be drawn without a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from raslab.notebook.picture.drawing import End


@dataclass(frozen=True, slots=True)
class Load:
    """Traffic of one interface in Mbit/s, what it sends as part of its rate (0 to 1, None if unlimited), and the sum
    of both directions over time, oldest first.
    """

    sent_mbps: float = 0.0
    received_mbps: float = 0.0
    utilisation: float | None = None
    history: tuple[float, ...] = ()


NO_LOAD = Load()


@dataclass(frozen=True, slots=True)
class LiveState:
    """loads: by interface. cut: interfaces without a carrier or switched off. running: False when the lab is not.
    chosen: both ends of the link that the user has chosen.
    """

    running: bool = True
    loads: Mapping[End, Load] = field(default_factory=dict)
    cut: frozenset[End] = frozenset()
    chosen: frozenset[End] = frozenset()

    def load(self, end: End) -> Load:
        """The load of an interface, nothing if it is unknown."""
        return self.loads.get(end, NO_LOAD)

    def is_cut(self, ends: tuple[End, End]) -> bool:
        """True if a link with these ends carries nothing."""
        return not self.cut.isdisjoint(ends)
