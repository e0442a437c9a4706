"""Open vSwitch nodes; needs a kernel that has it, and the openvswitch-switch package."""

from __future__ import annotations

import shutil

import pytest
from waiting import until

from raslab.errors import OpenVSwitchError
from raslab.machine.capabilities import capabilities
from raslab.net import Network, Topo, ovs

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.both]
needs_programs = pytest.mark.skipif(shutil.which("ovs-vswitchd") is None, reason="openvswitch-switch is not installed")


class Bed(Topo):
    """Three hosts on one Open vSwitch."""

    def build(self) -> None:
        self.addSwitch("s1", ovs=True)
        for name in ("h1", "h2", "h3"):
            self.addLink(self.addHost(name), "s1")


@needs_programs
@pytest.mark.needs("openvswitch")
def test_switch_learns_and_obeys() -> None:
    with Network(Bed()) as net:
        assert net.pingAll(timeout=2) == 0
        assert net["s1"].run(["ovs-vsctl", "list-ports", "s1"]).stdout.split() == ["s1-eth1", "s1-eth2", "s1-eth3"]
        net["s1"].run(["ovs-ofctl", "add-flow", "s1", "priority=9,in_port=s1-eth3,actions=drop"])
        # The datapath's cached flows are revalidated in the background.
        until("the datapath drops", lambda: net["h3"].run(["ping", "-c1", "-W1", "10.0.0.1"]).status != 0)
        assert net["h2"].run(["ping", "-c1", "-W1", "10.0.0.1"]).status == 0


@needs_programs
@pytest.mark.needs("openvswitch")
def test_ports_come_and_go() -> None:
    with Network(Bed()) as net:
        net.addLink(net.addHost("h4"), "s1")
        assert net["h4"].run(["ping", "-c1", "-W2", "10.0.0.1"]).status == 0
        net.delNode("h1")
        ports = net["s1"].run(["ovs-vsctl", "list-ports", "s1"]).stdout.split()
        assert ports == ["s1-eth2", "s1-eth3", "s1-eth4"]


@needs_programs
@pytest.mark.needs("openvswitch")
def test_a_port_that_the_datapath_refuses_is_named() -> None:
    with Network(Bed()) as net, pytest.raises(OpenVSwitchError, match=r"Node s1: Open vSwitch does not work: .*lo"):
        ovs.configure(net.processes, net.namespace_of("s1"), ["add-port", "s1", "lo"])


@needs_programs
def test_kernel_without_it_is_named() -> None:
    if "openvswitch" in {one.name for one in capabilities() if one.state == "have"}:
        pytest.skip("this kernel has Open vSwitch")
    network = Network(Bed())
    with pytest.raises(OpenVSwitchError, match="Node s1: Open vSwitch does not work"):
        network.start()
    assert network.commands == []


@needs_programs
@pytest.mark.needs("openvswitch")
@pytest.mark.parametrize("daemon", ["ovs-vswitchd", "ovsdb-server"])
def test_a_daemon_that_is_killed_comes_back_and_the_switch_goes_on(daemon: str) -> None:
    with Network(Bed()) as net:
        s1 = net["s1"]
        before = s1.run(["pidof", daemon]).stdout.split()
        assert len(before) == 1
        s1.run(["kill", "-KILL", *before])
        until("it runs again", lambda: s1.run(["pidof", daemon]).stdout.split() not in (before, []))
        until("hosts reach each other", lambda: net["h1"].run(["ping", "-c1", "-W1", "10.0.0.2"]).status == 0)
        net.addLink(net.addHost("h4"), "s1")  # which the switch is told
        assert net["h4"].run(["ping", "-c1", "-W2", "10.0.0.1"]).status == 0
        net.delNode("s1")
        until("nothing of the switch is left", lambda: net["h1"].run(["pidof", daemon]).stdout == "")
