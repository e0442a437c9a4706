"""Loops of switches are found before anything is built, VLAN by VLAN."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from raslab.model.topology import Interface, Link, Node, NodeKind, Topology
from raslab.model.validation import problems_of


def ring(*wires: str, stp: str = "", kind: NodeKind = NodeKind.BRIDGE, **ports: Any) -> Topology:
    """Switches of one letter, each wire between two of them; ports: settings of all ends of one wire."""
    names = sorted(set("".join(wires)))
    count = dict.fromkeys(names, 0)

    def end(node: str, wire: str) -> Interface:
        count[node] += 1
        return Interface(node, f"{node}{count[node]}", **ports.get(wire, {}))

    links = tuple(Link(end(wire[0], wire), end(wire[1], wire)) for wire in wires)
    return Topology(nodes=tuple(Node(name, kind, stp=name in stp) for name in names), links=links)


@pytest.mark.parametrize("kind", [NodeKind.BRIDGE, NodeKind.OVS])
@pytest.mark.parametrize(
    ("wires", "who"),
    [
        (("ab", "bc", "ca"), "Switches a, b and c are a loop, closed by the link c-a"),
        (("ab", "ab"), "Switches b and a are a loop, closed by the link a-b"),
        (("ab", "bc", "cd", "db"), "Switches b, c and d are a loop, closed by the link d-b"),
    ],
)
def test_a_loop_is_named_with_the_wire_that_closes_it(kind: NodeKind, wires: tuple[str, ...], who: str) -> None:
    (problem,) = problems_of(ring(*wires, kind=kind))
    assert set(problem.split(" are a loop")[0].replace("and ", "").replace(",", "").split()[1:]) == set(
        who.split(" are a loop")[0].replace("and ", "").replace(",", "").split()[1:]
    )
    assert problem.partition(" are a loop")[2].startswith(who.partition(" are a loop")[2])
    assert "stp=True" in problem


def test_no_loop_no_problem() -> None:
    assert problems_of(ring("ab", "bc", "cd", "be")) == []


def test_one_bridge_with_a_spanning_tree_breaks_the_loop_but_not_another_one() -> None:
    assert problems_of(ring("ab", "bc", "ca", stp="b")) == []
    assert len(problems_of(ring("ab", "bc", "ca", "cd", "de", "ec", stp="b"))) == 1
    assert len(problems_of(ring("ab", "bc", "ca", stp="b", kind=NodeKind.OVS))) == 1  # which is not told to run one


def test_a_wire_that_is_off_closes_nothing() -> None:
    loop = ring("ab", "bc", "ca")
    off = replace(loop.links[0], a=replace(loop.links[0].a, up=False))
    assert problems_of(replace(loop, links=(off, *loop.links[1:]))) == []


def test_routers_between_switches_end_a_loop() -> None:
    loop = ring("ab", "bc", "ca")
    nodes = tuple(replace(one, kind=NodeKind.ROUTER) if one.name == "c" else one for one in loop.nodes)
    assert problems_of(replace(loop, nodes=nodes)) == []


def test_only_a_vlan_that_goes_all_the_way_round_is_a_loop() -> None:
    trunk = {"vlans": (10, 20)}
    assert problems_of(ring("ab", "bc", "ca", ab=trunk, bc={"vlans": (10,)}, ca={"vlans": (20,)})) == []
    (problem,) = problems_of(ring("ab", "bc", "ca", ab=trunk, bc={"vlans": (10,)}, ca=trunk))
    assert "are a loop" in problem
    (other,) = problems_of(ring("ab", "bc", "ca", ab={"vlans": (10,)}, bc={"vlans": (10,)}, ca={"vlans": (10,)}))
    assert "are a loop" in other
