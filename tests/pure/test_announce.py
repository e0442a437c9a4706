"""Announcements of addresses that have moved: which there are, and their bytes, as scapy reads them."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from scapy.layers.inet6 import ICMPv6ND_NA, ICMPv6NDOptDstLLAddr, IPv6
from scapy.layers.l2 import ARP, Ether

from raslab.model.switching import Bridge
from raslab.model.topology import EMPTY, Interface, Link, Node, NodeKind, Topology, Tunnel, Vlan, Vrf
from raslab.model.validation import problems_of
from raslab.net.announce import announcements, arp_announcement, neighbour_advertisement
from raslab.net.plan import difference

MAC = bytes.fromhex("020000010203")
SHARED = "10.0.0.100/24"
ENDS = {
    name: Interface(name, "lan0", (f"10.0.0.{n}/24",), mac=f"02:00:00:00:00:{n:02}") for n, name in ((1, "a"), (2, "b"))
}
NODES = (Node("a", NodeKind.ROUTER), Node("b"), Node("s1", NodeKind.BRIDGE))


def network(a: tuple[str, ...] = (), b: tuple[str, ...] = (), devices: Any = (), **changes: Any) -> Topology:
    """a and b on a switch, with more addresses. changes: of b's interface."""
    ends = [replace(ENDS[name], addresses=(*ENDS[name].addresses, *more)) for name, more in (("a", a), ("b", b))]
    ends[1] = replace(ends[1], **changes)
    links = tuple(Link(end, Interface("s1", f"to-{end.node}")) for end in ends)
    found = Topology(nodes=NODES, links=links, devices=devices)
    assert problems_of(found) == []
    return found


def announced(old: Topology, new: Topology) -> list[tuple[str, str, str]]:
    """Node, interface and address of each announcement."""
    found = announcements(difference(old, new), old, new)
    return [(one.node, one.interface, str(one.address)) for one in found]


def test_an_address_that_moves_is_announced_by_whom_it_comes_to() -> None:
    assert announced(network(a=(SHARED,)), network(b=(SHARED,))) == [("b", "lan0", "10.0.0.100")]
    assert announced(network(a=(SHARED,)), network()) == []
    both = network(b=("10.0.0.3/24", "2001:db8::3/64"))
    assert announced(network(), both) == [("b", "lan0", "10.0.0.3"), ("b", "lan0", "2001:db8::3")]


def test_nothing_is_announced_at_the_start_or_where_no_address_comes() -> None:
    assert announced(EMPTY, network(a=(SHARED,))) == []
    assert announced(network(), network(mtu=9000)) == []
    assert announced(network(), network()) == []


def test_an_interface_that_is_off_announces_nothing() -> None:
    assert announced(network(a=(SHARED,)), network(b=(SHARED,), up=False)) == []
    assert announced(network(up=False), network()) == []  # no address has moved


def test_another_mac_address_is_announced() -> None:
    assert announced(network(), network(mac="02:00:00:00:00:99")) == [("b", "lan0", "10.0.0.2")]


def test_an_address_that_only_gets_into_a_vrf_is_not_announced() -> None:
    """Its interface loses it and gets it again, and nobody else sees that."""
    red = Vrf("b", "red", 1001)
    old, new = network(devices=(red,)), network(devices=(red,), master="red")
    assert any("address add" in line for line in difference(old, new).commands)
    assert announced(old, new) == []


def test_the_router_that_is_on_each_host_is_not_announced_again() -> None:
    """It has not moved: the same address with the same MAC address is where it was, too."""
    bridges = [Bridge(name, "vs1", ("10.1.1.1/24",), mac="02:52:00:00:00:01") for name in ("a", "b")]
    assert announced(network(devices=bridges[:1]), network(devices=bridges)) == []
    assert announced(network(), network(devices=bridges[:1])) == [("a", "vs1", "10.1.1.1")]
    moved = announced(network(devices=bridges[:1]), network(devices=bridges[1:]))
    assert moved == [("b", "vs1", "10.1.1.1")]  # for switches, which have to know where that MAC address is


def test_what_is_no_ethernet_is_left_out() -> None:
    old = network()
    gre = Tunnel("a", "gre1", "gre", "10.0.0.1", "10.0.0.2", addresses=("10.255.0.1/30",))
    tap = replace(gre, name="tap1", kind="gretap", addresses=("10.255.1.1/30",))
    devices = (Vrf("a", "red", 1001, ("10.9.9.9/32",)), Vlan("b", "lan0.10", "lan0", 10, ("10.10.0.1/24",)))
    new = replace(old, tunnels=(gre, tap), devices=devices)
    assert announced(old, new) == [("a", "tap1", "10.255.1.1"), ("b", "lan0.10", "10.10.0.1")]


def test_bytes_of_an_arp_announcement() -> None:
    """RFC 5227, section 3: a request in which both addresses are the one that is announced."""
    packet = Ether(arp_announcement(MAC, IPv4Address("10.0.0.100")))
    assert (packet.dst, packet.src) == ("ff:ff:ff:ff:ff:ff", "02:00:00:01:02:03")
    asked = packet[ARP]
    assert (asked.op, asked.hwsrc, asked.psrc, asked.pdst) == (1, "02:00:00:01:02:03", "10.0.0.100", "10.0.0.100")
    assert asked.hwdst == "00:00:00:00:00:00"
    assert bytes(asked.payload) == b""


@pytest.mark.parametrize("is_router", [True, False])
def test_bytes_of_a_neighbour_advertisement(is_router: bool) -> None:
    """RFC 4861, section 7.2.6: to all nodes, not solicited, and to take the place of what they know."""
    data = neighbour_advertisement(MAC, IPv6Address("2001:db8::100"), is_router=is_router)
    packet = Ether(data)
    assert (packet.dst, packet.src) == ("33:33:00:00:00:01", "02:00:00:01:02:03")
    assert (packet[IPv6].src, packet[IPv6].dst, packet[IPv6].hlim) == ("2001:db8::100", "ff02::1", 255)
    told = packet[ICMPv6ND_NA]
    assert (told.R, told.S, told.O, told.tgt) == (int(is_router), 0, 1, "2001:db8::100")
    assert packet[ICMPv6NDOptDstLLAddr].lladdr == "02:00:00:01:02:03"
    del told.cksum  # scapy works it out anew
    assert bytes(packet) == data
