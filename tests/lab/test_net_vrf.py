"""VRFs and VLANs with real packets: tenants with equal addresses on one router, and what keeps them apart."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from waiting import until

from raslab.errors import KernelRefusedError
from raslab.model.topology import Vlan
from raslab.net import Network, Node, Topo
from raslab.net.names import kernel_name
from raslab.net.sockets import bind_to_device

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("vrf", "gre", "bridge vlans"), pytest.mark.both]

TENANTS = {"red": 1001, "blue": 1002}
LEFT, RIGHT = 1, 2


class TwoTenants(Topo):
    """Two provider edges; each tenant has a host at both, with the same addresses as the other tenant's."""

    def build(self) -> None:
        for side in (LEFT, RIGHT):
            self.addRouter(f"pe{side}")
        ends = [{"name": "wan0", "ips": [f"192.0.2.{side}/24"]} for side in (LEFT, RIGHT)]
        self.addLink("pe1", "pe2", params1=ends[0], params2=ends[1])
        for tenant, number in TENANTS.items():
            for side, other in ((LEFT, RIGHT), (RIGHT, LEFT)):
                edge, host = f"pe{side}", f"{tenant}{side}"
                self.addVrf(edge, tenant, number, ips=[f"10.9.{side}.9/32"])
                self.addTunnel(
                    edge,
                    f"gre-{tenant}",
                    local=f"192.0.2.{side}",
                    remote=f"192.0.2.{other}",
                    key=number,
                    ips=[f"10.255.0.{side}/30", f"2001:db8:ff::{side}/64"],
                    master=tenant,
                )
                self.addHost(
                    host,
                    ips=[f"10.0.{side}.1/24", f"2001:db8:{side}::1/64"],
                    defaultRoute=[f"via 10.0.{side}.254", f"via 2001:db8:{side}::254"],
                )
                own = [f"10.0.{side}.254/24", f"2001:db8:{side}::254/64"]
                self.addLink(host, edge, params2={"name": f"lan-{tenant}", "ips": own, "master": tenant})
                self.addRoute(edge, f"10.0.{other}.0/24", via=f"10.255.0.{other}", vrf=tenant)
                self.addRoute(edge, f"2001:db8:{other}::/64", via=f"2001:db8:ff::{other}", vrf=tenant)


class OneRouter(Topo):
    """A router with a host in VRF red and one outside all VRFs."""

    def build(self) -> None:
        self.addRouter("r1")
        self.addVrf("r1", "red", 1001)
        for number, master in ((1, "red"), (2, None)):
            router = [f"10.0.{number}.254/24", f"2001:db8:{number}::254/64"]
            self.addHost(
                f"h{number}",
                ips=[f"10.0.{number}.1/24", f"2001:db8:{number}::1/64"],
                defaultRoute=[f"via 10.0.{number}.254", f"via 2001:db8:{number}::254"],
            )
            self.addLink(f"h{number}", "r1", params2={"name": f"lan{number}", "ips": router, "master": master})


class Trunk(Topo):
    """Two routers with VLANs 10 and 20 on a wire through a switch."""

    def build(self) -> None:
        self.addSwitch("s1")
        for side in (LEFT, RIGHT):
            router = f"r{side}"
            self.addRouter(router)
            self.addLink(router, "s1", params1={"name": "trunk", "ips": [f"10.1.0.{side}/24"]})
            for tag in (10, 20):
                self.addVrf(router, f"vrf{tag}", ips=[f"10.77.{side}.1/32"])
                self.addVlan(router, "trunk", tag, ips=[f"10.2.0.{side}/24"], master=f"vrf{tag}")
                self.addRoute(router, f"10.77.{3 - side}.0/24", via=f"10.2.0.{3 - side}", vrf=f"vrf{tag}")


@pytest.fixture
def net() -> Iterator[Network]:
    """`TwoTenants`, running."""
    with Network(TwoTenants()) as network:
        yield network


@pytest.fixture
def router() -> Iterator[Network]:
    """`OneRouter`, running."""
    with Network(OneRouter()) as network:
        yield network


def reaches(node: Node, address: str, *options: str) -> bool:
    """True if `address` answers within a second; options of ping."""
    return node.run(["ping", "-c1", "-W1", *options, address], timeout=10).status == 0


def answers(node: Node, address: str, *options: str) -> None:
    """Wait until `address` answers."""
    until(f"{address} answers {node.name}", lambda: reaches(node, address, *options))


@contextmanager
def without(network: Network, host: str) -> Iterator[None]:
    """While a host's wire is out, whoever answers under its address is another one."""
    network[host].defaultIntf().change(up=False)
    yield
    network[host].defaultIntf().change(up=True)


@pytest.mark.parametrize("address", ["10.0.2.1", "2001:db8:2::1"])
def test_tenants_with_equal_addresses_reach_their_own(net: Network, address: str) -> None:
    answers(net["red1"], address)
    answers(net["blue1"], address)
    with without(net, "red2"):
        assert not reaches(net["red1"], address)
        answers(net["blue1"], address)
    answers(net["red1"], address)


def test_wrong_key_is_silence_and_swapped_keys_cross_the_tenants(net: Network) -> None:
    answers(net["red1"], "10.0.2.1")
    red, blue = (net["pe2"].intf(f"gre-{tenant}") for tenant in TENANTS)
    red.change(key=7)
    assert not reaches(net["red1"], "10.0.2.1")
    answers(net["blue1"], "10.0.2.1")
    with net.changing():
        red.change(key=TENANTS["blue"])
        blue.change(key=TENANTS["red"])
    with without(net, "red2"):
        answers(net["red1"], "10.0.2.1")  # blue2 does
        assert not reaches(net["blue1"], "10.0.2.1")


def test_address_of_a_vrf_itself_answers_within_it(net: Network) -> None:
    answers(net["red1"], "10.9.1.9")
    answers(net["pe1"], "10.0.1.1", "-I", "red")
    assert not reaches(net["pe1"], "10.0.1.1")
    net["pe1"].intf("blue").change(addresses=())
    assert not reaches(net["blue1"], "10.9.1.9")  # red's does not answer in its place
    answers(net["red1"], "10.9.1.9")


@pytest.mark.parametrize("addresses", [("10.0.2.1", "10.0.2.254"), ("2001:db8:2::1", "2001:db8:2::254")])
def test_nothing_falls_through_to_the_main_table(router: Network, addresses: tuple[str, str]) -> None:
    host, lan = addresses
    own = "10.0.1.254" if "." in host else "2001:db8:1::254"
    answers(router["h1"], own)
    answers(router["h2"], lan)
    assert not reaches(router["h1"], host)
    assert not reaches(router["h1"], lan)  # the router's own address, outside the VRF
    assert not reaches(router["h2"], own)
    router["r1"].intf("lan1").change(master=None)
    for address in (host, lan):
        answers(router["h1"], address)
    answers(router["h2"], own)


def test_unreachable_is_said_at_once(router: Network) -> None:
    answers(router["h1"], "10.0.1.254")
    assert "Destination Host Unreachable" in router["h1"].run(["ping", "-c1", "-W1", "10.0.2.1"], timeout=10).stdout


def test_interfaces_move_with_their_addresses_and_routes(router: Network) -> None:
    router.addHost("h3", ips=["10.0.3.1/24"], defaultRoute="via 10.0.3.254")
    router.addLink("h3", "r1", params1={"ips": ["10.0.3.1/24"]}, params2={"name": "lan3", "ips": ["10.0.3.254/24"]})
    router["h3"].setDefaultRoute("via 10.0.3.254")
    router["h3"].run(["ip", "address", "add", "10.8.8.8/32", "dev", "lo"])
    router.addRoute("r1", "10.8.8.8/32", dev="lan3")
    assert not reaches(router["h1"], "10.0.3.1")
    with router.changing():
        router["r1"].intf("lan3").change(master="red")
        router.delRoute("r1", "10.8.8.8/32")
        router.addRoute("r1", "10.8.8.8/32", via="10.0.3.1", vrf="red")
    answers(router["h1"], "10.0.3.1")
    answers(router["h1"], "10.8.8.8")
    assert "lan3" not in router["r1"].run(["ip", "route", "show", "table", "main"]).stdout
    with router.changing():  # while it is off, too
        router["r1"].intf("lan3").change(up=False)
    with router.changing():
        router.delRoute("r1", "10.8.8.8/32", vrf="red")
        router["r1"].intf("lan3").change(master=None)
    router["r1"].intf("lan3").change(up=True)
    answers(router["h2"], "10.0.3.1")
    assert not reaches(router["h1"], "10.0.3.1")
    router["r1"].intf("lan2").change(master="red")
    answers(router["h1"], "2001:db8:2::1")
    answers(router["h2"], "10.0.1.1")
    assert not reaches(router["h2"], "10.0.3.1")


def test_table_is_changed_and_the_vrf_goes_without_a_trace(router: Network) -> None:
    r1 = router["r1"]
    before = {version: r1.run(["ip", version, "rule"]).stdout for version in ("-4", "-6")}
    assert "3000:\tfrom all lookup local" in before["-4"]
    router.addRoute("r1", "10.4.0.0/16", via="10.0.1.1", vrf="red")
    r1.intf("red").change(table=70_000)
    assert "10.4.0.0/16 via 10.0.1.1 dev lan1" in r1.run(["ip", "route", "show", "table", "70000"]).stdout
    assert r1.run("ip route show table 1001").stdout == ""
    answers(router["h1"], "2001:db8:1::254")
    assert not reaches(router["h1"], "10.0.2.1")
    router.delVrf("r1", "red")
    answers(router["h1"], "10.0.2.1")
    assert router.routes == [route for route in router.routes if route.vrf is None]
    for version in ("-4", "-6"):
        rules = r1.run(["ip", version, "rule"]).stdout
        assert (rules.startswith("0:\tfrom all lookup local"), "32765" in rules) == (True, False)
        assert r1.run(["ip", version, "route", "show", "table", "70000"]).stdout == ""
    router.addVrf("r1", "red", 1001)
    router["r1"].intf("lan1").change(master="red")
    assert not reaches(router["h1"], "10.0.2.1")
    answers(router["h1"], "10.0.1.254")


@pytest.mark.parametrize("refused", ["link", "VLAN"])
def test_a_refused_change_leaves_no_vrf(router: Network, refused: str) -> None:
    h2 = router["h2"]
    before, rules = router.topology(), h2.run("ip rule").stdout

    def one_of_them_wrong() -> None:
        with router.changing():
            router.addVrf("h2", "blue")
            h2.defaultIntf().change(master="blue")
            if refused == "link":  # before the rules have moved; that address is nobody's
                router.addLink("h2", "r1", params1={"mac": "00:00:00:00:00:00"})
            else:  # and after
                router.take_device(Vlan("h2", "tagged", "h2-eth0", 10, mac="00:00:00:00:00:00"))
            router.routes = [route for route in router.routes if route.node != "h2"]

    with pytest.raises(KernelRefusedError):
        one_of_them_wrong()
    assert router.topology() == before
    assert h2.run("ip rule").stdout.replace("1000:\tfrom all lookup [l3mdev-table]\n", "") == rules
    assert h2.run("ip -6 rule").stdout.count("lookup local") == 1
    assert h2.run("ip link show type vrf").stdout == ""
    answers(h2, "10.0.2.254")
    answers(h2, "2001:db8:2::254")


def test_vlans_on_a_trunk_are_apart() -> None:
    with Network(Trunk()) as net:
        for tag in (10, 20):
            answers(net["r1"], "10.2.0.2", "-I", f"trunk.{tag}", "-s", "1472", "-Mdo")
            answers(net["r1"], "10.77.2.1", "-I", f"vrf{tag}")
        answers(net["r1"], "10.1.0.2")
        net["r2"].intf("trunk.20").change(vlan_id=30)
        assert not reaches(net["r1"], "10.2.0.2", "-I", "trunk.20")
        answers(net["r1"], "10.2.0.2", "-I", "trunk.10")
        net["r2"].intf("trunk.20").change(vlan_id=20)
        answers(net["r1"], "10.77.2.1", "-I", "vrf20")


def test_vlans_live_with_the_interface_below() -> None:
    with Network(Trunk()) as net:
        r1, trunk = net["r1"], net["r1"].intf("trunk")
        answers(r1, "10.77.2.1", "-I", "vrf20")
        r1.intf("trunk.20").change(up=False)
        trunk.change(up=False)
        assert not reaches(r1, "10.2.0.2", "-I", "vrf10")
        trunk.change(up=True)
        answers(r1, "10.77.2.1", "-I", "vrf10")
        assert not reaches(r1, "10.77.2.1", "-I", "vrf20")
        r1.intf("trunk.20").change(up=True)
        answers(r1, "10.77.2.1", "-I", "vrf20")
        with net.changing():
            r1.intf("trunk.20").change(mtu=1400)
            trunk.change(mtu=2000)
        assert " mtu 1400 " in r1.run("ip link show trunk.20").stdout
        assert " mtu 2000 " in r1.run("ip link show trunk.10").stdout
        net.delVlan("r1", "trunk.10")
        assert "trunk.10" not in r1.run("ip link").stdout
        answers(r1, "10.77.2.1", "-I", "vrf20")
        (wire,) = net.linksBetween(r1, net["s1"])
        net.delLink(wire)
        assert "trunk" not in r1.run("ip link").stdout
        assert [intf.name for intf in r1.all_interfaces()] == ["vrf10", "vrf20"]


def test_routes_by_a_vlan_come_back_with_the_wire_below() -> None:
    with Network(Trunk()) as net:
        (wire,) = net.linksBetween(net["r1"], net["s1"])
        for _ in range(5):
            wire.down()
            wire.up()
            answers(net["r1"], "10.77.2.1", "-I", "vrf20")


def test_one_address_and_port_serve_two_tenants(net: Network) -> None:
    def server(tenant: str) -> socket.socket:
        endpoint = socket.socket()
        bind_to_device(endpoint, tenant)
        endpoint.bind(("10.0.1.254", 80))
        endpoint.listen()
        return endpoint

    def call(said: bytes) -> socket.socket:
        endpoint = socket.create_connection(("10.0.1.254", 80), timeout=30)
        endpoint.sendall(said)
        return endpoint

    with (
        closing(net["pe1"].call(server, "red")) as red,
        closing(net["pe1"].call(server, "blue")) as blue,
        closing(net["blue1"].call(call, b"blue")),
        closing(net["red1"].call(call, b"red")),
    ):
        assert [_heard(one) for one in (red, blue)] == [b"red", b"blue"]


def _heard(server: socket.socket) -> bytes:
    server.settimeout(30)
    connection: Any = server.accept()[0]
    with closing(connection):
        return connection.recv(100)  # type: ignore[no-any-return]


def test_two_hundred_vrfs_are_one_change() -> None:
    with Network() as net:
        net.addRouter("r1")
        with net.changing():
            for number in range(1, 201):
                net.addVrf("r1", f"tenant-with-a-long-name-{number}", ips=["10.0.0.1/24"])
        tables = net["r1"].run("ip -brief link show type vrf").stdout
        assert len(tables.splitlines()) == 200
        answers(net["r1"], "10.0.0.1", "-I", kernel_name("tenant-with-a-long-name-200"))
