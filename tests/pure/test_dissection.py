"""Rows of captured packets: never wrong, whatever the bytes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from scapy.all import fragment, fragment6
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6EchoRequest,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.layers.ipsec import AH
from scapy.layers.l2 import ARP, GRE, Dot1Q, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet as Scapy
from scapy.packet import Raw

from raslab.measure.capture_files import Packet
from raslab.measure.dissection import COLUMNS, headers_of, rows
from raslab.measure.headers import dissect
from raslab.notebook import header_boxes

MAC = {"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02"}
E4, E6 = Ether(**MAC) / IP(src="192.0.2.1", dst="192.0.2.2"), Ether(**MAC) / IPv6(src="2001:db8::1", dst="2001:db8::2")
INNER = IP(src="10.1.0.1", dst="10.2.0.1")
SYN = TCP(sport=40000, dport=5201, flags="S")


def row(packet: Scapy | bytes, link: int = 1) -> dict[str, Any]:
    """What a packet's row says, without what is empty."""
    return {name: value for name, value in headers_of(dissect(bytes(packet), link)).items() if value not in ("", None)}


FROM4, FROM6 = ({"source": one[1].src, "destination": one[1].dst} for one in (E4, E6))
TO_SERVER = {"source_port": 40000, "destination_port": 5201, "tcp_flags": "S"}
INSIDE = {"inner_source": "10.1.0.1", "inner_destination": "10.2.0.1", "inner_protocol": "tcp"}
ARP_INSIDE = {"inner_source": "10.9.0.1", "inner_destination": "10.9.0.2", "inner_protocol": "arp"}
WHO_HAS = Ether(**MAC) / ARP(psrc="10.9.0.1", pdst="10.9.0.2")


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (E4 / SYN, FROM4 | {"protocol": "tcp"} | TO_SERVER),
        (E6 / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / SYN, FROM6 | {"protocol": "tcp"} | TO_SERVER),
        (E6 / IPv6ExtHdrRouting(addresses=["::9"]) / SYN, FROM6 | {"protocol": "tcp"} | TO_SERVER),
        (E6 / IPv6ExtHdrFragment(m=1) / SYN, FROM6 | {"protocol": "tcp", "fragment_offset": 0} | TO_SERVER),
        (E6 / IPv6ExtHdrFragment() / SYN, FROM6 | {"protocol": "tcp"} | TO_SERVER),
        (
            E6 / IPv6ExtHdrFragment(offset=181, nh=58) / Raw(b"\x80" * 9),
            FROM6 | {"protocol": "icmpv6", "fragment_offset": 1448},
        ),
        (
            E6 / IPv6ExtHdrFragment(offset=1, nh=60) / Raw(b"\x3a" * 9),
            FROM6 | {"protocol": "ipv6-opts", "fragment_offset": 8},
        ),
        (E4 / AH(nh=6, payloadlen=4, spi=1, seq=1, icv=b"x" * 12) / SYN, FROM4 | {"protocol": "ah"} | TO_SERVER),
        (E4 / INNER / SYN, FROM4 | {"protocol": "ipv4", "tunnel": "ip"} | INSIDE | TO_SERVER),
        (
            E4 / GRE(proto=0x6558, key_present=1, key=1280256) / WHO_HAS,
            FROM4 | {"protocol": "gre", "tunnel": "gre", "gre_protocol": "ethernet", "gre_key": 1280256} | ARP_INSIDE,
        ),
        (
            E4 / UDP(sport=49000, dport=4789) / VXLAN(vni=5001) / WHO_HAS,
            FROM4 | {"protocol": "udp", "tunnel": "vxlan", "network_identifier": 5001} | ARP_INSIDE,
        ),
        (
            E4 / GRE(routing_present=1, proto=0x800) / Raw(bytes.fromhex("0800 0004 0a000001 0000 0000")) / INNER / SYN,
            FROM4 | {"protocol": "gre", "tunnel": "gre", "gre_protocol": "ipv4"} | INSIDE | TO_SERVER,
        ),
        (
            E4 / GRE() / INNER / UDP(sport=49000, dport=4789) / VXLAN(vni=7) / WHO_HAS,
            FROM4 | {"protocol": "gre", "tunnel": "gre", "gre_protocol": "ipv4", "network_identifier": 7} | ARP_INSIDE,
        ),
        (
            E4 / UDP(sport=9, dport=4789) / Raw(b"no vxlan"),
            FROM4 | {"protocol": "udp", "source_port": 9, "destination_port": 4789},
        ),
        (E4 / ICMP(type=3, code=3) / INNER / SYN, FROM4 | {"protocol": "icmp", "icmp": "port unreachable"}),
        (
            Ether(**MAC) / Dot1Q(vlan=5) / Dot1Q(vlan=6) / INNER / SYN,
            {"source": "10.1.0.1", "destination": "10.2.0.1", "protocol": "tcp"} | TO_SERVER,
        ),
        (
            Ether(**MAC) / ARP(psrc="10.0.0.1", pdst="10.0.0.2"),
            {"source": "10.0.0.1", "destination": "10.0.0.2", "protocol": "arp"},
        ),
        (Ether(type=0x88CC) / Raw(b"\x02"), {"protocol": "lldp"}),
        (Ether(type=0x4242) / Raw(b"\x02"), {"protocol": "0x4242"}),
    ],
)
def test_rows(packet: Scapy, expected: dict[str, Any]) -> None:
    assert row(packet) == expected


def padded(packet: Scapy) -> bytes:
    """As a network card fills a short frame up."""
    return bytes(packet).ljust(60, b"\x08")


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (padded(E4.copy() / Raw(b"")), FROM4 | {"protocol": "hopopt"}),
        (padded(Ether(**MAC) / IP(src="192.0.2.1", dst="192.0.2.2", proto=1)), FROM4 | {"protocol": "icmp"}),
        (padded(Ether(**MAC) / IP(src="192.0.2.1", dst="192.0.2.2", proto=6)), FROM4 | {"protocol": "tcp"}),
        (padded(Ether(**MAC) / IPv6(src="2001:db8::1", dst="2001:db8::2", nh=17)), FROM6 | {"protocol": "udp"}),
        (bytes(Ether(**MAC) / IP(version=6, src="192.0.2.1") / SYN), {"protocol": "ipv4"}),
        (bytes(Ether(**MAC) / IP(ihl=3, src="192.0.2.1") / SYN), {"protocol": "ipv4"}),
        (bytes(Ether(**MAC) / IPv6(version=4) / SYN), {"protocol": "ipv6"}),
        (bytes(Ether(**MAC, type=0x806)) + bytes.fromhex("0001 0800 0810 0001") + bytes(48), {"protocol": "arp"}),
        (bytes(Ether(**MAC, type=0x806)) + bytes.fromhex("0001 0800 0604"), {"protocol": "arp"}),
        (bytes(E4 / SYN)[:38], FROM4 | {"protocol": "tcp", "source_port": 40000, "destination_port": 5201}),
        (bytes(E4 / SYN)[:33], {"protocol": "ipv4"}),
        (b"", {"protocol": "ethernet"}),
    ],
)
def test_odd_packets_say_what_is_there_and_no_more(packet: bytes, expected: dict[str, Any]) -> None:
    assert row(packet) == expected


def test_fragments_of_a_large_message_are_one_message_each_way() -> None:
    for pieces in (
        fragment(E4 / ICMP() / Raw(b"x" * 3000), 1480),
        fragment6(E6 / IPv6ExtHdrFragment() / ICMPv6EchoRequest(data=b"\x81" * 3000), 1500),
    ):
        found = [row(one) for one in pieces]
        assert [one.get("icmp") for one in found] == ["echo request", None, None]
        assert [one["fragment_offset"] for one in found] == sorted({one["fragment_offset"] for one in found})


def test_other_links() -> None:
    packet, expected = (
        bytes(INNER / SYN),
        {"source": "10.1.0.1", "destination": "10.2.0.1", "protocol": "tcp"} | TO_SERVER,
    )
    cooked = bytes.fromhex("0000 0001 0006 000000000000 0000 0800")
    for link, before in (
        (101, b""),
        (228, b""),
        (113, cooked),
        (276, bytes.fromhex("0800 0000 00000003 0001 00 06 0000000000000000")),
        (0, b"\x02\0\0\0"),
        (0, b"\0\0\0\x02"),
        (108, b"\0\0\0\x02"),
        (9, b"\xff\x03\x00\x21"),
    ):
        assert row(before + packet, link) == expected
    assert row(packet, 105) == {"protocol": "link type 105"}
    assert rows([Packet(5, cooked + packet, 56, 113)])[0]["length_bytes"] == 40


HEADERS = (
    E4 / GRE(key_present=1, key=1) / Ether(**MAC) / INNER / SYN,
    E6 / IPv6ExtHdrHopByHop() / IPv6ExtHdrFragment(m=1) / UDP(dport=4789) / VXLAN() / WHO_HAS,
    Ether(**MAC) / ARP(),
    E4 / ICMP(),
)


@given(
    some.one_of(some.just(b""), *(some.just(bytes(one)) for one in HEADERS)),
    some.lists(some.tuples(some.integers(0, 120), some.binary(max_size=4)), max_size=4),
    some.binary(max_size=120),
    some.sampled_from([0, 1, 9, 101, 105, 108, 113, 228, 229, 276]),
)
def test_no_bytes_raise_and_each_is_in_its_place(
    begin: bytes, changes: list[tuple[int, bytes]], end: bytes, link: int
) -> None:
    data = begin + end
    for place, change in changes:
        data = data[:place] + change + data[place + len(change) :]
    (found,) = rows([Packet(0, data, len(data), link)])
    assert found.keys() <= set(COLUMNS)
    dissected = dissect(data)
    fields = [field.data for header in dissected.headers for field in header.fields]
    assert b"".join(fields) + dissected.payload + dissected.padding == data
    assert header_boxes.to_html(dissected, "Packet 0")


@pytest.mark.parametrize("packet", HEADERS)
def test_a_shorter_packet_tells_less_and_nothing_else(packet: Scapy) -> None:
    whole = bytes(packet)
    told = row(whole)
    unsaid = {"protocol", "inner_protocol", "tcp_flags"}
    unsaid |= {"source_port", "destination_port"} if told.get("tunnel") == "vxlan" else set()  # those of UDP
    for length in range(len(whole)):
        for name, value in row(whole[:length]).items():
            if name not in unsaid:
                assert told.get(name) == value, (length, name)
