"""VLANs of switches' ports: parameters of links, plans, requests, and what cannot be."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from sentences import is_sentence, listed

from raslab.errors import TopologyError
from raslab.model.port_vlans import heeding
from raslab.model.topology import EMPTY, Interface, Link, Node, NodeKind, Topology, Vlan
from raslab.model.validation import problems_of
from raslab.net import Network, Topo
from raslab.net.netlink import bridging, rtnetlink, wire
from raslab.net.plan import difference

GOLDEN = Path(__file__).parent / "golden" / "port-vlans.txt"

TRUNK = Interface("s1", "to-r1", vlans=(10, 20))
ACCESS = {vlan: Interface("s1", f"to-h{vlan}", untagged_vlan=vlan) for vlan in (10, 20)}
HOSTS = {vlan: Interface(f"h{vlan}", "lan0", ("10.0.0.1/24",)) for vlan in (10, 20)}
PLAIN = Link(Interface("h1", "lan0", ("10.9.0.1/24",)), Interface("s1", "to-h1"))
GOOD = Topology(
    nodes=(Node("r1", NodeKind.ROUTER), Node("h10"), Node("h20"), Node("h1"), Node("s1", NodeKind.BRIDGE)),
    links=(
        Link(Interface("r1", "trunk"), TRUNK),
        *(Link(HOSTS[vlan], ACCESS[vlan]) for vlan in (10, 20)),
        PLAIN,
    ),
    devices=tuple(Vlan("r1", f"trunk.{vlan}", "trunk", vlan, ("10.0.0.254/24",)) for vlan in (10, 20)),
)


def with_port(number: int, topology: Topology = GOOD, **changes: Any) -> Topology:
    """GOOD with one port of the switch otherwise."""
    links = list(topology.links)
    links[number] = Link(links[number].a, replace(links[number].b, **changes))
    return replace(topology, links=tuple(links))


def on(kind: NodeKind, topology: Topology) -> Topology:
    """The same with another kind of switch."""
    return replace(topology, nodes=(*topology.nodes[:-1], Node("s1", kind)))


def apart(topology: Topology) -> Topology:
    """The same with addresses that differ, as a switch without VLANs wants it."""
    links = list(topology.links)
    links[2] = Link(replace(links[2].a, addresses=("10.0.0.2/24",)), links[2].b)
    devices = (topology.devices[0], replace(topology.devices[1], addresses=("10.1.0.254/24",)))
    plain = replace(topology.links[3].a, addresses=("10.0.0.3/24",))
    links[3] = Link(plain, links[3].b)
    return replace(topology, links=tuple(links), devices=devices)  # type: ignore[arg-type]


def without_vlans(topology: Topology) -> Topology:
    """The same with nothing said of any port."""
    for number in range(3):
        topology = with_port(number, topology, vlans=(), untagged_vlan=None)
    return topology


HEEDING, PASSING = apart(GOOD), without_vlans(apart(GOOD))
MIXED = with_port(0, vlans=(20,), untagged_vlan=10)
OVS, OVS_PASSING = on(NodeKind.OVS, HEEDING), on(NodeKind.OVS, PASSING)
PLANS = {
    "start": (EMPTY, GOOD),
    "nothing to do": (GOOD, GOOD),
    "VLAN off a trunk": (GOOD, with_port(0, vlans=(10,))),
    "VLAN onto a trunk": (with_port(0, vlans=(10,)), GOOD),
    "VLAN of a trunk without its tag": (GOOD, MIXED),
    "and with it again": (MIXED, GOOD),
    "port plugged into another VLAN": (HEEDING, with_port(1, HEEDING, untagged_vlan=20)),
    "port of which nothing is said any more": (HEEDING, with_port(2, HEEDING, untagged_vlan=None)),
    "switch begins to heed VLANs": (PASSING, HEEDING),
    "switch heeds them no more": (HEEDING, PASSING),
    "port taken away": (GOOD, replace(GOOD, links=GOOD.links[:3])),
    "port added": (replace(GOOD, links=GOOD.links[:3]), GOOD),
    "Open vSwitch: start": (EMPTY, on(NodeKind.OVS, MIXED)),
    "Open vSwitch: VLAN off a trunk": (OVS, with_port(0, OVS, vlans=(10,))),
    "Open vSwitch begins to heed VLANs": (OVS_PASSING, OVS),
    "Open vSwitch heeds them no more": (OVS, OVS_PASSING),
}
PROBLEMS = {
    "VLAN 0": with_port(0, vlans=(0, 20)),
    "VLAN 4095": with_port(1, untagged_vlan=4095),
    "no number": with_port(0, vlans=("10", True)),
    "VLAN twice": with_port(0, vlans=(10, 20, 10)),
    "with a tag and without": with_port(0, untagged_vlan=10),
    "on a host": replace(GOOD, links=(*GOOD.links[:3], Link(replace(PLAIN.a, untagged_vlan=10), PLAIN.b))),
    "without a switch": replace(
        GOOD, links=(*GOOD.links, Link(Interface("r1", "x", vlans=(10,)), Interface("h10", "y", vlans=(10,))))
    ),
    "addresses in one VLAN": with_port(2, untagged_vlan=10),
    "addresses of a switch that passes everything": without_vlans(GOOD),
}


class Rack(Topo):
    """A router with a trunk, and a host in a VLAN; `vlans` of the link, and of its ends."""

    def build(self, link: Any = None, router: Any = None, switch: Any = None) -> None:
        self.addRouter("r1", ip=None)
        self.addSwitch("s1")
        self.addLink("r1", "s1", **(link or {}), params1=router or {}, params2=switch or {})
        self.addLink(self.addHost("h1"), self.addHost("h2"))


def ports(topo: Topo) -> tuple[Interface, Interface]:
    """The router's end of its link, and the switch's."""
    (found,) = (link for link in Network(topo).topology().links if link.b.node == "s1")
    return found.ends


def rendered() -> str:
    """All plans but the first one's beginning, and all sentences."""
    plans = "".join(
        f"# {name}\n" + "".join(f"{line}\n" for line in difference(old, new).commands if "sysctl" not in line) + "\n"
        for name, (old, new) in PLANS.items()
    )
    return plans + listed({name: problems_of(topology) for name, topology in PROBLEMS.items()})


def test_plans_and_sentences_are_as_agreed() -> None:
    assert rendered() == GOLDEN.read_text()


@pytest.mark.parametrize("name", PLANS)
def test_topologies_of_the_plans_are_good(name: str) -> None:
    assert [problem for topology in PLANS[name] for problem in problems_of(topology)] == []


@pytest.mark.parametrize("name", PROBLEMS)
def test_each_mistake_is_found_and_is_a_sentence(name: str) -> None:
    problems = problems_of(PROBLEMS[name])
    assert problems
    assert all(map(is_sentence, problems))


def test_a_switch_of_whose_ports_nothing_is_said_is_as_it_was() -> None:
    lines = difference(EMPTY, PASSING).commands
    assert heeding(PASSING) == set()
    assert [line for line in lines if "vlan" in line and "type vlan" not in line] == []
    assert heeding(HEEDING) == {"s1"}


def test_a_port_is_in_its_vlans_before_it_is_on() -> None:
    lines = difference(EMPTY, GOOD).commands
    bridge, master, vlan, up = (
        next(number for number, line in enumerate(lines) if word in line)
        for word in ("vlan_filtering 1", "link set to-h10 master", "vlan delete dev to-h10 vid 1", "link set to-h10 up")
    )
    assert bridge < master < vlan < up


def test_parameters_of_a_link_are_those_of_its_ports() -> None:
    host, port = ports(Rack(link={"vlans": [10, 20], "untagged_vlan": 5}))
    assert (host.vlans, host.untagged_vlan, port.vlans, port.untagged_vlan) == ((), None, (10, 20), 5)
    assert ports(Rack(switch={"vlans": 10}))[1].vlans == (10,)
    assert ports(Rack(switch={"vlans": range(2, 5), "untagged_vlan": None}))[1].vlans == (2, 3, 4)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"router": {"vlans": (10,)}}, "Interface r1-eth0 of node r1 is in VLANs, and is no port of a switch"),
        ({"switch": {"untagged_vlan": [10]}}, r"VLAN '\[10\]' of port s1-eth1 of switch s1 is impossible"),
        ({"switch": {"vlans": "10, 20"}}, "VLAN '10, 20' of port s1-eth1 of switch s1 is impossible"),
        ({"switch": {"vlan": 10}}, "Interface s1-eth1 of node s1 has no parameter vlan: did you mean vlans?"),
    ],
)
def test_wrong_parameters_are_refused(parameters: Any, words: str) -> None:
    with pytest.raises(TopologyError, match=words):
        Network(Rack(**parameters))


def test_a_link_between_hosts_has_no_vlans() -> None:
    class Wire(Topo):
        def build(self) -> None:
            self.addLink(self.addHost("h1"), self.addHost("h2"), untagged_vlan=10)

    with pytest.raises(TopologyError, match="Link h1 - h2 is in VLANs, and joins no switch"):
        Network(Wire())


def test_vlans_are_changed_one_by_one() -> None:
    network = Network(Rack(switch={"vlans": (10, 20), "untagged_vlan": 5}))
    port = network["s1"].intf("s1-eth1")
    port.set_vlans(vlans=30)
    assert (port.spec.vlans, port.spec.untagged_vlan) == ((30,), 5)
    port.set_vlans(untagged_vlan=None)
    assert (port.spec.vlans, port.spec.untagged_vlan) == ((30,), None)
    port.set_vlans(vlans=None)
    assert heeding(network.topology()) == set()
    with pytest.raises(TopologyError, match="Interface s1-eth1 of node s1 has no parameter tag"):
        port.set_vlans(tag=10)


@pytest.mark.parametrize(("untagged", "flags"), [(True, 0x06), (False, 0)])
def test_request_for_a_vlan_of_a_port(untagged: bool, flags: int) -> None:
    requests = {
        bridging.add_port_vlan(103, 10, untagged=untagged): (bridging.RTM_SETLINK, flags),
        bridging.delete_port_vlan(103, 10): (bridging.RTM_DELLINK, 0),
    }
    for data, (kind, wanted) in requests.items():
        (message,) = wire.messages(data)
        decoded = ifinfmsg(data)
        decoded.decode()
        assert (message.type, decoded["family"], decoded["index"]) == (kind, socket.AF_BRIDGE, 103)
        info = decoded.get_attr("IFLA_AF_SPEC").get_attr("IFLA_BRIDGE_VLAN_INFO")
        assert (info["flags"], info["vid"]) == (wanted, 10)


def test_requests_for_bridges_that_heed_vlans() -> None:
    requests = [rtnetlink.add_bridge(101, "s1", heeds_vlans=True), bridging.set_vlan_filtering(101, True)]
    requests += [rtnetlink.add_bridge(101, "s1"), bridging.set_vlan_filtering(101, False)]
    found = []
    for data in requests:
        message = ifinfmsg(data)
        message.decode()
        assert message.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") == "bridge"
        found.append(message.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA").get_attr("IFLA_BR_VLAN_FILTERING"))
    assert found == [1, 1, None, 0]
