"""Packets of many protocols, the same ones in every run: whole, cut off, padded and spoilt."""

from __future__ import annotations

import random
from collections.abc import Iterator

from scapy.contrib.geneve import GENEVE
from scapy.contrib.lldp import LLDPDUChassisID, LLDPDUEndOfLLDPDU, LLDPDUPortID, LLDPDUTimeToLive
from scapy.contrib.mpls import MPLS
from scapy.contrib.ospf import OSPF_Hdr, OSPF_Hello
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.igmp import IGMP
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_RR, IPOption_Timestamp
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoRequest,
    ICMPv6MLReport2,
    ICMPv6ND_NS,
    ICMPv6PacketTooBig,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    RouterAlert,
)
from scapy.layers.ipsec import AH, ESP
from scapy.layers.isakmp import ISAKMP
from scapy.layers.l2 import ARP, GRE, LLC, SNAP, STP, Dot1Q, Dot3, Ether
from scapy.layers.ppp import PPP, PPPoE
from scapy.layers.sctp import SCTP, SCTPChunkInit
from scapy.layers.vrrp import VRRP
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet as Scapy
from scapy.packet import Raw

from raslab.measure.capture_files import Packet

_MAC = {"src": "02:00:00:00:00:01", "dst": "02:00:00:00:00:02"}
_ETHERTYPES = (0x0800, 0x86DD, 0x0806, 0x8100, 0x8847, 0x8864, 0x88CC, 0x6558, 0x9000)


def samples(count: int, seed: int = 1) -> list[Packet]:
    """That many packets on Ethernet."""
    chance = random.Random(seed)
    return [Packet(number, data, len(data), 1) for number, data in zip(range(count), _endless(chance), strict=False)]


def _endless(chance: random.Random) -> Iterator[bytes]:
    while True:
        for _ in range(4):
            whole = bytes(_frame(chance))
            yield whole
        yield whole[: chance.randrange(len(whole) + 1)]
        yield whole.ljust(60, b"\0") if len(whole) < 60 else whole + chance.randbytes(4)
        spoilt = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            spoilt[chance.randrange(12, len(spoilt))] = chance.randrange(256)
        yield bytes(spoilt)
        kind = chance.choice(_ETHERTYPES).to_bytes(2)
        yield bytes.fromhex("020000000002020000000001") + kind + chance.randbytes(chance.randrange(80))


def _frame(chance: random.Random) -> Scapy:
    ether = Ether(**_MAC)
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        ether /= Dot1Q(vlan=chance.randrange(1, 4095), type=0x8100)
    return chance.choice(
        (
            lambda: ether / _ip(chance, 3),
            lambda: ether / _ip(chance, 3),
            lambda: ether / _ip(chance, 3),
            lambda: ether / _ip(chance, 3),
            lambda: ether / _ip(chance, 3),
            lambda: ether / MPLS(label=17, s=0) / MPLS(label=99, s=1) / _ip(chance, 2),
            lambda: ether / PPPoE(sessionid=7) / PPP() / _ip(chance, 2),
            lambda: ether / _arp(chance),
            lambda: Dot3(**_MAC) / LLC() / STP(),
            lambda: Dot3(**_MAC) / LLC() / _in_snap(_ip(chance, 1)),
            lambda: Dot3(**_MAC) / LLC(dsap=0xFE, ssap=0xFE, ctrl=3) / Raw(bytes.fromhex("831b0100100100")),
            lambda: (
                ether
                / LLDPDUChassisID(subtype=4, id="02:00:00:00:00:01")
                / LLDPDUPortID(subtype=5, id=b"eth0")
                / LLDPDUTimeToLive(ttl=120)
                / LLDPDUEndOfLLDPDU()
            ),
        )
    )()


def _in_snap(packet: Scapy) -> Scapy:
    return SNAP(code=0x0800 if isinstance(packet, IP) else 0x86DD) / packet


def _arp(chance: random.Random) -> Scapy:
    return ARP(op=chance.choice((1, 2)), psrc=_v4(chance), pdst=_v4(chance), hwsrc=_MAC["src"])


def _v4(chance: random.Random) -> str:
    return f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"


def _v6(chance: random.Random) -> str:
    return f"2001:db8:{chance.randrange(1, 65536):x}::{chance.randrange(1, 65536):x}"


def _ip(chance: random.Random, depth: int) -> Scapy:
    if chance.random() < 0.5:
        options = chance.choice(([], [], [], [IPOption_RR()], [IPOption_Timestamp()]))
        head: Scapy = IP(src=_v4(chance), dst=_v4(chance), ttl=chance.randrange(2, 256), options=options)
        if chance.random() < 0.15:
            head.frag, head.flags = chance.choice(((0, "MF"), (185, "MF"), (185, 0)))
        return head / _carried(chance, depth, 4)
    head = IPv6(src=_v6(chance), dst=_v6(chance), hlim=chance.randrange(2, 256))
    for extension in chance.choice(
        (
            (),
            (),
            (),
            (IPv6ExtHdrHopByHop(options=RouterAlert()),),
            (IPv6ExtHdrHopByHop(), IPv6ExtHdrDestOpt()),
            (IPv6ExtHdrRouting(type=2, addresses=[_v6(chance)]),),
            (IPv6ExtHdrFragment(m=1, id=7),),
            (IPv6ExtHdrFragment(offset=181, m=1, id=7),),
            (IPv6ExtHdrDestOpt(), IPv6ExtHdrFragment(offset=90, id=7)),
            (IPv6ExtHdrFragment(id=7),),
        )
    ):
        head /= extension
    return head / _carried(chance, depth, 6)


def _carried(chance: random.Random, depth: int, version: int) -> Scapy:
    flat = (_tcp, _tcp, _udp, _udp, _message, _other, _ipsec)
    tunnels = (_gre, _gre, _overlay, _ip_in_ip) if depth > 1 else ()
    return chance.choice((*flat, *tunnels))(chance, depth, version)


def _tcp(chance: random.Random, depth: int, version: int) -> Scapy:
    options = chance.choice(([], [("MSS", 1460)], [("NOP", None), ("NOP", None), ("Timestamp", (1, 2))]))
    flags = chance.choice(("S", "SA", "A", "PA", "FA", "R", "PAU", "SEC", "N"))
    return TCP(sport=chance.randrange(1024, 65536), dport=9999, flags=flags, options=options) / Raw(b"x" * 9)


def _udp(chance: random.Random, depth: int, version: int) -> Scapy:
    port = chance.randrange(10_000, 60_000)
    return chance.choice(
        (
            UDP(sport=port, dport=9999) / Raw(b"y" * chance.randrange(40)),
            UDP(sport=port, dport=53) / DNS(qd=DNSQR(qname="example.com")),
            UDP(sport=500, dport=500) / ISAKMP(init_cookie=b"12345678", version=0x20, exch_type=34, flags=8),
            UDP(sport=4500, dport=4500) / Raw(bytes(4)) / ISAKMP(init_cookie=b"12345678", version=0x20, exch_type=35),
            UDP(sport=4500, dport=4500) / ESP(spi=0x1234, seq=9, data=b"z" * 40),
            UDP(sport=4500, dport=4500) / Raw(b"\xff"),
            UDP(sport=51820, dport=51820) / Raw(b"\4\0\0\0" + bytes(44)),
        )
    )


def _message(chance: random.Random, depth: int, version: int) -> Scapy:
    quoted4 = IP(src=_v4(chance), dst=_v4(chance)) / UDP(sport=7, dport=9)
    quoted6 = IPv6(src=_v6(chance), dst=_v6(chance)) / TCP(sport=7, dport=9)
    if version == 4:
        return chance.choice(
            (
                ICMP() / Raw(b"ping"),
                ICMP(type=0),
                ICMP(type=3, code=chance.randrange(6)) / quoted4,
                ICMP(type=11) / quoted4,
            )
        )
    return chance.choice(
        (
            ICMPv6EchoRequest(data=b"ping"),
            ICMPv6ND_NS(tgt=_v6(chance)),
            ICMPv6MLReport2(),
            ICMPv6PacketTooBig(mtu=1280) / quoted6,
            ICMPv6DestUnreach(code=4) / quoted6,
        )
    )


def _other(chance: random.Random, depth: int, version: int) -> Scapy:
    sctp = SCTP(sport=chance.randrange(1, 65536), dport=2905) / SCTPChunkInit()
    if version == 6:
        return sctp
    return chance.choice((sctp, IGMP(), VRRP(vrid=1, addrlist=["10.0.0.9"]), OSPF_Hdr() / OSPF_Hello()))


def _ipsec(chance: random.Random, depth: int, version: int) -> Scapy:
    if chance.random() < 0.5:
        return ESP(spi=chance.randrange(256, 2**32), seq=5, data=chance.randbytes(48))
    return AH(nh=6, payloadlen=4, spi=1, seq=1, icv=b"c" * 12) / _tcp(chance, depth, version)


def _gre(chance: random.Random, depth: int, version: int) -> Scapy:
    settings = {name: chance.randrange(2) for name in ("chksum_present", "key_present", "seqnum_present")}
    if settings["key_present"]:
        settings["key"] = chance.randrange(2**32)
    inner = chance.choice(
        (_ip(chance, depth - 1), Ether(**_MAC) / _ip(chance, depth - 1), Ether(**_MAC) / _arp(chance))
    )
    kind = {IP: 0x0800, IPv6: 0x86DD}.get(type(inner), 0x6558)
    return GRE(proto=kind, **settings) / inner


def _overlay(chance: random.Random, depth: int, version: int) -> Scapy:
    inner = Ether(**_MAC) / chance.choice((_ip(chance, depth - 1), _arp(chance)))
    number = chance.randrange(2**24)
    return chance.choice(
        (
            UDP(sport=chance.randrange(49152, 65536), dport=4789) / VXLAN(flags=8, vni=number) / inner,
            UDP(sport=chance.randrange(49152, 65536), dport=6081) / GENEVE(vni=number, proto=0x6558) / inner,
        )
    )


def _ip_in_ip(chance: random.Random, depth: int, version: int) -> Scapy:
    return _ip(chance, depth - 1)
