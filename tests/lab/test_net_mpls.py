"""MPLS: static label switched paths between two edges of a provider's network, with real packets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import pairwise

import pytest
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import IP
from scapy.layers.l2 import Ether
from waiting import until

from raslab.measure import capture
from raslab.net import Network, Node, Topo

pytestmark = [pytest.mark.usefixtures("root"), pytest.mark.needs("mpls", "gre"), pytest.mark.both]


class Core(Topo):
    """h1 - pe1 - p1 - p2 - pe2 - h2: the routers in the middle know no customer, only labels.

    Labels 101 and 102 lead to the right, 202 and 201 to the left; the last P router takes them away.
    """

    def build(self, labels: bool = True) -> None:
        chain = ("pe1", "p1", "p2", "pe2")
        for name in chain:
            self.addRouter(name)
        for number, (left, right) in enumerate(pairwise(chain), start=1):
            left_end = {"name": "right", "ips": [f"192.0.{number}.1/30", f"2001:db8:f{number}::1/64"]}
            right_end = {"name": "left", "ips": [f"192.0.{number}.2/30", f"2001:db8:f{number}::2/64"]}
            self.addLink(left, right, params1=left_end, params2=right_end)
        for side in (1, 2):
            lan = [f"10.0.{side}.254/24", f"2001:db8:{side}::254/64"]
            gateways = [f"via 10.0.{side}.254", f"via 2001:db8:{side}::254"]
            self.addHost(f"h{side}", ips=[f"10.0.{side}.1/24", f"2001:db8:{side}::1/64"], defaultRoute=gateways)
            self.addLink(f"h{side}", f"pe{side}", params2={"name": "lan0", "ips": lan})
        for destination, via in (("10.0.2.0/24", "192.0.1.2"), ("2001:db8:2::/64", "2001:db8:f1::2")):
            self.addRoute("pe1", destination, via=via, labels=(101,) if labels else ())
        for destination, via in (("10.0.1.0/24", "192.0.3.1"), ("2001:db8:1::/64", "2001:db8:f3::1")):
            self.addRoute("pe2", destination, via=via, labels=(202,) if labels else ())
        if not labels:
            return
        self.addMplsRoute("p1", 101, via="192.0.2.2", out_labels=(102,))
        self.addMplsRoute("p2", 102, via="192.0.3.2")
        self.addMplsRoute("p2", 202, via="192.0.2.1", out_labels=(201,))
        self.addMplsRoute("p1", 201, via="192.0.1.1")


@pytest.fixture
def net() -> Iterator[Network]:
    """`Core`, running."""
    with Network(Core()) as network:
        yield network


def reaches(node: Node, address: str, *options: str) -> bool:
    """True if `address` answers within a second; options of ping."""
    return node.run(["ping", "-c1", "-W1", *options, address], timeout=10).status == 0


def answers(node: Node, address: str, *options: str) -> None:
    """Wait until `address` answers."""
    until(f"{address} answers {node.name}", lambda: reaches(node, address, *options))


def labels_of(net: Network, interface: str, *, node: str) -> list[tuple[list[int], list[int]]]:
    """Labels, and their TTLs, of the echo requests from h1 to h2 that pass an interface while one is sent."""
    with capture(net[node].intf(interface), "icmp or mpls") as seen:
        answers(net["h1"], "10.0.2.1")
    found = []
    for packet in seen.packets:
        if packet[IP].dst == "10.0.2.1":
            entries = [layer for layer in packet.iterpayloads() if isinstance(layer, MPLS)]
            found.append(([entry.label for entry in entries], [entry.ttl for entry in entries]))
    return found


@pytest.mark.parametrize("address", ["10.0.2.1", "2001:db8:2::1"])
def test_customers_meet_over_a_core_that_has_no_route_to_them(net: Network, address: str) -> None:
    answers(net["h1"], address)
    for name in ("p1", "p2"):
        assert "10.0." not in net[name].run("ip route").stdout
        assert not reaches(net[name], "10.0.2.1")


def test_without_labels_the_core_knows_nobody() -> None:
    with Network(Core(labels=False)) as net:
        answers(net["h1"], "10.0.1.254")
        assert not reaches(net["h1"], "10.0.2.1")


def test_labels_on_the_wire_are_swapped_and_taken_away_before_the_edge(net: Network) -> None:
    assert labels_of(net, "right", node="pe1") == [([101], [63])]  # the TTL of the packet goes on in the label
    assert labels_of(net, "right", node="p1") == [([102], [62])]
    assert labels_of(net, "right", node="p2") == [([], [])]


def test_a_path_is_taken_away_and_comes_back(net: Network) -> None:
    answers(net["h1"], "10.0.2.1")
    net.delMplsRoute("p1", 101)
    assert not reaches(net["h1"], "10.0.2.1")
    net.addMplsRoute("p1", 101, via="192.0.2.2", out_labels=(7000, 102))
    assert not reaches(net["h1"], "10.0.2.1")
    net.addMplsRoute("p2", 7000, dev="lo")  # the node itself, which finds another label below
    answers(net["h1"], "10.0.2.1")
    assert net["p2"].run("sysctl -n net.mpls.platform_labels").stdout == "7168\n"
    net.delMplsRoute("p2", 7000)
    assert not reaches(net["h1"], "10.0.2.1")


def test_labels_are_taken_from_neighbours_that_send_them_only(net: Network) -> None:
    answers(net["h1"], "10.0.2.1")
    read = "sysctl -n net.mpls.conf.{}.input"
    found = [
        net[node].run(read.format(name)).stdout for node, name in (("p1", "left"), ("pe2", "left"), ("pe1", "lan0"))
    ]
    assert found == ["1\n", "0\n", "0\n"]  # what comes to an edge has its label no more
    with capture(net["pe1"].intf("right"), "mpls") as seen:  # a customer's own label
        net["h1"].call(forge, "h1-eth0", str(net["pe1"].intf("lan0").MAC()))
        answers(net["h1"], "10.0.2.1")
    assert [packet[MPLS].label for packet in seen.packets if packet[IP].dst == "10.0.2.1"] == [101]


def forge(interface: str, to: str) -> None:
    """Send a labelled packet to a router."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind((interface, 0))
        wire.send(bytes(Ether(dst=to) / MPLS(label=101, s=1, ttl=64) / IP(src="10.0.1.1", dst="10.0.2.1")))


def test_links_down_and_up_again_have_their_paths(net: Network) -> None:
    answers(net["h1"], "10.0.2.1")
    (link,) = net.linksBetween(net["p1"], net["p2"])
    link.down()
    assert not reaches(net["h1"], "10.0.2.1")
    link.up()
    answers(net["h1"], "10.0.2.1")
    net.delLink(link)
    assert [(path.node, path.label) for path in net.mpls_routes] == [("p2", 102), ("p1", 201)]
    assert net["p1"].run("ip -f mpls route").stdout.split()[0] == "201"


def test_a_label_takes_four_bytes_of_the_mtu(net: Network) -> None:
    answers(net["h1"], "10.0.2.1", "-Mdo", "-s", str(1500 - 4 - 28))
    assert not reaches(net["h1"], "10.0.2.1", "-Mdo", "-s", str(1500 - 4 - 27))
    edges = (("pe1", "192.0.1.1", "192.0.3.2", "192.0.1.2", 101), ("pe2", "192.0.3.2", "192.0.1.1", "192.0.3.1", 202))
    for number, (edge, local, remote, via, label) in enumerate(edges, start=1):
        net.addRoute(edge, f"{remote}/32", via=via, labels=[label])
        net.addTunnel(edge, "gre1", local=local, remote=remote, key=7, ips=[f"10.255.0.{number}/30"])
        assert f" mtu {1500 - 4 - 28} " in net[edge].run("ip link show gre1").stdout
    answers(net["pe1"], "10.255.0.2", "-Mdo", "-s", str(1500 - 4 - 28 - 28))
