"""Netlink requests: exact bytes, and what pyroute2, another implementation of the format, reads in them."""

from __future__ import annotations

import socket
from ipaddress import ip_interface, ip_network
from pathlib import Path
from typing import Any

import pytest
from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg
from pyroute2.netlink.rtnl.tcmsg import tcmsg

from raslab.model.topology import Rule
from raslab.net.netlink import addresses, devices, labels, rtnetlink, rules, traffic_control, wire

GOLDEN = Path(__file__).parent / "golden" / "netlink.txt"

REQUESTS = {
    "veth": rtnetlink.add_veth(101, "a0", 102, "b0", 7, mac="02:00:00:01:00:00", mtu=9000, peer_mtu=9000),
    "bridge": rtnetlink.add_bridge(101, "s1", stp=True),
    "gre": rtnetlink.add_gre(103, "gre1", "gre", "192.0.2.1", "192.0.2.2", ttl=63, mtu=1476),
    "gre with key": rtnetlink.add_gre(103, "gre1", "gre", "192.0.2.1", "192.0.2.2", key=0x12345678),
    "gretap over IPv6": rtnetlink.add_gre(103, "tap1", "gretap", "2001:db8::1", "2001:db8::2", key=0),
    "XFRM interface": rtnetlink.add_xfrm(103, "ipsec1", 0x12345678, mtu=1407),
    "WireGuard interface": rtnetlink.add_wireguard(103, "wg1", mtu=1440),
    "VRF": devices.add_vrf(103, "red", 70_000),
    "VLAN": devices.add_vlan(104, "lan0.10", 103, 10, mac="02:00:00:01:00:01", mtu=1496),
    "delete link": rtnetlink.delete_link(103),
    "alternative name": rtnetlink.add_alternative_name(103, "interface-to-the-provider"),
    "link up": rtnetlink.set_link(103, up=True),
    "link down": rtnetlink.set_link(103, up=False),
    "link port": rtnetlink.set_link(103, master=101),
    "link without master": rtnetlink.set_link(103, master=0),
    "link MTU": rtnetlink.set_link(103, mtu=1400, mac="02:00:00:01:00:01"),
    "IPv4 address": rtnetlink.add_address(103, ip_interface("10.0.0.1/24")),
    "IPv4 address /31": rtnetlink.add_address(103, ip_interface("10.0.0.0/31")),
    "IPv6 address": rtnetlink.add_address(103, ip_interface("2001:db8::1/64")),
    "address gone": rtnetlink.delete_address(103, ip_interface("10.0.0.1/24")),
    "default route": rtnetlink.add_route(ip_network("0.0.0.0/0"), via="10.0.0.254"),
    "IPv6 route": rtnetlink.add_route(ip_network("2001:db8:2::/64"), via="fe80::1", index=103, metric=50),
    "route by interface": rtnetlink.add_route(ip_network("10.3.0.0/16"), index=103),
    "route gone": rtnetlink.delete_route(ip_network("10.3.0.0/16"), via="10.0.0.254"),
    "route of a VRF": rtnetlink.add_route(ip_network("10.3.0.0/16"), via="10.0.0.254", table=70_000),
    "route of a VRF gone": rtnetlink.delete_route(ip_network("10.3.0.0/16"), via="10.0.0.254", table=1001),
    "last resort": rtnetlink.add_unreachable(4, 1001),
    "IPv6 last resort": rtnetlink.add_unreachable(6, 1001),
    "last resort gone": rtnetlink.delete_unreachable(4, 1001),
    "local rule": rules.add_local_rule(4, 32765),
    "IPv6 local rule gone": rules.delete_local_rule(6, 0),
    "route that refuses": rtnetlink.add_route(ip_network("128.0.0.0/1"), metric=9, table=70_000, unreachable=True),
    "route that refuses gone": rtnetlink.delete_route(ip_network("::/0"), metric=9, table=70_000, unreachable=True),
    "rule of a prefix": rules.add_rule(Rule("gw", 4000, 4, 254, "198.51.100.2/32", of_node=True)),
    "IPv6 rule that refuses": rules.add_rule(Rule("gw", 4001, 6, None, "2001:db8::/32", of_node=True)),
    "rule of longer prefixes": rules.add_rule(Rule("gw", 5000, 4, 254, longer_than=0)),
    "IPv6 rule of a table gone": rules.delete_rule(Rule("gw", 5001, 6, 2_000_000_000)),
    "label pushed": rtnetlink.add_route(
        ip_network("10.3.0.0/16"), via="10.0.0.254", encapsulation=labels.push((100, 200))
    ),
    "label swapped": labels.add_path(101, via="10.0.0.254", out_labels=(102,)),
    "label taken away": labels.add_path(1048575, via="2001:db8::1", index=103),
    "label forgotten": labels.delete_path(101),
    "rule of a mark": rules.add_mark_rule(4, 7, 70_000),
    "IPv6 rule of a mark gone": rules.delete_mark_rule(6, 7, 101),
    "neighbour": rtnetlink.add_neighbour(103, "10.0.0.2", "02:00:00:02:00:00"),
    "IPv6 neighbour": rtnetlink.add_neighbour(103, "2001:db8::2", "02:00:00:02:00:00"),
    "netem": traffic_control.set_netem(
        103, limit_packets=2917, rate_bits_per_s=10**9, delay_ns=10**7, jitter_ns=10**6, loss_percent=50.0
    ),
    "netem at 100 Gbit/s": traffic_control.set_netem(103, limit_packets=1000, rate_bits_per_s=10**11),
    "no netem": traffic_control.delete_root_qdisc(103),
}


def rendered() -> str:
    """All requests in hexadecimal, 16 bytes to a line."""
    return "".join(
        f"# {name}\n" + "".join(f"{data[i : i + 16].hex(' ', 4)}\n" for i in range(0, len(data), 16))
        for name, data in REQUESTS.items()
    )


def decoded(kind: Any, name: str) -> Any:
    """A request as pyroute2 reads it."""
    message = kind(REQUESTS[name])
    message.decode()
    return message


def test_bytes_are_as_agreed() -> None:
    assert rendered() == GOLDEN.read_text()


@pytest.mark.parametrize("name", REQUESTS)
def test_header_says_the_length_and_everything_is_aligned(name: str) -> None:
    data = REQUESTS[name]
    (message,) = wire.messages(data)
    assert len(data) == 16 + len(message.payload)
    assert len(data) % 4 == 0
    assert message.flags & wire.REQUEST


@pytest.mark.parametrize(("name", "address"), [("neighbour", "10.0.0.2"), ("IPv6 neighbour", "2001:db8::2")])
def test_neighbour(name: str, address: str) -> None:
    message = decoded(ndmsg, name)
    assert (message["ifindex"], message["state"]) == (103, 0x80)
    assert (message.get_attr("NDA_DST"), message.get_attr("NDA_LLADDR")) == (address, "02:00:00:02:00:00")


def test_veth_names_both_ends() -> None:
    message = decoded(ifinfmsg, "veth")
    assert (message["index"], message.get_attr("IFLA_IFNAME")) == (101, "a0")
    assert (message.get_attr("IFLA_ADDRESS"), message.get_attr("IFLA_MTU")) == ("02:00:00:01:00:00", 9000)
    peer = message.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA", "VETH_INFO_PEER")
    assert (peer["index"], peer.get_attr("IFLA_IFNAME"), peer.get_attr("IFLA_NET_NS_FD")) == (102, "b0", 7)
    assert peer.get_attr("IFLA_ADDRESS") is None


@pytest.mark.parametrize(
    ("name", "kind", "key", "ttl"),
    [("gre", "gre", None, 63), ("gre with key", "gre", 0x12345678, 64), ("gretap over IPv6", "ip6gretap", 0, 64)],
)
def test_tunnel(name: str, kind: str, key: int | None, ttl: int) -> None:
    message = decoded(ifinfmsg, name)
    assert message.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") == kind
    data = message.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA")
    over_ipv6 = kind.startswith("ip6")
    prefix = "IFLA_IP6GRE" if over_ipv6 else "IFLA_GRE"
    assert data.get_attr(f"{prefix}_TTL") == ttl
    # pyroute2 reads the IPv6 tunnel's flags in host byte order, which they are not in.
    flags = socket.htons(rtnetlink.GRE_KEY) if over_ipv6 else rtnetlink.GRE_KEY
    for direction in "IO":
        assert data.get_attr(f"{prefix}_{direction}KEY") == key
        assert data.get_attr(f"{prefix}_{direction}FLAGS") == (None if key is None else flags)
    ends = [data.get_attr(f"{prefix}_LOCAL"), data.get_attr(f"{prefix}_REMOTE")]
    assert ends == (["2001:db8::1", "2001:db8::2"] if over_ipv6 else ["192.0.2.1", "192.0.2.2"])


def test_xfrm_interface() -> None:
    message = decoded(ifinfmsg, "XFRM interface")
    assert (message.get_attr("IFLA_IFNAME"), message.get_attr("IFLA_MTU")) == ("ipsec1", 1407)
    assert message.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") == "xfrm"
    # pyroute2 has no name for the data of this kind.
    (raw,) = wire.messages(REQUESTS["XFRM interface"])
    info = wire.attributes(wire.attributes(raw.payload[16:])[rtnetlink.IFLA_LINKINFO])[rtnetlink.IFLA_INFO_DATA]
    assert wire.attributes(info) == {rtnetlink.IFLA_XFRM_IF_ID: bytes.fromhex("78563412")}


def test_wireguard_interface() -> None:
    message = decoded(ifinfmsg, "WireGuard interface")
    assert (message.get_attr("IFLA_IFNAME"), message.get_attr("IFLA_MTU")) == ("wg1", 1440)
    assert message.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") == "wireguard"


def test_addresses() -> None:
    four, lone, six = (decoded(ifaddrmsg, f"IPv{name}") for name in ("4 address", "4 address /31", "6 address"))
    assert (four["index"], four["prefixlen"], four["family"]) == (103, 24, socket.AF_INET)
    assert (four.get_attr("IFA_LOCAL"), four.get_attr("IFA_BROADCAST")) == ("10.0.0.1", "10.0.0.255")
    assert lone.get_attr("IFA_BROADCAST") is None
    assert (six.get_attr("IFA_ADDRESS"), six["flags"] & rtnetlink.IFA_F_NODAD) == ("2001:db8::1", 2)
    assert four["flags"] == 0


def test_routes() -> None:
    default, six, device = (decoded(rtmsg, name) for name in ("default route", "IPv6 route", "route by interface"))
    assert (default["dst_len"], default.get_attr("RTA_DST"), default.get_attr("RTA_GATEWAY")) == (0, None, "10.0.0.254")
    assert (six["dst_len"], six.get_attr("RTA_DST"), six.get_attr("RTA_GATEWAY")) == (64, "2001:db8:2::", "fe80::1")
    assert (six.get_attr("RTA_OIF"), six.get_attr("RTA_PRIORITY")) == (103, 50)
    assert (device["scope"], default["scope"]) == (rtnetlink.RT_SCOPE_LINK, rtnetlink.RT_SCOPE_UNIVERSE)


def test_vrf_and_vlan() -> None:
    vrf, vlan = decoded(ifinfmsg, "VRF"), decoded(ifinfmsg, "VLAN")
    assert vrf.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") == "vrf"
    assert vrf.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA", "IFLA_VRF_TABLE") == 70_000
    assert vlan.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") == "vlan"
    assert vlan.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA", "IFLA_VLAN_ID") == 10
    assert (vlan.get_attr("IFLA_LINK"), vlan.get_attr("IFLA_MTU")) == (103, 1496)
    assert decoded(ifinfmsg, "link without master").get_attr("IFLA_MASTER") == 0


def test_tables_of_routes() -> None:
    here, gone, main = (decoded(rtmsg, name) for name in ("route of a VRF", "route of a VRF gone", "default route"))
    assert [one["table"] for one in (here, gone, main)] == [0, 0, rtnetlink.RT_TABLE_MAIN]
    assert [one.get_attr("RTA_TABLE") for one in (here, gone, main)] == [70_000, 1001, None]
    for name, family in (("last resort", socket.AF_INET), ("IPv6 last resort", socket.AF_INET6)):
        last = decoded(rtmsg, name)
        assert (last["family"], last["type"], last["dst_len"]) == (family, rtnetlink.RTN_UNREACHABLE, 0)
        assert (last.get_attr("RTA_TABLE"), last.get_attr("RTA_PRIORITY")) == (1001, 4278198272)


def test_labels() -> None:
    pushed, swapped, popped = (decoded(rtmsg, f"label {word}") for word in ("pushed", "swapped", "taken away"))
    stack = pushed.get_attr("RTA_ENCAP").get_attr("MPLS_IPTUNNEL_DST")
    assert [(one["label"], one["bos"]) for one in stack] == [(100, 0), (200, 1)]
    assert [(one["family"], one["dst_len"]) for one in (swapped, popped)] == [(labels.AF_MPLS, 20)] * 2
    assert [one.get_attr("RTA_DST")[0]["label"] for one in (swapped, popped)] == [101, 1048575]
    assert [(one["label"], one["bos"]) for one in swapped.get_attr("RTA_NEWDST")] == [(102, 1)]
    assert popped.get_attr("RTA_NEWDST") is None
    assert [one.get_attr("RTA_VIA")["addr"] for one in (swapped, popped)] == ["10.0.0.254", "2001:db8::1"]
    assert popped.get_attr("RTA_OIF") == 103


def test_rules() -> None:
    add, gone = decoded(fibmsg, "local rule"), decoded(fibmsg, "IPv6 local rule gone")
    assert [one["family"] for one in (add, gone)] == [socket.AF_INET, socket.AF_INET6]
    assert [(one["action"], one["table"], one.get_attr("FRA_TABLE")) for one in (add, gone)] == [(1, 255, 255)] * 2
    assert [one.get_attr("FRA_PRIORITY") for one in (add, gone)] == [32765, 0]
    marks = [decoded(fibmsg, name) for name in ("rule of a mark", "IPv6 rule of a mark gone")]
    assert [(one["table"], one.get_attr("FRA_TABLE")) for one in marks] == [(0, 70_000), (101, 101)]
    assert [one.get_attr("FRA_FWMARK") for one in marks] == [7, 7]


def wide_netem_attributes(name: str) -> dict[str, int]:
    """The 64-bit attributes of netem, which pyroute2 does not know."""
    (message,) = wire.messages(REQUESTS[name])
    options = wire.attributes(message.payload[20:])[traffic_control.TCA_OPTIONS]  # after struct tcmsg
    found = wire.attributes(options[24:])  # after struct tc_netem_qopt
    names = ("RATE64", "LATENCY64", "JITTER64")
    kinds = {word: getattr(traffic_control, f"TCA_NETEM_{word}") for word in names}
    return {word: int.from_bytes(found[kind], "little") for word, kind in kinds.items() if kind in found}


def test_netem() -> None:
    message = decoded(tcmsg, "netem")
    assert (message["index"], message["parent"], message.get_attr("TCA_KIND")) == (103, 0xFFFFFFFF, "netem")
    options = message.get_attr("TCA_OPTIONS")
    assert (options["limit"], options["loss"]) == (2917, 2**31)
    assert options.get_attr("TCA_NETEM_RATE")["rate"] == 125_000_000
    fast = decoded(tcmsg, "netem at 100 Gbit/s").get_attr("TCA_OPTIONS")
    assert fast.get_attr("TCA_NETEM_RATE")["rate"] == 0xFFFFFFFF
    wide = {name: wide_netem_attributes(name) for name in ("netem", "netem at 100 Gbit/s")}
    assert wide["netem"] == {"LATENCY64": 10**7, "JITTER64": 10**6}
    assert wide["netem at 100 Gbit/s"] == {"LATENCY64": 0, "JITTER64": 0, "RATE64": 12_500_000_000}


def test_several_messages_in_one_read() -> None:
    found = list(wire.messages(REQUESTS["link up"] + REQUESTS["veth"]))
    assert [message.type for message in found] == [rtnetlink.RTM_NEWLINK] * 2
    assert list(wire.messages(b"\0" * 16)) == []  # a length below the header's must not loop


def test_stamp_sets_sequence_and_flags_only() -> None:
    stamped = wire.stamp(REQUESTS["veth"], 77, wire.ACK)
    (before,), (after,) = wire.messages(REQUESTS["veth"]), wire.messages(stamped)
    assert (after.sequence, after.flags, after.payload) == (77, before.flags | wire.ACK, before.payload)


def test_attributes_round_trip() -> None:
    data = wire.text(3, "abc") + wire.u32(4, 9000) + wire.nested(5, wire.u8(1, 255))
    found = wire.attributes(data)
    assert found[3] == b"abc\0"
    assert int.from_bytes(found[4], "little") == 9000
    assert wire.attributes(found[5]) == {1: b"\xff"}
    assert wire.attributes(b"\1\0\1\0") == {}  # shorter than an attribute's header


def answer(family: int, length: int, scope: int, flags: int, *attributes: tuple[str, str]) -> wire.Message:
    """An address as the kernel tells of it, made by pyroute2."""
    message = ifaddrmsg()
    message["family"], message["prefixlen"], message["scope"], message["index"] = family, length, scope, 103
    message["attrs"] = [*attributes, ("IFA_FLAGS", flags)]
    message.encode()
    (found,) = wire.messages(bytes(message.data))
    return found


@pytest.mark.parametrize(
    ("told", "address", "is_link_local", "is_usable"),
    [
        (answer(2, 24, 0, 0x80, ("IFA_ADDRESS", "10.0.0.1"), ("IFA_LOCAL", "10.0.0.1")), "10.0.0.1/24", False, True),
        (answer(2, 32, 0, 0x80, ("IFA_ADDRESS", "10.0.0.9"), ("IFA_LOCAL", "10.0.0.1")), "10.0.0.1/32", False, True),
        (answer(2, 8, 254, 0x80, ("IFA_ADDRESS", "127.0.0.1"), ("IFA_LOCAL", "127.0.0.1")), "127.0.0.1/8", True, True),
        (answer(10, 64, 0, 0x82, ("IFA_ADDRESS", "2001:db8::1")), "2001:db8::1/64", False, True),
        (answer(10, 64, 0, 0x40, ("IFA_ADDRESS", "2001:db8::1")), "2001:db8::1/64", False, False),
        (answer(10, 64, 0, 0x88, ("IFA_ADDRESS", "2001:db8::1")), "2001:db8::1/64", False, False),
        (answer(10, 64, 253, 0x80, ("IFA_ADDRESS", "fe80::1")), "fe80::1/64", True, True),
    ],
    ids=["IPv4", "peer", "loopback", "IPv6", "tentative", "duplicate", "link-local"],
)
def test_an_address_that_the_kernel_tells_of(
    told: wire.Message, address: str, is_link_local: bool, is_usable: bool
) -> None:
    found = addresses.interface_address(told)
    assert (found.index, found.address) == (103, address)
    assert (found.is_link_local, found.is_usable) == (is_link_local, is_usable)
    (again,) = wire.messages(found.announcement)
    assert (again.type, again.flags, again.payload) == (20, 0x501, told.payload)  # RTM_NEWADDR; create or replace


def test_rules_of_prefixes() -> None:
    way, none = decoded(fibmsg, "rule of a prefix"), decoded(fibmsg, "IPv6 rule that refuses")
    assert [(one["dst_len"], one.get_attr("FRA_DST"), one.get_attr("FRA_IIFNAME")) for one in (way, none)] == [
        (32, "198.51.100.2", "lo"),
        (32, "2001:db8::", "lo"),
    ]
    assert [(one["action"], one["table"]) for one in (way, none)] == [(1, 254), (7, 0)]
    longer, table = decoded(fibmsg, "rule of longer prefixes"), decoded(fibmsg, "IPv6 rule of a table gone")
    assert (longer.get_attr("FRA_SUPPRESS_PREFIXLEN"), longer.get_attr("FRA_DST")) == (0, None)
    assert (table.get_attr("FRA_TABLE"), table.get_attr("FRA_SUPPRESS_PREFIXLEN")) == (2_000_000_000, None)
