"""What the values of header fields mean, in words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import ip_address

ETHERTYPES = {
    0x0800: "IPv4",
    0x86DD: "IPv6",
    0x0806: "ARP",
    0x6558: "Ethernet",
    0x8100: "VLAN",
    0x88A8: "VLAN",
    0x9100: "VLAN",
    0x8847: "MPLS",
    0x8848: "MPLS",
    0x8035: "RARP",
    0x8863: "PPPoE discovery",
    0x8864: "PPPoE",
    0x880B: "PPP",
    0x88CC: "LLDP",
    0x888E: "EAPOL",
    0x8809: "LACP",
    0x88E5: "MACsec",
    0x88F7: "PTP",
    0x8902: "CFM",
    0x88BE: "ERSPAN",
}
"""IEEE's Ethernet types, also those that only name what is carried."""
LENGTH_BELOW, TYPE_FROM = 1501, 0x0600
"""What stands in the place of the type is the length of an IEEE 802.3 frame below, a type from there on."""
SERVICE_ACCESS_POINTS = {0x42: "STP", 0xAA: "SNAP", 0xFE: "IS-IS", 0xE0: "IPX", 0xF0: "NetBIOS", 0x06: "IPv4"}
PPP_PROTOCOLS = {0x0021: "IPv4", 0x0057: "IPv6", 0x0281: "MPLS", 0xC021: "LCP", 0xC023: "PAP", 0xC223: "CHAP"}
IP_VERSIONS = {4: "IPv4", 6: "IPv6"}
IP_PROTOCOLS = {
    0: "Hop-by-Hop",
    1: "ICMP",
    2: "IGMP",
    4: "IPv4",
    6: "TCP",
    17: "UDP",
    33: "DCCP",
    41: "IPv6",
    43: "Routing",
    44: "Fragment",
    47: "GRE",
    50: "ESP",
    51: "AH",
    58: "ICMPv6",
    60: "Destination Options",
    89: "OSPF",
    97: "EtherIP",
    103: "PIM",
    112: "VRRP",
    115: "L2TP",
    132: "SCTP",
    136: "UDP-Lite",
    143: "Ethernet",
}
IPV6_ONLY = ("Hop-by-Hop", "Routing", "Fragment", "Destination Options")
"""Extension headers of RFC 8200, which IPv4 has not."""
ICMP_TYPES = {
    0: "echo reply",
    3: "destination unreachable",
    5: "redirect",
    8: "echo request",
    9: "router advertisement",
    10: "router solicitation",
    11: "time exceeded",
    12: "parameter problem",
    13: "timestamp request",
    14: "timestamp reply",
}
ICMP6_TYPES = {
    1: "destination unreachable",
    2: "packet too big",
    3: "time exceeded",
    4: "parameter problem",
    128: "echo request",
    129: "echo reply",
    133: "router solicitation",
    134: "router advertisement",
    135: "neighbour solicitation",
    136: "neighbour advertisement",
    137: "redirect",
}
_ICMP_UNREACHABLE = ("network", "host", "protocol", "port", "fragmentation needed")
FIRST_CHOSEN_PORT = 32768  # net.ipv4.ip_local_port_range of Linux begins here, as no server's port does
FRAGMENTATION_NEEDED, PACKET_TOO_BIG = (3, 4), (2, 0)
_TCP_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
WIREGUARD_PORT = 51820  # no registered one, but that of its authors
IKE_PORT, NAT_PORT = 500, 4500
UDP_TUNNELS = {4754: "GRE", 4789: "VXLAN", 4790: "VXLAN-GPE", 6081: "GENEVE", 6635: "MPLS"}
"""By the port that a packet goes to: RFC 8086, RFC 7348, draft-ietf-nvo3-vxlan-gpe, RFC 8926, RFC 7510."""
GPE_PROTOCOLS = {1: "IPv4", 2: "IPv6", 3: "Ethernet"}
WIREGUARD_TYPES = {1: "handshake initiation", 2: "handshake response", 3: "cookie reply", 4: "data"}
IKE_EXCHANGES = {34: "IKE_SA_INIT", 35: "IKE_AUTH", 36: "CREATE_CHILD_SA", 37: "INFORMATIONAL"}
"""RFC 7296, section 3.1, as the flags below."""
_IKE_INITIATOR, _IKE_RESPONSE = 0x08, 0x20
GRE_CHECKSUM, GRE_ROUTING, GRE_KEY, GRE_SEQUENCE, GRE_ACKNOWLEDGEMENT = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
GRE_VERSION = 0x0007
BRIDGED = 0x6558
VXLAN_HAS_IDENTIFIER = 0x08
VXLAN_EXTENDED = 0x80 | 0x04  # draft-smith-vxlan-group-policy, and a next protocol; Linux drops any other flag
GPE_HAS_PROTOCOL, GPE_FLAGS = 0x04, 0x07


def hexadecimal(value: int) -> str:
    return f"{value:#06x}"


def mac(data: bytes) -> str:
    return data.hex(":")


def address(data: bytes) -> str:
    """An address of IP, or of whatever has another length."""
    with suppress(ValueError):
        return str(ip_address(data))
    return data.hex(" ")


def octets(data: bytes) -> str:
    return f"{len(data)} bytes"


def ethertype(value: int) -> str:
    return ETHERTYPES.get(value, f"{value:#06x}")


def protocol(value: int) -> str:
    return f"{value}, {IP_PROTOCOLS[value]}" if value in IP_PROTOCOLS else str(value)


def ipv6_flow(value: int) -> str:
    return f"{ipv6_class(value)}, {value & 0xFFFFF:#x}"


def ipv6_class(value: int) -> str:
    return f"{value >> 28}, {value >> 20 & 255}"


def icmp_message(version: int, kind: int, code: int) -> str:
    """What a message of ICMP (version 4) or ICMPv6 (6) is: ``echo request``, ``port unreachable``."""
    if version == 4 and kind == FRAGMENTATION_NEEDED[0] and code < len(_ICMP_UNREACHABLE):
        reason = _ICMP_UNREACHABLE[code]
        return reason if code == FRAGMENTATION_NEEDED[1] else f"{reason} unreachable"
    return (ICMP_TYPES if version == 4 else ICMP6_TYPES).get(kind, f"type {kind}")


def icmp_code(kind: str, value: int) -> str:
    is_ipv4_error = kind == ICMP_TYPES[3] and value < len(_ICMP_UNREACHABLE)
    return f"{value}, {_ICMP_UNREACHABLE[value]}" if is_ipv4_error else str(value)


def fragment(value: int) -> str:
    flags = [name for bit, name in ((0x4000, "DF"), (0x2000, "MF")) if value & bit]
    return ", ".join([*flags, str((value & 0x1FFF) * 8)])


def gre_flags(value: int) -> str:
    names = {GRE_CHECKSUM: "checksum", GRE_ROUTING: "routing", GRE_KEY: "key", GRE_SEQUENCE: "sequence"}
    return ", ".join([*(name for bit, name in names.items() if value & bit), f"version {value & 7}"])


def nvgre_key(value: int) -> str:
    """A key before an Ethernet frame, which NVGRE divides (RFC 7637, section 3.2)."""
    return f"{value}: VSID {value >> 8}, FlowID {value & 255}"


def vxlan_flags(value: int) -> str:
    """RFC 7348, section 5."""
    return "identifier" if value == VXLAN_HAS_IDENTIFIER else f"{value:#04x}"


def ike_flags(value: int) -> str:
    """Who sends it, and what it is."""
    sender = "from the initiator" if value & _IKE_INITIATOR else "from the responder"
    return f"{'response' if value & _IKE_RESPONSE else 'request'} {sender}"


def tcp_flags(value: int) -> str:
    return " ".join(name for bit, name in enumerate(_TCP_FLAGS) if value >> bit & 1) or "none"


def tcp_options(length: int) -> Callable[[int], str]:
    """What that many bytes of options mean."""
    return lambda value: ", ".join(_each_tcp_option(value.to_bytes(length)))


def _each_tcp_option(data: bytes) -> Iterator[str]:
    """Options by RFC 9293 section 3.1, RFC 7323 and RFC 2018."""
    while data:
        kind = data[0]
        if kind == 0:
            return
        if kind == 1:
            data = data[1:]
            continue
        length = data[1] if len(data) > 1 else 0
        if length < 2:
            return
        yield _tcp_option(kind, data[2:length])
        data = data[length:]


def _tcp_option(kind: int, value: bytes) -> str:
    number = int.from_bytes(value)
    known = {2: f"MSS {number}", 3: f"window × {2 ** min(number, 14)}", 4: "SACK permitted", 5: "SACK", 8: "timestamps"}
    return known.get(kind, f"option {kind}")
