"""Bad topologies and the sentences they get. Each case has the smallest mistake in an otherwise good network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mininet.node import CPULimitedHost, OVSBridge, OVSKernelSwitch, UserSwitch
from mininet.node import Host as MininetHost
from mininet.node import Node as MininetNode
from mininet.nodelib import LinuxBridge
from mininet.topo import Topo as PlainTopo
from sentences import is_sentence, listed

from raslab.errors import TopologyError, UnknownInterfaceError
from raslab.model.topology import (
    Device,
    Impairment,
    Interface,
    Link,
    MplsRoute,
    Node,
    NodeKind,
    Route,
    Topology,
    Tunnel,
    Vlan,
    Vrf,
)
from raslab.model.validation import problems_of
from raslab.net import Host, Network, OvsSwitch, Switch, Topo

GOLDEN = Path(__file__).parent / "golden" / "topology-problems.txt"

HOST = Interface("h1", "lan0", ("10.0.1.1/24", "2001:db8:1::1/64"))
PORT = Interface("s1", "s1-eth1")
GATEWAY = Interface("gw1", "lan0", ("10.0.1.254/24", "2001:db8:1::254/64"))
WAN = Interface("gw1", "wan0", ("192.0.2.1/24", "2001:db8:99::1/64"))
TUNNEL = Tunnel("gw1", "gre1", "gre", "192.0.2.1", "192.0.2.2", 1001, addresses=("10.255.0.1/30",))
ROUTE = Route("gw1", "10.0.2.0/24", "10.255.0.2")
RED = Vrf("gw1", "red", 1001, addresses=("10.9.9.9/32",))
TAGGED = Vlan("gw1", "wan0.10", "wan0", 10, ("10.10.0.1/24",))
PATH = MplsRoute("gw1", 101, "192.0.2.2", out_labels=(102,))
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


def with_devices(*devices: Device) -> Topology:
    """GOOD with VRFs and VLANs."""
    return replace(GOOD, devices=devices)


def with_paths(*paths: MplsRoute) -> Topology:
    """GOOD with label switched paths."""
    return replace(GOOD, mpls_routes=paths)


def with_node(*nodes: Node) -> Topology:
    """GOOD with more nodes."""
    return replace(GOOD, nodes=(*GOOD.nodes, *nodes))


def small(*tunnels: Tunnel, mtu: int = 1300, **changes: Any) -> Topology:
    """A network with little room outside, where gw1 has IPv4 only."""
    here = Interface("gw1", "wan0", ("192.0.2.1/24",), mtu=mtu)
    links = (*GOOD.links[:2], Link(here, Interface("gw2", "wan0", ("192.0.2.2/24",), mtu=mtu)))
    return replace(GOOD, **{"links": links, "tunnels": tunnels, "routes": (), **changes})


SIX = ("2001:db8:ff::1/64",)
BEHIND = Route("gw1", "2001:db8:2::/64", dev="gre1")
INNER = Tunnel("gw1", "gre2", "gre", "10.255.0.1", "10.255.0.2", addresses=SIX)
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
    "rate that is none": with_wire(rate_mbps=float("nan")),
    "infinite rate": with_wire(rate_mbps=float("inf")),
    "rate beyond the kernel's": with_wire(rate_mbps=1e7),
    "delay beyond the kernel's": with_wire(delay_ms=1e13),
    "negative delay": with_wire(delay_ms=-1),
    "negative jitter": with_wire(jitter_ms=-1),
    "jitter larger than delay": with_wire(delay_ms=5, jitter_ms=6),
    "loss above 100 %": with_wire(loss_percent=101),
    "queue of nothing": with_wire(limit_packets=0),
    "queue beyond 32 bits": with_wire(limit_packets=2**32),
    "interface name that is a number": with_host(name=3),
    "MAC address that is a number": with_host(mac=5),
    "local address that is a number": with_tunnel(local=5),
    "next hop that is a number": with_route(via=5),
    "destination that is a number": with_route(destination=5),
    "tunnel on an unknown node": with_tunnel(node="gw9"),
    "tunnel on a switch": with_tunnel(node="s1"),
    "tunnel of an unknown kind": with_tunnel(kind="ipip"),
    "XFRM interface without key": with_tunnel(kind="xfrm", key=None),
    "XFRM interfaces with the same key": replace(
        GOOD,
        tunnels=(
            replace(TUNNEL, kind="xfrm"),
            replace(TUNNEL, name="ipsec2", kind="xfrm", remote="192.0.2.3", addresses=()),
        ),
        routes=(),
    ),
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
    "label that is reserved": with_paths(replace(PATH, label=3)),
    "label beyond 20 bits": with_paths(replace(PATH, out_labels=(1 << 20,))),
    "too many labels": with_paths(replace(PATH, out_labels=tuple(range(100, 131)))),
    "label twice": with_paths(PATH, replace(PATH, out_labels=(103,))),
    "labels on an unknown node": with_paths(replace(PATH, node="gw9")),
    "labels on a switch": with_paths(replace(PATH, node="s1")),
    "labels lead nowhere": with_paths(replace(PATH, via=None)),
    "next hop of a label unreadable": with_paths(replace(PATH, via="192.0.2.2/24")),
    "next hop of a label not connected": with_paths(replace(PATH, via="192.0.9.2")),
    "label through an unknown interface": with_paths(replace(PATH, via=None, dev="wan1")),
    "route with a reserved label": with_route(labels=(0,)),
    "route with labels and no next hop": with_route(via=None, dev="wan0", labels=(100,)),
    "VRF on an unknown node": with_devices(replace(RED, node="gw9")),
    "VRF on a switch": with_devices(replace(RED, node="s1")),
    "table of zero": with_devices(replace(RED, table=0)),
    "table of the kernel's": with_devices(replace(RED, table=254)),
    "mark of zero": with_devices(replace(RED, mark=0)),
    "two VRFs with one mark": with_devices(replace(RED, mark=7), replace(RED, name="blue", table=1002, mark=7)),
    "two VRFs with one table": with_devices(RED, replace(RED, name="blue")),
    "VRF with the name of an interface": with_devices(replace(RED, name="lan0")),
    "VRF with the subnet's own address": with_devices(replace(RED, addresses=("10.9.9.0/24",))),
    "VLAN id of zero": with_devices(replace(TAGGED, vlan_id=0)),
    "VLAN id beyond 12 bits": with_devices(replace(TAGGED, vlan_id=4095)),
    "VLAN twice": with_devices(TAGGED, replace(TAGGED, name="again", addresses=())),
    "VLAN on an unknown interface": with_devices(replace(TAGGED, parent="wan1")),
    "VLAN on a tunnel without frames": with_devices(replace(TAGGED, parent="gre1")),
    "VLAN on a VLAN": with_devices(TAGGED, replace(TAGGED, name="inner", parent="wan0.10", addresses=())),
    "VLAN on a switch": with_devices(replace(TAGGED, node="s1", parent="s1-eth1")),
    "VLAN with more MTU than below": with_devices(replace(TAGGED, mtu=1600)),
    "address twice in a VLAN": with_devices(TAGGED, replace(TAGGED, node="gw2")),
    "subnets overlap in a VLAN": with_devices(TAGGED, replace(TAGGED, node="gw2", addresses=("10.10.0.2/16",))),
    "unknown master": with_devices(RED, replace(TAGGED, master="rde")),
    "master that is no VRF": with_devices(RED, replace(TAGGED, master="lan0")),
    "master of a switch port": replace(
        GOOD, links=(Link(HOST, replace(PORT, master="red")), *GOOD.links[1:]), devices=(RED,)
    ),
    "tunnel ends at an address of a VRF": replace(with_devices(RED), tunnels=(replace(TUNNEL, local="10.9.9.9"),)),
    "route of an unknown VRF": with_route(vrf="red"),
    "next hop in another VRF": replace(with_devices(RED), routes=(replace(ROUTE, vrf="red"),)),
    "next hop within a VRF only": replace(
        with_devices(RED, replace(TAGGED, master="red")), routes=(replace(ROUTE, via="10.10.0.9"),)
    ),
    "IPv6 routes by two interfaces with one metric": replace(
        GOOD, routes=tuple(Route("gw1", "2001:db8:7::/64", dev=name) for name in ("lan0", "wan0"))
    ),
    "one route that leads somewhere and nowhere": replace(
        GOOD, routes=(Route("gw1", "10.7.0.0/16", "192.0.2.2"), Route("gw1", "10.7.0.0/16", unreachable=True))
    ),
    "route in place of a subnet": replace(GOOD, routes=(Route("gw1", "10.0.1.0/24", "192.0.2.2"),)),
    "tunnel with too little room for IPv6": small(replace(TUNNEL, addresses=SIX)),
    "tunnel in a tunnel with too little room for IPv6": small(TUNNEL, INNER, mtu=1330),
    "VLAN on a tunnel with too little room": small(
        replace(TUNNEL, kind="gretap", addresses=()), devices=(Vlan("gw1", "inside", "gre1", 7, SIX),)
    ),
    "tunnel with labels and too little room": small(
        replace(TUNNEL, remote="198.51.100.2", key=None, addresses=SIX),
        routes=(Route("gw1", "198.51.100.0/24", "192.0.2.2", labels=(100,)),),
        mtu=1304,
    ),
    "IPv6 route through a tunnel with too little room": small(
        TUNNEL, routes=(Route("gw1", "2001:db8:2::/64", dev="gre1"),)
    ),
    "IPv6 route through a small tunnel": small(
        replace(TUNNEL, mtu=1000), routes=(Route("gw1", "2001:db8:2::/64", dev="gre1"),)
    ),
    "tunnel with no room at all": small(TUNNEL, mtu=90),
    "labels with too little room for IPv6": replace(
        GOOD,
        links=(*GOOD.links[:2], Link(replace(WAN, mtu=1280), Interface("gw2", "wan0", ("192.0.2.2/24",), mtu=1280))),
        tunnels=(),
        routes=(Route("gw1", "2001:db8:7::/64", "2001:db8:99::2", labels=(100,)),),
    ),
}


def test_good_topology_has_no_problem() -> None:
    assert problems_of(GOOD) == []


def test_sentences_are_as_agreed() -> None:
    assert listed({name: problems_of(case) for name, case in CASES.items()}) == GOLDEN.read_text()


@pytest.mark.parametrize("name", CASES)
def test_each_mistake_is_found_and_is_one_sentence(name: str) -> None:
    problems = problems_of(CASES[name])
    assert problems
    assert all(is_sentence(problem) and problem[0].isupper() for problem in problems)


def test_what_has_just_enough_room_is_taken() -> None:
    """The twins of those with too little: one byte less would be refused."""
    for tunnels, mtu in (((replace(TUNNEL, addresses=SIX),), 1308), ((TUNNEL, INNER), 1332)):
        assert problems_of(small(*tunnels, mtu=mtu)) == []
        assert len(problems_of(small(*tunnels, mtu=mtu - 1))) == 1
    assert problems_of(small(TUNNEL, mtu=1300)) == []  # it has no IPv6
    assert problems_of(small(TUNNEL, mtu=96)) == []


def test_things_that_look_wrong_and_are_not() -> None:
    point_to_point = Link(Interface("h1", "a", ("10.9.0.0/31",)), Interface("gw1", "b", ("10.9.0.1/31",)))
    virtual = with_host(addresses=(*HOST.addresses, "10.0.1.77/32"))
    two_keys = replace(GOOD, tunnels=(TUNNEL, replace(TUNNEL, name="gre2", key=1002, addresses=())))
    blue = replace(RED, name="blue", table=1002)  # with the same address
    tenants = replace(
        GOOD,
        tunnels=(replace(TUNNEL, master="red"), replace(TUNNEL, name="gre2", key=1002, master="blue")),
        routes=(replace(ROUTE, vrf="red"), replace(ROUTE, vrf="blue"), GOOD.routes[1]),
        devices=(RED, blue, replace(TAGGED, master="red"), replace(TAGGED, name="b", vlan_id=20, master="blue")),
    )
    for topology in (replace(GOOD, links=(*GOOD.links, point_to_point)), virtual, two_keys, tenants, with_paths(PATH)):
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


class Careless(Topo):
    """Values of the wrong type in every place that takes one."""

    def build(self) -> None:
        self.addHost(5, ip="10.0.1.5/24")  # type: ignore[arg-type]
        self.addHost("h1", ip=7)
        self.addHost("h2", ips=[5])
        self.addLink("h1", "h2", rate_mbps=float("nan"), params1={"name": 3})
        self.addLink(5, "h1", params2={"ips": "10.0.1.1/24"})  # type: ignore[arg-type]
        self.addTunnel("h1", "gre1", local="10.0.1.1", remote="10.0.1.2", ips=None)  # type: ignore[arg-type]
        self.addTunnel("h1", "gre2", local="10.0.1.1", remote="10.0.1.2", key=1, ips="10.9.0.1")


def test_values_of_the_wrong_type_get_sentences() -> None:
    with pytest.raises(TopologyError) as caught:
        Network(Careless())
    assert caught.value.problems == (
        "Node name 5 is not text: write it in quotes.",
        "Interface name 3 of node h1 is not text: write it in quotes.",
        "Address 7 on interface 3 of node h1 cannot be read: write an IPv4 or IPv6 address with its prefix length.",
        "Rate nan of interface 3 of node h1 is not a finite number.",
        "Address 5 on interface h2-eth0 of node h2 cannot be read: "
        "write an IPv4 or IPv6 address with its prefix length.",
        "Rate nan of interface h2-eth0 of node h2 is not a finite number.",
        "Address 10.9.0.1 on interface gre2 of node h1 has no prefix length: write 10.9.0.1/24, for example.",
    )


def test_plain_topology_with_a_number_for_a_name() -> None:
    topo = PlainTopo()
    topo.addHost("h1")
    topo.addHost(5)
    topo.addLink("h1", 5)
    with pytest.raises(TopologyError, match=r"^Node name 5 is not text: write it in quotes\.$"):
        Network(topo)


def test_one_address_may_be_written_without_a_list() -> None:
    network = Network()
    network.addRouter("r1")
    network.addHost("h1")
    network.addLink("r1", "h1", params1={"ips": "192.0.2.1/24"})
    tunnel = network.addTunnel("r1", "gre1", local="192.0.2.1", remote="192.0.2.2", ips="10.9.0.1/24")
    assert tunnel.addresses == ("10.9.0.1/24",)
    assert network.addTunnel("r1", "gre2", local="192.0.2.1", remote="192.0.2.2", key=1).addresses == ()


def test_no_two_tunnels_get_the_same_mac_address() -> None:
    network = Network()
    network.addRouter("r1")
    network.addHost("h1")
    network.addLink("r1", "h1", params1={"ips": "192.0.2.1/24"})

    def add(name: str, key: int) -> str | None:
        ends = {"local": "192.0.2.1", "remote": "192.0.2.2"}
        return network.addTunnel("r1", name, kind="gretap", key=key, **ends).spec.mac

    macs = [add("t1", 1), add("t2", 2)]
    network.delTunnel("r1", "t1")
    macs.append(add("t3", 3))
    assert len({*macs, network["r1"].intf("r1-eth0").MAC()}) == 4


def test_verbs_name_what_is_not_there() -> None:
    network = Network()
    for name in ("h1", "h2"):
        network.addHost(name)
    link = network.addLink("h1", "h2")
    with pytest.raises(TopologyError, match="Node name 5 is not text"):
        network.addHost(5)  # type: ignore[arg-type]
    with pytest.raises(UnknownInterfaceError, match=r"^Node h1 has no tunnel nope; it has: none\.$"):
        network.delTunnel("h1", "nope")
    with pytest.raises(UnknownInterfaceError, match=r"^Node h1 has no interface nope; it has: h1-eth0\.$"):
        network.addAddress("h1", "nope", "10.0.1.1/24")
    with pytest.raises(TopologyError, match="Status dwon of the link h1 - h2 is unknown: choose up or down"):
        network.configLinkStatus("h1", "h2", "dwon")
    assert link.intf1.isUp()
    network.configLinkStatus("h1", "h2", "down")
    assert not link.intf1.isUp()
    network.delLink(link)
    with pytest.raises(TopologyError, match="link h1-eth0<->h2-eth0 is not in this network"):
        network.delLink(link)


class Stock(PlainTopo):
    """Node classes that Mininet comes with."""

    def build(self) -> None:
        for name, cls in (("h1", CPULimitedHost), ("h2", MininetHost), ("h3", MininetNode)):
            self.addHost(name, cls=cls)
        for name, cls in (("s1", OVSKernelSwitch), ("s2", OVSBridge), ("s3", LinuxBridge)):
            self.addSwitch(name, cls=cls, protocols="OpenFlow13")


class LinuxRouter(MininetNode):  # type: ignore[misc]
    """A router as Mininet's examples make it."""


def test_stock_classes_of_mininet_are_ours() -> None:
    network = Network(Stock(), controller=None)
    assert [type(network[name]) for name in ("h1", "h2", "h3")] == [Host] * 3
    assert [type(network[name]) for name in ("s1", "s2", "s3")] == [OvsSwitch, OvsSwitch, Switch]


def test_other_classes_are_reported_with_the_other_problems() -> None:
    topo = PlainTopo()
    topo.addHost("r1", cls=LinuxRouter, ip="10.0.0.300/24")
    topo.addSwitch("s1", cls=UserSwitch)
    topo.addSwitch("s2", cls=MininetHost)
    topo.addLink("r1", "s1")
    with pytest.raises(TopologyError) as caught:
        Network(topo)
    assert caught.value.problems == (
        "Node r1 is of class LinuxRouter, which raslab cannot build: "
        "use raslab.net.Host, raslab.net.Router, which forwards, or a subclass of it.",
        "Node s1 is of class UserSwitch, which raslab cannot build: use raslab.net.Switch or a subclass of it.",
        "Node s2 is of class Host, which raslab cannot build: use raslab.net.Switch or a subclass of it.",
        "Address 10.0.0.300/24 on interface r1-eth0 of node r1 cannot be read: "
        "write an IPv4 or IPv6 address with its prefix length.",
    )


def test_controllers_are_accepted_and_ignored() -> None:
    network = Network(controller=None)
    for controller in (network.addController("c0"), network.addController(), network.addController(name="c1", port=1)):
        controller.start()
        controller.stop()
    assert (network.controllers, list(network)) == ([], [])
    with pytest.raises(TopologyError, match="has no way out to the computer's own network"):
        network.addNAT()
