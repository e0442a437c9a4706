"""Packets of the isolation check, byte by byte against scapy's."""

from __future__ import annotations

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, ICMPv6ND_NS, IPv6
from scapy.layers.l2 import ARP, GRE, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

from raslab.measure.isolation.wire import SOURCE_PORT, Datagram, Question, Tunnelled

TOKEN = b"raslRUN1\0\0\0\7"
FOUR = ("10.0.1.1", "10.0.4.1")
SIX = ("fd00::1", "fd00:4::1")
MAC = bytes.fromhex("020000010000")


def with_checksums(packet: Packet) -> Packet:
    """The same packet with scapy's own checksums and lengths."""
    again = packet.copy()
    layer = again
    while layer:
        for name in ("chksum", "cksum", "len", "plen"):
            if name in layer.fields:
                delattr(layer, name)
        layer = layer.payload
    return type(packet)(bytes(again))


@pytest.mark.parametrize("addresses", [FOUR, SIX])
@pytest.mark.parametrize("protocol", ["icmp", "tcp", "udp"])
def test_datagrams_are_what_scapy_would_make(protocol: str, addresses: tuple[str, str]) -> None:
    data = Datagram(protocol, *addresses, port=179, ttl=7).encode(TOKEN, 12345)
    packet = (IP if addresses == FOUR else IPv6)(data)
    assert bytes(with_checksums(packet)) == data
    assert (packet.src, packet.dst) == addresses
    assert (packet.ttl if addresses == FOUR else packet.hlim) == 7
    assert packet[Raw].load == TOKEN if protocol != "icmp" or addresses == FOUR else packet.data == TOKEN
    if protocol == "tcp":
        assert (packet[TCP].sport, packet[TCP].dport, packet[TCP].seq, packet[TCP].flags) == (
            SOURCE_PORT,
            179,
            12345,
            "S",
        )
    elif protocol == "udp":
        assert (packet[UDP].sport, packet[UDP].dport) == (SOURCE_PORT, 179)
    else:
        assert (packet[ICMP].type if addresses == FOUR else packet[ICMPv6EchoRequest].type) in (8, 128)


@pytest.mark.parametrize("key", [None, 0, 1002, 0xFFFFFFFF])
def test_gre(key: int | None) -> None:
    inner = Datagram("udp", *SIX, port=53)
    packet = IP(Tunnelled("gre", "198.51.100.1", "203.0.113.1", key, inner).encode(TOKEN, 0))
    assert bytes(with_checksums(packet)) == bytes(packet)
    assert (packet[GRE].proto, packet[GRE].key_present, packet[GRE].key) == (0x86DD, int(key is not None), key)
    assert bytes(packet[IPv6]) == inner.encode(TOKEN, 0)


def test_nvgre_carries_a_frame_for_everybody() -> None:
    packet = IP(Tunnelled("nvgre", "192.0.2.1", "192.0.2.2", 5001 << 8, Datagram("icmp", *FOUR)).encode(TOKEN, 0))
    assert (packet[GRE].proto, packet[GRE].key >> 8) == (0x6558, 5001)
    assert packet[Ether].dst == "ff:ff:ff:ff:ff:ff"
    assert (packet[Ether][IP].src, packet[Ether][IP].dst) == FOUR


def test_vxlan() -> None:
    packet = IP(Tunnelled("vxlan", "192.0.2.1", "192.0.2.2", 5001, Datagram("tcp", *FOUR, port=80)).encode(TOKEN, 9))
    assert bytes(with_checksums(packet)) == bytes(packet)
    assert (packet[UDP].dport, packet[VXLAN].vni, packet[VXLAN].flags) == (4789, 5001, "Instance")
    assert packet[VXLAN][TCP].seq == 9


def test_questions() -> None:
    arp = Question(MAC, *FOUR)
    assert (arp.receivers, arp.ethertype) == (b"\xff" * 6, 0x0806)
    request = ARP(arp.encode(TOKEN, 0))
    assert (request.op, request.psrc, request.pdst, request.hwsrc) == (1, *FOUR, "02:00:00:01:00:00")
    assert bytes(request.payload).startswith(TOKEN)
    solicitation = Question(MAC, *SIX)
    packet = IPv6(solicitation.encode(TOKEN, 0))
    assert bytes(with_checksums(packet)) == bytes(packet)
    assert (packet.dst, packet.hlim, packet[ICMPv6ND_NS].tgt) == ("ff02::1:ff00:1", 255, SIX[1])
    assert solicitation.receivers == bytes.fromhex("3333ff000001")
    assert TOKEN in bytes(packet)
