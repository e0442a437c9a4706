"""A drawn topology as plain data: what stands where, in pixels, before it becomes SVG."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["host", "gateway", "router"]
Point = tuple[float, float]
End = tuple[str, str]
"""Node and interface."""


@dataclass(frozen=True, slots=True)
class Port:
    """An interface's lines in its node's box. `y` is the height at which its wire leaves.

    tenant: whose it is, of a node that several share.
    """

    name: str
    y: float
    addresses: tuple[str, ...]
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A node that is no switch."""

    node: str
    role: Role
    x: float
    y: float
    width: float
    height: float
    ports: tuple[Port, ...]
    tenant: str | None = None

    def port(self, interface: str) -> Port:
        """The port of that name."""
        return next(port for port in self.ports if port.name == interface)


@dataclass(frozen=True, slots=True)
class Bar:
    """A switch: the segment that it is. `caption` stands below it, the node's name first."""

    node: str
    x: float
    y: float
    width: float
    height: float
    caption: tuple[str, ...]
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """A link; its first end is the left one. `label` is the middle of its text."""

    ends: tuple[End, End]
    path: tuple[Point, ...]
    label: Point
    above: tuple[str, ...]
    below: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tube:
    """A tunnel, drawn over the underlay. Its second end is None if nothing answers there."""

    ends: tuple[End, End | None]
    path: tuple[Point, ...]
    label: Point
    lines: tuple[str, ...]
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """The area of a site."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture. `legend`: tenants in order.

    A path of two points is straight, one of four a cubic curve, one of six a curve between two straight pieces.
    """

    width: float
    height: float
    title: str
    frames: tuple[Frame, ...]
    boxes: tuple[Box, ...]
    bars: tuple[Bar, ...]
    wires: tuple[Wire, ...]
    tubes: tuple[Tube, ...]
    legend: tuple[str, ...]
