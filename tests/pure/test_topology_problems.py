"""Bad topologies and the sentences they get. Each case has the smallest mistake in an otherwise good network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from raslab.errors import TopologyError
from raslab.model.topology import Impairment, Interface, Link, Node, NodeKind, Route, Topology, Tunnel
from raslab.model.validation import problems_of
from raslab.net import Network, Topo

GOLDEN = Path(__file__).parent / "golden" / "topology-problems.txt"

HOST = Interface("h1", "lan0", ("10.0.1.1/24", "2001:db8:1::1/64"))
PORT = Interface("s1", "s1-eth1")
GATEWAY = Interface("gw1", "lan0", ("10.0.1.254/24", "2001:db8:1::254/64"))
WAN = Interface("gw1", "wan0", ("192.0.2.1/24", "2001:db8:99::1/64"))
TUNNEL = Tunnel("gw1", "gre1", "gre", "192.0.2.1", "192.0.2.2", 1001, addresses=("10.255.0.1/30",))
ROUTE = Route("gw1", "10.0.2.0/24", "10.255.0.2")
GOOD = Topology(
    nodes=(Node("h1"), Node("gw1", NodeKind.ROUTER), Node("gw2", NodeKind.ROUTER), Node("s1", NodeKind.BRIDGE)),
    links=(
        Link(HOST, PORT),
        Link(GATEWAY, Interface("s1", "s1-eth2")),
        Link(WAN, Interface("gw2", "wan0", ("192.0.2.2/24",))),
    ),
    tunnels=(TUNNEL,),
    routes=(ROUTE, Route("h1", "default", "10.0.1.254")),
)


def with_host(**changes: Any) -> Topology:
    """GOOD with another interface on h1."""
    return replace(GOOD, links=(Link(replace(HOST, **changes), PORT), *GOOD.links[1:]))


def with_wire(**impairment: Any) -> Topology:
    """GOOD with an impairment on h1's side."""
    return with_host(impairment=Impairment(**impairment))


def with_tunnel(**changes: Any) -> Topology:
    """GOOD with another tunnel, and without the route through it."""
    return replace(GOOD, tunnels=(replace(TUNNEL, **changes),), routes=())


def with_route(**changes: Any) -> Topology:
    """GOOD with another route on gw1."""
    return replace(GOOD, routes=(replace(ROUTE, **changes),))


def with_node(*nodes: Node) -> Topology:
    """GOOD with more nodes."""
    return replace(GOOD, nodes=(*GOOD.nodes, *nodes))


CASES = {
    "node twice": with_node(Node("h1")),
    "node name with a space": with_node(Node("branch office")),
    "node name too long": with_node(Node("n" * 64)),
    "interface twice": replace(GOOD, links=(*GOOD.links, Link(replace(WAN, name="lan0"), Interface("gw2", "x")))),
    "interface name with a slash": with_host(name="lan/0"),
    "interface name too long": with_host(name="i" * 128),
    "link to an unknown node": replace(GOOD, links=(*GOOD.links, Link(WAN, Interface("gw3", "wan0")))),
    "link to itself": replace(GOOD, links=(*GOOD.links, Link(Interface("h1", "a"), Interface("h1", "b")))),
    "address without prefix length": with_host(addresses=("10.0.1.1",)),
    "address that is none": with_host(addresses=("10.0.1.256/24",)),
    "subnet's own address": with_host(addresses=("10.0.1.0/24",)),
    "broadcast address": with_host(addresses=("10.0.1.255/24",)),
    "multicast address": with_host(addresses=("224.0.0.5/24",)),
    "address on a switch port": replace(
        GOOD, links=(Link(HOST, replace(PORT, addresses=("10.0.1.9/24",))),), routes=()
    ),
    "address twice on a segment": with_host(addresses=("10.0.1.254/24",)),
    "subnets overlap on a segment": with_host(addresses=("10.0.1.1/16",)),
    "MTU too small": with_host(mtu=60, addresses=("10.0.1.1/24",)),
    "MTU too small for IPv6": with_host(mtu=1000),
    "MTU too large": with_host(mtu=70000),
    "MTU not a number": with_host(mtu="1500"),
    "MAC address unreadable": with_host(mac="02:00"),
    "MAC address of a group": with_host(mac="01:00:5e:00:00:01"),
    "rate of zero": with_wire(rate_mbps=0),
    "negative rate": with_wire(rate_mbps=-5),
    "rate not a number": with_wire(rate_mbps="fast"),
    "negative delay": with_wire(delay_ms=-1),
    "negative jitter": with_wire(jitter_ms=-1),
    "jitter larger than delay": with_wire(delay_ms=5, jitter_ms=6),
    "loss above 100 %": with_wire(loss_percent=101),
    "queue of nothing": with_wire(limit_packets=0),
    "tunnel on an unknown node": with_tunnel(node="gw9"),
    "tunnel on a switch": with_tunnel(node="s1"),
    "tunnel of an unknown kind": with_tunnel(kind="ipip"),
    "key beyond 32 bits": with_tunnel(key=2**32),
    "TTL of zero": with_tunnel(ttl=0),
    "tunnel MTU too small": with_tunnel(mtu=40),
    "local address unreadable": with_tunnel(local="192.0.2.1/24"),
    "local address elsewhere": with_tunnel(local="192.0.2.9"),
    "mixed families": with_tunnel(remote="2001:db8:99::2"),
    "tunnel to itself": with_tunnel(remote="192.0.2.1"),
    "same end points and key": replace(GOOD, tunnels=(TUNNEL, replace(TUNNEL, name="gre2", addresses=()))),
    "same end points without key": replace(
        GOOD,
        tunnels=(replace(TUNNEL, key=None), replace(TUNNEL, name="gre2", key=None, addresses=())),
    ),
    "route on an unknown node": with_route(node="gw"),
    "route on a switch": with_route(node="s1"),
    "destination with host bits": with_route(destination="10.0.2.1/24"),
    "destination unreadable": with_route(destination="office"),
    "next hop unreadable": with_route(via="10.255.0.2/30"),
    "next hop not connected": with_route(via="10.99.0.1"),
    "next hop of the other family": with_route(via="2001:db8:1::1"),
    "route leads nowhere": with_route(via=None),
    "route through an unknown interface": with_route(via=None, dev="lan9"),
    "metric too large": with_route(metric=2**32),
}


def test_good_topology_has_no_problem() -> None:
    assert problems_of(GOOD) == []


def test_sentences_are_as_agreed() -> None:
    found = "".join(f"{name}:\n" + "".join(f"  {p}\n" for p in problems_of(case)) for name, case in CASES.items())
    assert found == GOLDEN.read_text()


@pytest.mark.parametrize("name", CASES)
def test_each_mistake_is_found_and_is_one_sentence(name: str) -> None:
    problems = problems_of(CASES[name])
    assert problems
    for problem in problems:
        assert problem[0].isupper()
        assert problem[-1] in ".?"
        assert "\n" not in problem


def test_things_that_look_wrong_and_are_not() -> None:
    point_to_point = Link(Interface("h1", "a", ("10.9.0.0/31",)), Interface("gw1", "b", ("10.9.0.1/31",)))
    virtual = with_host(addresses=(*HOST.addresses, "10.0.1.77/32"))
    two_keys = replace(GOOD, tunnels=(TUNNEL, replace(TUNNEL, name="gre2", key=1002, addresses=())))
    for topology in (replace(GOOD, links=(*GOOD.links, point_to_point)), virtual, two_keys):
        assert problems_of(topology) == []


class BadTopo(Topo):
    """Five mistakes at once."""

    def build(self) -> None:
        self.addHost("h1", ip="10.0.0.1/24")
        self.addHost("h1")
        self.addHost("h2", ip="10.0.0.1/24")
        self.addLink("h1", "h2", rate=10, rate_mbps=0)
        self.addLink("h1", "h22")
        self.addTunnel("h1", "gre1", local="10.0.0.1", remote="10.0.0.2", key=-1)


def test_network_reports_everything_together() -> None:
    with pytest.raises(TopologyError) as caught:
        Network(BadTopo())
    expected = (
        "There are two nodes named h1: give one of them another name.",
        "The link h1 - h22 refers to node h22, which does not exist: did you mean h2?",
        "Interface h1-eth0 of node h1 has no parameter rate: did you mean rate_mbps?",
        "Interface h2-eth0 of node h2 has no parameter rate: did you mean rate_mbps?",
        "Rate 0 Mbit/s of interface h1-eth0 of node h1 lets nothing through: "
        "choose a rate above zero, or None for unlimited.",
        "Rate 0 Mbit/s of interface h2-eth0 of node h2 lets nothing through: "
        "choose a rate above zero, or None for unlimited.",
        "Address 10.0.0.1 is used twice on one segment, by node h1 and by node h2: give one of them another address.",
        "Key -1 of tunnel gre1 of node h1 does not fit into the 32 bits of a GRE key: choose 0 to 4294967295.",
    )
    assert caught.value.problems == expected
    assert str(caught.value) == "\n".join(expected)
