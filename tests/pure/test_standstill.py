"""Ways that no link limits, as the topology shows them."""

from __future__ import annotations

import pytest

from raslab.measure.standstill import unlimited_way
from raslab.model.topology import Impairment, Interface, Link, Node, Topology


def network(*wires: str) -> Topology:
    """Nodes of one letter; a wire `a-b` has no limit, `a=b` a rate at its first end, `a~b` a delay."""
    limits = {"-": Impairment(), "=": Impairment(rate_mbps=10), "~": Impairment(delay_ms=1)}
    links = [
        Link(
            Interface(wire[0], f"{wire[0]}{number}", impairment=limits[wire[1]]),
            Interface(wire[2], f"{wire[2]}{number}"),
        )
        for number, wire in enumerate(wires)
    ]
    names = sorted({end.node for link in links for end in link.ends})
    return Topology(nodes=tuple(map(Node, names)), links=tuple(links))


@pytest.mark.parametrize(
    ("wires", "way"),
    [
        (("a-b",), ("a-b",)),
        (("a-s", "s-b"), ("a-s", "s-b")),
        (("a=s", "s-b"), ()),
        (("a~s", "s-b"), ()),
        (("a-s", "b=s"), ()),  # acknowledgements are limited, and so is what waits for them
        (("a-s", "s-b", "s=c"), ("a-s", "s-b")),  # a limit that is not on the way
        (("a-s", "s-b", "s=c", "c-b"), ()),  # routes may lead either way
        (("a-s", "s=c"), ()),  # no way to b
    ],
)
def test_a_way_without_limits_is_named_and_where_in_doubt_none_is(wires: tuple[str, ...], way: tuple[str, ...]) -> None:
    assert unlimited_way(network(*wires), "a", "b") == way
