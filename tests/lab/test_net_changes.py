"""Changes to a running network: each takes effect at once, and a refused one leaves everything as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from raslab.errors import KernelRefusedError, TopologyError
from raslab.net import Network, Node, Topo

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.both]


class Routed(Topo):
    """Two hosts behind one router."""

    def build(self) -> None:
        self.addRouter("r1")
        for number in (1, 2):
            gateway = [f"10.0.{number}.254/24", f"2001:db8:{number}::254/64"]
            self.addHost(
                f"h{number}",
                ips=[f"10.0.{number}.1/24", f"2001:db8:{number}::1/64"],
                defaultRoute=[f"via 10.0.{number}.254", f"via 2001:db8:{number}::254"],
            )
            self.addLink(f"h{number}", "r1", params2={"ips": gateway, "name": f"lan{number}"})


@pytest.fixture
def net() -> Iterator[Network]:
    """`Routed`, running."""
    with Network(Routed()) as network:
        yield network


def reaches(node: Node, address: str) -> bool:
    """True if `address` answers within a second."""
    return node.run(["ping", "-c1", "-W1", address], timeout=10).status == 0


def reaches_both(net: Network) -> tuple[bool, bool]:
    """Whether h1 reaches h2 over IPv4, and over IPv6."""
    return reaches(net["h1"], "10.0.2.1"), reaches(net["h1"], "2001:db8:2::1")


def test_hosts_reach_each_other_through_the_router(net: Network) -> None:
    assert reaches_both(net) == (True, True)
    assert net.pingAll() == 0


def test_a_host_does_not_forward() -> None:
    topo = Routed()
    topo.nodeInfo("r1").pop("cls")
    topo.nodeInfo("r1")["ip"] = None
    with Network(topo) as network:
        assert reaches(network["h1"], "10.0.1.254")
        assert reaches_both(network) == (False, False)


def test_link_down_and_up_again(net: Network) -> None:
    (link,) = net.linksBetween(net["h1"], net["r1"])
    link.down()
    assert reaches_both(net) == (False, False)
    link.up()
    assert reaches_both(net) == (True, True)


def test_link_removed_and_added_again(net: Network) -> None:
    (link,) = net.linksBetween(net["h1"], net["r1"])
    net.delLink(link)
    assert "h1-eth0" not in net["h1"].run(["ip", "link"]).stdout
    assert "lan1" not in net["r1"].run(["ip", "link"]).stdout
    assert net["h1"].run(["ip", "route"]).stdout == ""
    assert not reaches(net["h1"], "10.0.1.254")
    net.addLink("h1", "r1", params1={"ips": ["10.0.1.1/24"]}, params2={"ips": ["10.0.1.254/24"], "name": "lan1"})
    net.addRoute("h1", "default", via="10.0.1.254")
    assert reaches(net["h1"], "10.0.2.1")


def test_address_added_and_removed(net: Network) -> None:
    net.addAddress("h2", "h2-eth0", "10.0.2.77/24")
    assert reaches(net["h1"], "10.0.2.77")
    net.delAddress("h2", "h2-eth0", "10.0.2.1/24")
    assert not reaches(net["h1"], "10.0.2.1")
    assert reaches(net["h1"], "10.0.2.77")  # the second address of the subnet outlives the first
    net["h2"].setIP("10.0.2.5/24")
    assert (reaches(net["h1"], "10.0.2.77"), reaches(net["h1"], "10.0.2.5")) == (False, True)
    assert net["h2"].IP() == "10.0.2.5"


def test_route_added_and_removed(net: Network) -> None:
    net.delRoute("h1", "default", via="10.0.1.254")
    assert reaches_both(net) == (False, True)
    net.addRoute("h1", "10.0.2.0/24", via="10.0.1.254")
    assert reaches_both(net) == (True, True)
    with pytest.raises(TopologyError, match=r"no such route to 10\.9\.0\.0/16"):
        net.delRoute("h1", "10.9.0.0/16")


def test_mtu_is_changed(net: Network) -> None:
    net["h1"].intf("h1-eth0").change(mtu=1300)
    assert " mtu 1300 " in net["h1"].run(["ip", "link", "show", "h1-eth0"]).stdout
    with pytest.raises(TopologyError, match="MTU 1000 of interface h1-eth0 of node h1 is too small for its IPv6"):
        net["h1"].intf("h1-eth0").change(mtu=1000)
    assert net["h1"].intf("h1-eth0").spec.mtu == 1300


def test_host_and_switch_are_added_and_removed(net: Network) -> None:
    before = net.topology()
    net.addSwitch("s1")
    net.addHost("h3", ip="10.0.3.1/24", defaultRoute="via 10.0.3.254")
    net.addLink("r1", "s1", params1={"ips": ["10.0.3.254/24"], "name": "lan3"})
    net.addLink("h3", "s1")
    net.addRoute("h3", "default", via="10.0.3.254")
    assert reaches(net["h3"], "10.0.1.1")
    net.delNode("h3")
    net.delNode("s1")
    assert net.topology() == before
    assert "lan3" not in net["r1"].run(["ip", "link"]).stdout
    assert reaches_both(net) == (True, True)


def test_refused_change_leaves_everything_as_it_was(net: Network) -> None:
    before, links = net.topology(), net["h1"].run(["ip", "link"]).stdout
    with pytest.raises(TopologyError, match=r"10\.0\.1\.254 is used twice on one segment"):
        net.addAddress("h1", "h1-eth0", "10.0.1.254/24")
    with pytest.raises(TopologyError, match="no parameter speed"):
        net.addLink("h1", "h2", speed=10)
    with pytest.raises(KernelRefusedError):
        net.addLink("h1", "h2", params1={"mac": "00:00:00:00:00:00"})  # nobody's, which only the kernel knows
    assert net.topology() == before
    assert net["h1"].run(["ip", "link"]).stdout == links
    assert reaches_both(net) == (True, True)


def test_several_changes_at_once_are_one(net: Network) -> None:
    def two_changes_one_of_them_wrong() -> None:
        with net.changing():
            net.delRoute("h1", "default", via="10.0.1.254")
            net.addAddress("h1", "h1-eth0", "10.0.1.0/24")

    with pytest.raises(TopologyError):
        two_changes_one_of_them_wrong()
    assert reaches_both(net) == (True, True)
    with net.changing():  # neither half would be accepted alone
        net.delAddress("h1", "h1-eth0", "10.0.1.1/24")
        net.addAddress("h1", "h1-eth0", "10.0.1.9/24")
        net.addRoute("h1", "default", via="10.0.1.254")
    assert reaches_both(net) == (True, True)


def test_long_interface_names_work_where_people_type_them() -> None:
    name = "interface-to-the-provider"
    with Network() as network:
        network.addRouter("r1")
        network.addHost("h1")
        network.addLink("r1", "h1", params1={"name": name, "ips": ["10.0.0.254/24"]}, params2={"ips": ["10.0.0.1/24"]})
        network.addRoute("r1", "10.9.0.0/16", dev=name)
        assert "10.0.0.254/24" in network["r1"].run(["ip", "address", "show", "dev", name]).stdout
        assert reaches(network["h1"], "10.0.0.254")
        assert network["r1"].intf(name).IP() == "10.0.0.254"


def test_ports_of_a_switch_with_a_long_name_and_names_beyond_ascii() -> None:
    with Network() as network:
        network.addSwitch("headquarters")
        with network.changing():
            for number in range(200):
                network.addLink(network.addHost(f"h{number}"), "headquarters", params1={"name": "ü" * 12})
        assert reaches(network["h43"], network["h199"].IP())
        assert "inet 10.0.0.44/8" in network["h43"].run(["ip", "address", "show", "dev", "ü" * 12]).stdout


def test_spanning_tree_keeps_a_ring_quiet() -> None:
    with Network() as network:
        for name in ("s1", "s2", "s3"):
            network.addSwitch(name, stp=True)
        with network.changing():
            for one, other in (("s1", "s2"), ("s2", "s3"), ("s3", "s1")):
                network.addLink(one, other)
        states = "".join(
            network[name].run(["cat", f"/sys/class/net/{name}/bridge/stp_state"]).stdout for name in network
        )
        assert states == "1\n" * 3


def test_both_ends_of_a_link_change_at_once(net: Network) -> None:
    (link,) = net.linksBetween(net["h1"], net["r1"])
    link.intf1.set_impairment(delay_ms=5)
    with pytest.raises(TopologyError, match="larger than its delay of 0 ms"):
        link.set_impairment(jitter_ms=1)  # the first end could have it
    assert [end.spec.impairment.jitter_ms for end in link.ends] == [0, 0]
    link.set_impairment(delay_ms=5, jitter_ms=1)
    assert [end.spec.impairment.jitter_ms for end in link.ends] == [1, 1]


def test_commands_tell_what_was_done(net: Network) -> None:
    count = len(net.commands)
    net["h1"].intf("h1-eth0").change(mtu=1400)
    assert net.commands[count:] == ["ip -n h1 link set h1-eth0 mtu 1400"]


class Nested(Topo):
    """r1 with a narrow subnet inside a wide one; the way to far's address leads over the narrow one."""

    def build(self) -> None:
        for node in ("r1", "far", "other"):
            self.addRouter(node)
        for peer, name, here, there in (
            ("other", "wide", ["10.0.0.1/8", "2001:db8::1/32"], ["10.200.0.9/8", "2001:db8:f::9/32"]),
            ("far", "narrow", ["10.1.0.1/16", "2001:db8:1::1/48"], ["10.1.0.9/16", "2001:db8:1::9/48"]),
        ):
            self.addLink("r1", peer, params1={"name": name, "ips": here}, params2={"ips": there})
        self.addRoute("r1", "172.16.0.0/12", via="10.1.0.9")
        self.addRoute("r1", "2001:db9::/32", via="2001:db8:1::9")


def test_routes_come_back_with_the_link_that_carries_them_where_two_subnets_fit() -> None:
    def ways(network: Network) -> list[str]:
        shown = (
            network["r1"].run("ip route show 172.16.0.0/12").stdout
            + network["r1"].run("ip -6 route show 2001:db9::/32").stdout
        )
        return [line.split(" dev ")[1].split()[0] for line in shown.splitlines()]

    with Network(Nested()) as network:
        link = network.linksBetween(network["r1"], network["far"])[0]
        assert ways(network) == ["narrow", "narrow"]
        for _ in range(2):
            link.down()
            assert "narrow" not in ways(network)
            link.up()
            assert ways(network) == ["narrow", "narrow"]
        wide = network.linksBetween(network["r1"], network["other"])[0]
        wide.down()
        wide.up()
        assert ways(network) == ["narrow", "narrow"]
