"""Packets' bytes as headers, against scapy as the other reader of the same RFCs."""

from __future__ import annotations

import pytest
from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6PacketTooBig, IPv6
from scapy.layers.ipsec import ESP
from scapy.layers.isakmp import ISAKMP
from scapy.layers.l2 import ARP, GRE, Dot1Q, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from raslab.measure.header_fields import Dissection
from raslab.measure.headers import LINK_COOKED, LINK_RAW, dissect
from raslab.notebook import header_boxes

MAC = {"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02"}
OUTER = Ether(**MAC) / IP(src="192.0.2.1", dst="192.0.2.2", flags="DF", id=7)
INNER = IP(src="10.1.0.1", dst="10.2.0.1")
ECHO6 = IPv6(src="::1", dst="::2") / ICMPv6EchoRequest()
SYN = TCP(sport=40000, dport=5201, flags="S", options=[("MSS", 1432), ("SAckOK", b""), ("Timestamp", (1, 0))])
OUTSIDE = "Outer Ethernet 14 | Outer IPv4 20 | "


def read(dissection: Dissection, header: str, field: str) -> str:
    """The meaning of a field."""
    found = next(one for one in dissection.headers if one.title == header)
    return next(one.meaning for one in found.fields if one.name == field)


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (OUTER / GRE(key_present=1, key=1001) / INNER / SYN, OUTSIDE + "GRE 8 | Inner IPv4 20 | TCP 36 | payload 0"),
        (OUTER / GRE() / INNER / UDP() / Raw(b"abc"), OUTSIDE + "GRE 4 | Inner IPv4 20 | UDP 8 | payload 3"),
        (
            OUTER / GRE(key_present=1, key=5, seqnum_present=1, chksum_present=1) / INNER / ICMP(),
            OUTSIDE + "GRE 16 | Inner IPv4 20 | ICMP 8 | payload 0",
        ),
        (
            OUTER / GRE(proto=0x6558, key_present=1, key=5) / Ether(**MAC) / ECHO6,
            OUTSIDE + "GRE 8 | Inner Ethernet 14 | Inner IPv6 40 | ICMPv6 8 | payload 0",
        ),
        (
            Ether(**MAC) / MPLS(label=16, s=0) / MPLS(label=101, s=1) / INNER / SYN,
            "Ethernet 14 | MPLS 4 | MPLS 4 | IPv4 20 | TCP 36 | payload 0",
        ),
        (
            Ether(**MAC) / Dot1Q(vlan=10) / MPLS(label=101, s=1) / IPv6() / ICMPv6EchoRequest(),
            "Ethernet 14 | VLAN 4 | MPLS 4 | IPv6 40 | ICMPv6 8 | payload 0",
        ),
        (Ether(**MAC) / MPLS(label=101, s=1) / Raw(b"\0" * 8), "Ethernet 14 | MPLS 4 | payload 8"),
        (Ether(**MAC) / ARP(), "Ethernet 14 | ARP 28 | payload 0"),
        (OUTER / UDP() / Raw(b"x" * 20), "Ethernet 14 | IPv4 20 | UDP 8 | payload 20"),
        (OUTER / UDP() / ISAKMP() / Raw(b"x" * 9), "Ethernet 14 | IPv4 20 | UDP 8 | IKE 28 | payload 9"),
        (
            OUTER / UDP() / VXLAN(flags=8, vni=5001) / Ether(**MAC) / ECHO6,
            OUTSIDE + "UDP 8 | VXLAN 8 | Inner Ethernet 14 | Inner IPv6 40 | ICMPv6 8 | payload 0",
        ),
        (OUTER / ESP(spi=5, seq=1, data=b"x" * 30), "Ethernet 14 | IPv4 20 | ESP 8 | payload 30"),
    ],
)
def test_headers_and_sizes(packet: Ether, expected: str) -> None:
    found = dissect(bytes(packet))
    assert str(found) == expected
    assert all(header.title in header_boxes.to_html(found, "Packet 0") for header in found.headers)


def test_virtual_subnets_are_told() -> None:
    inside = Ether(**MAC) / INNER / ICMP()
    nvgre = dissect(bytes(OUTER / GRE(proto=0x6558, key_present=1, key=1280257) / inside))
    vxlan = dissect(bytes(OUTER / UDP() / VXLAN(flags=8, vni=5001) / inside))
    assert read(nvgre, "GRE", "key") == "1280257: VSID 5001, FlowID 1"
    assert read(vxlan, "VXLAN", "network identifier") == "5001"
    assert read(vxlan, "VXLAN", "flags") == "identifier"
    plain = dissect(bytes(OUTER / GRE(key_present=1, key=1280257) / INNER / ICMP()))
    assert read(plain, "GRE", "key") == "1280257"


def test_every_byte_is_in_one_field_or_the_payload() -> None:
    data = bytes(OUTER / GRE(key_present=1, key=1001) / INNER / SYN / Raw(b"payload"))
    found = dissect(data)
    fields = [field for header in found.headers for field in header.fields]
    assert b"".join(field.data for field in fields) + found.payload == data
    assert [field.offset for field in fields] == sorted({field.offset for field in fields})
    assert all(data[field.offset : field.offset + len(field.data)] == field.data for field in fields)


def test_ike_tells_who_asks_for_what_and_hides_what_is_chosen_anew() -> None:
    first = ISAKMP(init_cookie=b"12345678", exch_type=34, flags=8, version=0x20)
    answer = ISAKMP(init_cookie=b"12345678", resp_cookie=b"abcdefgh", exch_type=35, flags=0x20, version=0x20)
    asked, told = (dissect(bytes(OUTER / UDP(sport=500, dport=500) / one)) for one in (first, answer))
    assert read(asked, "IKE", "exchange") == "IKE_SA_INIT"
    assert read(asked, "IKE", "flags") == "request from the initiator"
    assert read(asked, "IKE", "responder's SPI") == "none yet"
    assert read(told, "IKE", "exchange") == "IKE_AUTH"
    assert read(told, "IKE", "flags") == "response from the responder"
    shown = header_boxes.to_html(told, "answer")
    assert b"abcdefgh".hex(" ") not in shown
    assert b"abcdefgh".hex(" ") in header_boxes.to_html(told, "answer", every_byte=True)


def test_meanings() -> None:
    found = dissect(bytes(OUTER / GRE(key_present=1, key=1001) / INNER / SYN))
    assert read(found, "GRE", "flags, version") == "key, version 0"
    assert read(found, "GRE", "key") == "1001"
    assert read(found, "Outer IPv4", "flags, offset") == "DF, 0"
    assert read(found, "Outer IPv4", "protocol") == "47, GRE"
    assert read(found, "Inner IPv4", "source") == "10.1.0.1"
    assert read(found, "TCP", "flags") == "SYN"
    assert read(found, "TCP", "options") == "MSS 1432, SACK permitted, timestamps"


def test_labels_and_tags() -> None:
    found = dissect(bytes(Ether(**MAC) / Dot1Q(vlan=20, prio=5) / MPLS(label=101, cos=1, s=1, ttl=63) / INNER / SYN))
    assert read(found, "VLAN", "priority, VLAN id") == "5, 20"
    assert read(found, "MPLS", "label, class, bottom") == "101, 1, 1"
    assert read(found, "MPLS", "TTL") == "63"


def test_what_differs_from_run_to_run_is_shown_as_such() -> None:
    def boxes(number: int, **options: bool) -> str:
        echo = OUTER / GRE(key_present=1, key=1001) / INNER / ICMP(id=number) / Raw(bytes([number]) * 8)
        echo[IP].id = number
        return header_boxes.to_html(dissect(bytes(echo)), "Packet 0", **options)

    assert boxes(1) == boxes(2)
    assert "xx xx" in boxes(1)
    assert boxes(1, every_byte=True) != boxes(2, every_byte=True)
    assert "xx xx" not in boxes(1, every_byte=True)
    syn_ack = dissect(bytes(Ether(**MAC) / IP() / TCP(sport=5201, dport=40000))).headers[-1].fields
    assert [field.steady_data for field in syn_ack[:2]] == ["14 51", "xx xx"]
    flows = [bytes(Ether(**MAC) / IPv6(src="::1", dst="::2", fl=flow, tc=1)) for flow in (1, 2)]
    assert {dissect(flow).headers[1].fields[0].steady_data for flow in flows} == {"60 1x xx xx"}
    assert {dissect(flow).headers[1].fields[0].steady_meaning for flow in flows} == {"6, 1"}


@pytest.mark.parametrize(
    ("message", "layers", "fields"),
    [
        ("01000000 aabbccdd" + 140 * "00", "WireGuard 8 | payload 140", {"type": "handshake initiation"}),
        ("02000000 aabbccdd 11223344" + 80 * "00", "WireGuard 12 | payload 80", {"type": "handshake response"}),
        (
            "04000000 11223344 0102000000000000" + 32 * "00",
            "WireGuard 16 | payload 32",
            {"type": "data", "counter": "513", "receiver's index": "0x11223344"},
        ),
    ],
)
def test_wireguard(message: str, layers: str, fields: dict[str, str]) -> None:
    found = dissect(bytes(OUTER / UDP(sport=51820, dport=51820) / Raw(bytes.fromhex(message))))
    assert str(found) == f"Ethernet 14 | IPv4 20 | UDP 8 | {layers}"
    assert {name: read(found, "WireGuard", name) for name in fields} == fields
    assert read(found, "UDP", "source port") == "51820"


def test_what_an_icmp_error_says_of_the_mtu() -> None:
    four = dissect(bytes(Ether(**MAC) / IP() / ICMP(type=3, code=4, nexthopmtu=1472) / INNER))
    assert read(four, "ICMP", "code") == "4, fragmentation needed"
    assert read(four, "ICMP", "next-hop MTU") == "1472"
    six = dissect(bytes(Ether(**MAC) / IPv6(src="::1", dst="::2") / ICMPv6PacketTooBig(mtu=1472) / ECHO6))
    assert read(six, "ICMPv6", "MTU") == "1472"
    port = dissect(bytes(Ether(**MAC) / IP() / ICMP(type=3, code=3) / INNER))
    assert read(port, "ICMP", "code") == "3, port"
    assert read(port, "ICMP", "rest of header") == "0x0000"


def test_another_key_reads_as_another_key() -> None:
    assert read(dissect(bytes(OUTER / GRE(key_present=1, key=2**32 - 1) / INNER)), "GRE", "key") == "4294967295"


def test_a_later_fragment_has_no_header_of_what_it_carries() -> None:
    later = bytes(Ether(**MAC) / IP(src="192.0.2.1", dst="192.0.2.2", frag=185, proto=47) / Raw(b"\x20\0\x08\0" * 4))
    assert str(dissect(later)) == "Ethernet 14 | IPv4 20 | payload 16"


@pytest.mark.parametrize("kept", range(1, 60, 7))
def test_a_packet_cut_short_ends_in_payload(kept: int) -> None:
    whole = bytes(OUTER / GRE(key_present=1, key=1001) / INNER / SYN)
    found = dissect(whole[:kept])
    assert sum(header.length for header in found.headers) + len(found.payload) == kept


def test_captures_of_tunnels_have_no_ethernet() -> None:
    packet = bytes(INNER / ICMP())
    cooked = bytes.fromhex("0000 030a 0004 0000000000000000 0800") + packet
    assert str(dissect(cooked, LINK_COOKED)) == str(dissect(packet, LINK_RAW)) == "IPv4 20 | ICMP 8 | payload 0"


def test_boxes_nest_in_order_and_show_bytes() -> None:
    html = header_boxes.to_html(dissect(bytes(OUTER / GRE(key_present=1, key=1001) / INNER / Raw(b"<&>"))), "Packet 0")
    titles = ["Outer Ethernet", "Outer IPv4", "GRE", "Inner IPv4", "Payload"]
    assert [html.index(f"<b>{title}</b>") for title in titles] == sorted(html.index(f"<b>{t}</b>") for t in titles)
    assert "00 00 03 e9" in html
    assert html.count("<div") == html.count("</div>")
