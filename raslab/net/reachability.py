"""Ping between nodes, in Mininet's words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from raslab.net.mininet_classes import output

if TYPE_CHECKING:
    from raslab.net.node import Node

_COUNTS = re.compile(r"(\d+) packets transmitted, (\d+)( packets)? received")
_TIMES = re.compile(r"= ([\d.]+)/([\d.]+)/([\d.]+)/([\d.]+) ms")

PingFigures = tuple[int, int, float, float, float, float]


def ping_one(source: Node, destination: Node, timeout: str | float | None = None) -> PingFigures:
    """Send one echo request: packets sent, received, and round trip min, avg, max, mdev in milliseconds."""
    address = destination.IP() if destination.intfs else None
    if address is None:
        return 0, 0, 0.0, 0.0, 0.0, 0.0
    wait = ["-W", str(timeout)] if timeout else []
    text = source.run(["ping", "-c1", *wait, address]).stdout
    counts, times = _COUNTS.search(text), _TIMES.search(text)
    sent, received = (int(counts[1]), int(counts[2])) if counts else (1, 0)
    low, average, high, deviation = map(float, times.groups()) if times else (0.0, 0.0, 0.0, 0.0)
    return sent, received, low, average, high, deviation


def ping_all(nodes: Sequence[Node], timeout: str | float | None = None) -> list[tuple[Node, Node, PingFigures]]:
    """Ping from every node to every other one, showing progress as Mininet does."""
    results = []
    output("*** Ping: testing ping reachability\n")
    for source in nodes:
        output(f"{source.name} -> ")
        for destination in nodes:
            if source is not destination:
                figures = ping_one(source, destination, timeout)
                results.append((source, destination, figures))
                output(f"{destination.name} " if figures[1] else "X ")
        output("\n")
    return results
