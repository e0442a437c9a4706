"""What a tunnel costs in bytes: header sizes, MTU inside, and the share of a link that is left for the user.

Everything here is arithmetic on published header formats, so it is the theory that measurements are held against.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from raslab.model import addresses
from raslab.model.topology import Tunnel

IpVersion = Literal[4, 6]
Transport = Literal["tcp", "udp"]

ETHERNET_HEADER_BYTES = 14
"""IEEE 802.3: two addresses and the type. Linux queueing disciplines count these, not preamble, FCS or gap."""
IP_HEADER_BYTES: dict[IpVersion, int] = {4: 20, 6: 40}
"""RFC 791 section 3.1 without options; RFC 8200 section 3 without extension headers."""
TRANSPORT_HEADER_BYTES: dict[Transport, int] = {"tcp": 20 + 12, "udp": 8}
"""TCP: RFC 9293 section 3.1 and the timestamps option that Linux always negotiates, padded to 12 bytes (RFC 7323
appendix A). UDP: RFC 768."""
GRE_HEADER_BYTES = 4
"""RFC 2784 section 2: flags, version, protocol type."""
GRE_KEY_BYTES = 4
GRE_CHECKSUM_BYTES = 4  # with the two reserved bytes behind it, RFC 2784, 2.1
"""RFC 2890 section 2."""
ESP_HEADER_BYTES = 8 + 8 + 16 + 17 + 24
"""The most that IPsec adds besides the outer IP header, with the algorithms used here: UDP for NAT traversal (RFC
3948), SPI and sequence number (RFC 4303, section 2), initialisation vector of AES-CBC (RFC 3602), padding to its
blocks with pad length and next header, and the check value of HMAC-SHA-384 (RFC 4868)."""
UDP_HEADER_BYTES = TRANSPORT_HEADER_BYTES["udp"]
WIREGUARD_HEADER_BYTES = 16 + 16
"""Type, receiver and counter before the packet, the check value of ChaCha20-Poly1305 after it (the WireGuard paper,
section 5.4.6)."""
VXLAN_HEADER_BYTES = 8
"""RFC 7348 section 5: flags, network identifier, reserved."""
MPLS_LABEL_BYTES = 4
"""RFC 3032 section 2.1: label, traffic class, bottom of stack, time to live. Part of what an MTU has to hold."""
IPV6_ENCAPSULATION_LIMIT_BYTES = 8
"""RFC 2473 section 4.1.1, a destination options header. Linux adds it to ip6gre unless told `encaplimit none`."""


@dataclass(frozen=True)
class Encapsulation:
    """The headers that a path puts around a packet; `outer_ip_version` None means that it adds none.

    key: a GRE key is present (RFC 2890).
    checksum: a checksum of GRE is present (RFC 2784, 2.3).
    carries_ethernet: the payload is a whole Ethernet frame (gretap, NVGRE: RFC 7637) and not an IP packet.
    ipsec: ESP in tunnel mode takes the place of GRE; counted at its largest, see ESP_HEADER_BYTES.
    wireguard: WireGuard's header, in UDP, takes the place of GRE.
    vxlan: VXLAN's header, in UDP, takes the place of GRE, around an Ethernet frame.
    encapsulation_limit: an IPv6 tunnel carries the RFC 2473 limit option.
    """

    outer_ip_version: IpVersion | None = None
    key: bool = False
    checksum: bool = False
    carries_ethernet: bool = False
    encapsulation_limit: bool = False
    ipsec: bool = False
    wireguard: bool = False
    vxlan: bool = False

    @property
    def overhead_bytes(self) -> int:
        """Bytes that each packet grows by between the inner and the outer IP layer."""
        if self.outer_ip_version is None:
            return 0
        if self.ipsec:
            return IP_HEADER_BYTES[self.outer_ip_version] + ESP_HEADER_BYTES
        if self.wireguard:
            return IP_HEADER_BYTES[self.outer_ip_version] + UDP_HEADER_BYTES + WIREGUARD_HEADER_BYTES
        if self.vxlan:
            headers = UDP_HEADER_BYTES + VXLAN_HEADER_BYTES + ETHERNET_HEADER_BYTES
            return IP_HEADER_BYTES[self.outer_ip_version] + headers
        return (
            IP_HEADER_BYTES[self.outer_ip_version]
            + IPV6_ENCAPSULATION_LIMIT_BYTES * self.encapsulation_limit
            + GRE_HEADER_BYTES
            + GRE_KEY_BYTES * self.key
            + GRE_CHECKSUM_BYTES * self.checksum
            + ETHERNET_HEADER_BYTES * self.carries_ethernet
        )

    def inner_mtu(self, link_mtu: int) -> int:
        """Largest inner IP packet, in bytes, that crosses a link of `link_mtu` bytes in one piece."""
        return link_mtu - self.overhead_bytes

    def packet_bytes(self, inner_bytes: int) -> int:
        """Bytes of the outer IP packet that carries an inner one."""
        return inner_bytes + self.overhead_bytes

    def frame_bytes(self, payload_bytes: int, protocol: Transport, ip_version: IpVersion) -> int:
        """Bytes on the wire, Ethernet header included, of one packet with `payload_bytes` of user data."""
        return (
            ETHERNET_HEADER_BYTES
            + self.overhead_bytes
            + IP_HEADER_BYTES[ip_version]
            + TRANSPORT_HEADER_BYTES[protocol]
            + payload_bytes
        )

    def tcp_payload_bytes(self, link_mtu: int, ip_version: IpVersion) -> int:
        """User data, in bytes, in one full TCP segment on a link of `link_mtu` bytes."""
        return self.inner_mtu(link_mtu) - IP_HEADER_BYTES[ip_version] - TRANSPORT_HEADER_BYTES["tcp"]

    def efficiency(self, payload_bytes: int, protocol: Transport, ip_version: IpVersion) -> float:
        """Share of the bytes on the wire that is user data, 0 to 1: the most a saturated link can deliver."""
        return payload_bytes / self.frame_bytes(payload_bytes, protocol, ip_version)


def around(tunnel: Tunnel) -> Encapsulation:
    """The headers that a tunnel puts before each inner packet."""
    return Encapsulation(
        outer_ip_version=6 if addresses.address(tunnel.local).version == 6 else 4,
        key=tunnel.key is not None,
        checksum=tunnel.checksum,
        carries_ethernet=tunnel.kind == "gretap",
        ipsec=tunnel.kind == "xfrm",
        wireguard=tunnel.kind == "wireguard",
    )


NO_TUNNEL = Encapsulation()
GRE = Encapsulation(outer_ip_version=4)
GRE_WITH_KEY = Encapsulation(outer_ip_version=4, key=True)
NVGRE = Encapsulation(outer_ip_version=4, key=True, carries_ethernet=True)
VXLAN = Encapsulation(outer_ip_version=4, vxlan=True)
