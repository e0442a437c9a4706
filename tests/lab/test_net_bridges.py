"""Bridges and VXLAN interfaces within nodes, with real packets; ends of links that are plugged elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from raslab.errors import KernelRefusedError, TopologyError
from raslab.model.switching import Bridge, ForwardingEntry, Neighbour, PortSettings, Vxlan
from raslab.net import Network, Topo

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("bridge vlans", "vxlan", "vrf"), pytest.mark.both]

VNI = 5001
MACS = {1: "02:00:00:00:0a:01", 2: "02:00:00:00:0a:02"}


class TwoHosts(Topo):
    """A machine on each of two hosts, whose bridges are joined by a VXLAN."""

    def build(self) -> None:
        for number in (1, 2):
            self.addRouter(f"host{number}")
            self.addHost(f"vm{number}")
            self.addLink(
                f"vm{number}",
                f"host{number}",
                params1={"name": "eth0", "ips": [f"10.1.1.{number}/24"], "mac": MACS[number]},
                params2={"name": f"port{number}"},
            )
        ends = [{"name": "pa0", "ips": [f"192.0.2.{number}/24"]} for number in (1, 2)]
        self.addLink("host1", "host2", mtu=1600, params1=ends[0], params2=ends[1])


@pytest.fixture
def net() -> Iterator[Network]:
    """The two hosts, running, with bridges that know who is where."""
    with Network(TwoHosts()) as network:
        with network.changing():
            for number, other in ((1, 2), (2, 1)):
                host = f"host{number}"
                network.take_device(Bridge(host, "br0"))
                network.take_device(Vxlan(host, "vx0", VNI, f"192.0.2.{number}", mtu=1500, master="br0"))
                network[host].intf(f"port{number}").change(master="br0")
                network.forwarding += [
                    ForwardingEntry(host, "vx0", MACS[other]),
                    ForwardingEntry(host, "vx0", MACS[other], f"192.0.2.{other}"),
                ]
                network.neighbours.append(Neighbour(f"vm{number}", "eth0", f"10.1.1.{other}", MACS[other]))
        yield network


def pings(net: Network, target: str = "10.1.1.2", source: str = "vm1") -> bool:
    return net[source].run(["ping", "-c1", "-W1", target]).status == 0


def test_known_stations_reach_each_other(net: Network) -> None:
    assert pings(net)
    with net.changing():
        net.forwarding = [one for one in net.forwarding if one.remote is None]
    assert not pings(net)


def test_neighbours_are_for_good_and_come_back_with_their_interface(net: Network) -> None:
    shown = net["vm1"].run(["ip", "neigh", "show", "10.1.1.2"]).stdout
    assert "PERMANENT" in shown
    net["vm1"].intf("eth0").change(up=False)
    net["vm1"].intf("eth0").change(up=True)
    assert "PERMANENT" in net["vm1"].run(["ip", "neigh", "show", "10.1.1.2"]).stdout
    assert pings(net)
    with net.changing():
        net.neighbours = net.neighbours[1:]
    assert "PERMANENT" not in net["vm1"].run(["ip", "neigh", "show", "10.1.1.2"]).stdout


def test_ports_do_as_they_are_told(net: Network) -> None:
    with net.changing():
        net.ports = [PortSettings("host1", "port1", learning=False, locked=True)]
    assert "locked on" in net["host1"].run(["bridge", "-d", "link", "show", "dev", "port1"]).stdout
    # The bridge may have noted vm1 before, by a router solicitation of IPv6.
    net["host1"].run(["bridge", "fdb", "del", MACS[1], "dev", "port1", "master"])
    assert not pings(net)  # nobody is noted behind it
    with net.changing():
        net.forwarding = [*net.forwarding, ForwardingEntry("host1", "port1", MACS[1])]
    assert pings(net)
    with net.changing():
        net.ports = []
    assert "locked off" in net["host1"].run(["bridge", "-d", "link", "show", "dev", "port1"]).stdout


def test_a_port_has_no_addresses_of_its_own(net: Network) -> None:
    for name in ("port1", "vx0"):
        assert "inet6" not in net["host1"].run(["ip", "addr", "show", name]).stdout
    net["host1"].intf("port1").change(master=None)
    assert "inet6 fe80" in net["host1"].run(["ip", "addr", "show", "port1"]).stdout


def test_an_end_is_plugged_into_another_node(net: Network) -> None:
    before = net["vm1"].run(["ip", "-br", "addr", "show", "eth0"]).stdout
    with net.changing():
        port = net["host1"].intf("port1")
        net.moveIntf(port, "host2")
        port.change(master="br0")
        net.forwarding = [one for one in net.forwarding if one.mac != MACS[1]]
    assert pings(net)
    assert net["vm1"].run(["ip", "-br", "addr", "show", "eth0"]).stdout.split()[2:] == before.split()[2:]
    assert "port1" not in net["host1"].run(["ip", "link"]).stdout
    assert net["host2"].intf("port1") is port
    net["host2"].intf("port1").change(up=False)
    assert not pings(net)


def move_and_add_a_vxlan(net: Network) -> None:
    with net.changing():
        net.moveIntf(net["host1"].intf("port1"), "host2")
        net.take_device(Vxlan("host2", "vx7", 7, "192.0.2.2"))


def test_what_the_kernel_refuses_leaves_everything_as_it_was(net: Network) -> None:
    """A move and a VXLAN with a number that the node has taken behind our back."""
    net["host2"].run(
        ["ip", "link", "add", "taken", "type", "vxlan", "id", "7", "local", "192.0.2.2", "dstport", "4789"]
    )
    before = net.topology()
    with pytest.raises(KernelRefusedError):
        move_and_add_a_vxlan(net)
    assert net.topology() == before
    assert "port1" in net["host1"].run(["ip", "link"]).stdout
    assert net["host1"].intf("port1").node is net["host1"]
    assert pings(net)
    with pytest.raises(TopologyError, match="Node host2 has two interfaces named pa0"):
        net.moveIntf(net["host1"].intf("pa0"), "host2")


def test_bridges_go_and_come_again(net: Network) -> None:
    entries = list(net.forwarding)
    net.delDevice("host1", "br0")
    assert len(net.forwarding) == len(entries) - 1
    assert not pings(net)
    with net.changing():
        net.forwarding = entries
        net.take_device(Bridge("host1", "br0", ("10.1.1.9/24",)))
        for name in ("port1", "vx0"):
            intf = net["host1"].intf(name)
            intf.take(replace(intf.spec, master="br0"))
    assert pings(net)
    assert pings(net, "10.1.1.9")
