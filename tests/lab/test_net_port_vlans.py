"""VLANs of switches' ports with real frames: what a port lets through, and what it does not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator

import pytest
from waiting import until

from raslab.measure import outage
from raslab.net import Network, Node, Topo

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("bridge vlans")]
needs_ovs = [
    pytest.mark.needs("openvswitch"),
    pytest.mark.skipif(shutil.which("ovs-vswitchd") is None, reason="openvswitch-switch is not installed"),
]

FIRST, SECOND = "10.0.0.1", "10.0.0.2"
GROUPS = {"red": 10, "blue": 20, "plain": None}
"""Two hosts each, with equal addresses; the last group's ports are left as they are."""


class TwoSwitches(Topo):
    """A trunk between two switches; each group has its first host on one and its second on the other."""

    def build(self, ovs: bool = False) -> None:
        for side in (1, 2):
            self.addSwitch(f"s{side}", ovs=ovs)
        self.addLink("s1", "s2", vlans=(10, 20), untagged_vlan=1)
        for number, (group, vlan) in enumerate(GROUPS.items(), start=1):
            for side in (1, 2):
                self.addHost(f"{group}{side}", ip=f"10.0.0.{side}/24", mac=mac(number, side))
                port = {"name": f"to-{group}{side}", "untagged_vlan": vlan}
                self.addLink(f"{group}{side}", f"s{side}", params1={"name": "lan0"}, params2=port)


def mac(number: int, side: int) -> str:
    """The MAC address of a group's first or second host."""
    return f"02:00:00:00:{number:02x}:{side:02x}"


@pytest.fixture(params=[False, pytest.param(True, marks=needs_ovs)], ids=["bridge", "Open vSwitch"])
def net(request: pytest.FixtureRequest) -> Iterator[Network]:
    """`TwoSwitches`, running, of Linux bridges and of Open vSwitches."""
    with Network(TwoSwitches(ovs=request.param)) as network:
        yield network


@pytest.fixture
def bridges() -> Iterator[Network]:
    """`TwoSwitches`, running, of Linux bridges."""
    with Network(TwoSwitches()) as network:
        yield network


def answers(node: Node, address: str = SECOND) -> bool:
    """True if `address` answers within a second."""
    return node.run(["ping", "-c1", "-W1", address], timeout=10).status == 0


def found(node: Node, address: str = SECOND) -> str:
    """The MAC address that a node has found an address at, ``nobody`` if it has not."""
    if not answers(node, address):
        return "nobody"
    (entry,) = json.loads(node.run(["ip", "-j", "neighbor", "show", address]).stdout)
    return str(entry["lladdr"])


def members(net: Network, port: str, switch: str = "s1") -> dict[int, bool]:
    """The VLANs that the kernel has for a port, each with whether it is untagged."""
    (entry,) = json.loads(net[switch].run(["bridge", "-j", "vlan", "show", "dev", port]).stdout)
    return {one["vlan"]: "Egress Untagged" in one.get("flags", ()) for one in entry["vlans"]}


def test_groups_with_equal_addresses_find_their_own(net: Network) -> None:
    for number, group in enumerate(GROUPS, start=1):
        until(f"{group}1 finds {group}2", lambda group=group: answers(net[f"{group}1"]))
        assert found(net[f"{group}1"]) == mac(number, 2)
    net["red2"].intf("lan0").change(up=False)
    net["red1"].run(["ip", "neighbor", "flush", "all"])
    assert not answers(net["red1"])  # though there are two more with that address
    assert answers(net["blue1"])


def test_a_vlan_off_a_trunk_is_the_only_one_that_is_cut(net: Network) -> None:
    trunk = net["s1"].intf(net.linksBetween(net["s1"], net["s2"])[0].intf1.name)
    for group in GROUPS:
        until(f"{group}1 finds {group}2", lambda group=group: answers(net[f"{group}1"]))
    with outage(net["red1"], SECOND, interval_s=0.01) as red, outage(net["plain1"], SECOND, interval_s=0.01) as plain:
        trunk.set_vlans(vlans=10)
        assert not answers(net["blue1"])
        trunk.set_vlans(vlans=(10, 20))
        assert answers(net["blue1"])
    assert (red.lost, plain.lost) == (0, 0)
    with outage(net["red1"], SECOND, interval_s=0.01) as red:
        trunk.set_vlans(vlans=20)
        assert not answers(net["red1"])
    assert red.lost > 0


def test_a_tagged_host_on_an_untagged_port_hears_nothing(net: Network) -> None:
    net["red2"].intf("lan0").change(addresses=())
    net.addVlan("red2", "lan0", 10, ips=[f"{SECOND}/24"])
    assert not answers(net["red1"])
    net["s2"].intf("to-red2").set_vlans(vlans=10, untagged_vlan=None)
    assert answers(net["red1"])


def test_a_port_may_have_a_vlan_without_a_tag_and_others_with(net: Network) -> None:
    port = net["s2"].intf("to-red2")
    port.set_vlans(vlans=20)
    net.addVlan("red2", "lan0", 20, ips=["10.0.1.2/24"])
    net.addAddress("blue1", "lan0", "10.0.1.1/24")
    assert answers(net["red1"])
    assert answers(net["blue1"], "10.0.1.2")
    port.set_vlans(vlans=None)
    assert answers(net["red1"])
    assert not answers(net["blue1"], "10.0.1.2")


def test_a_port_is_plugged_into_another_vlan(net: Network) -> None:
    until("red1 finds red2", lambda: answers(net["red1"]))
    with net.changing():
        net["red2"].setIP("10.0.0.4/24")
        net["s2"].intf("to-red2").set_vlans(untagged_vlan=20)
    assert answers(net["blue1"], "10.0.0.4")
    assert not answers(net["red1"], "10.0.0.4")


def test_a_switch_heeds_vlans_from_the_first_to_the_last(bridges: Network) -> None:
    """Whether it does is the kernel's own setting."""
    net = bridges

    def filters() -> bool:
        (link,) = json.loads(net["s1"].run(["ip", "-j", "-d", "link", "show", "s1"]).stdout)
        return bool(link["linkinfo"]["info_data"]["vlan_filtering"])

    assert filters()
    assert members(net, "to-red1") == {10: True}
    assert members(net, "to-plain1") == {1: True}
    trunk = net.linksBetween(net["s1"], net["s2"])[0].intf1
    assert members(net, trunk.name) == {1: True, 10: False, 20: False}
    with net.changing():  # from here on all hosts of s1 are in one segment, which goes to s2 in VLAN 1
        for number, port in enumerate((trunk, *(net["s1"].intf(f"to-{group}1") for group in GROUPS))):
            port.set_vlans(vlans=None, untagged_vlan=None)
            if number:
                port.link.intf1.setIP(f"10.0.0.1{number}/24")
    assert not filters()
    assert members(net, trunk.name) == members(net, "to-red1") == {1: True}
    assert answers(net["red1"], "10.0.0.12")
    assert found(net["red1"]) == mac(3, 2)
    net["s1"].intf("to-red1").set_vlans(untagged_vlan=10)
    assert filters()
    assert not answers(net["red1"], "10.0.0.12")
