"""A packet just as it was worked out, as bytes with a token in it. Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from raslab.measure.isolation.reasoning.witness import Witness
from raslab.measure.isolation.wire import ETHERTYPES, SOURCE_PORT, gre, packed, put, version, with_checksum
from raslab.net.checksum import internet_checksum

_ICMP, _ICMP6, _TCP, _UDP, _GRE, _SCTP = 1, 58, 6, 17, 47, 132
_LONGEST = 1500


@dataclass(frozen=True, slots=True)
class Crafted:
    """The very packet that was worked out, header by header."""

    wanted: Witness

    @property
    def ethertype(self) -> int:
        """What an Ethernet header says about it."""
        return ETHERTYPES[version(self.wanted.source)]

    def encode(self, token: bytes, sequence: int) -> bytes:
        """The packet, as long as was wanted, or as is needed for the token."""
        wanted = self.wanted
        payload = self._payload(token, sequence)
        head = 40 if wanted.family == 6 else 20
        payload += bytes(max(0, min(wanted.length, _LONGEST) - head - len(payload)))
        ends = packed(wanted.source), packed(wanted.destination)
        payload = _checked(payload, wanted.protocol, ends[0] + ends[1])
        if wanted.family == 6:
            protocol, extension = wanted.protocol, b""
            if wanted.has_options:
                protocol, extension = 60, bytes((wanted.protocol, 0, 1, 4, 0, 0, 0, 0))  # RFC 8200 section 4.6: PadN
            ip = struct.pack("!IHBB", 6 << 28 | wanted.tos << 20, len(extension + payload), protocol, wanted.ttl)
            return ip + ends[0] + ends[1] + extension + payload
        parts = {0: 0, 1: 0x2000, 2: 185}[wanted.fragment]  # later parts begin 1480 bytes after the first
        ip = struct.pack(
            "!BBHHHBBH", 0x45, wanted.tos, 20 + len(payload), 0x1234, parts, wanted.ttl, wanted.protocol, 0
        )
        ip += ends[0] + ends[1]
        return put(ip, 10, internet_checksum(ip)) + payload

    def _payload(self, token: bytes, sequence: int) -> bytes:
        wanted = self.wanted
        ports = struct.pack("!HH", wanted.source_port, wanted.destination_port)
        if wanted.fragment == 2:
            return token
        if wanted.protocol == _TCP:
            return ports + struct.pack("!IIBBHHH", sequence, 0, 5 << 4, wanted.flags, 64_240, 0, 0) + token
        if wanted.protocol == _UDP:
            return ports + struct.pack("!HH", 8 + len(token), 0) + token
        if wanted.protocol == _SCTP:
            return ports + bytes(8) + token
        if wanted.protocol in (_ICMP, _ICMP6):
            return struct.pack("!BBHHH", wanted.icmp, 0, 0, SOURCE_PORT, 1) + token
        if wanted.protocol == _GRE:
            return gre(ETHERTYPES[4], wanted.key) + token
        return token


def _checked(payload: bytes, protocol: int, ends: bytes) -> bytes:
    """With lengths and checksums, where they are known, as they have to be."""
    if protocol == _UDP and len(payload) >= 8:
        payload = put(payload, 4, len(payload) & 0xFFFF)
        return with_checksum(payload, 6, ends, _UDP)
    if protocol == _TCP and len(payload) >= 20:
        return with_checksum(payload, 16, ends, _TCP)
    if protocol == _ICMP and len(payload) >= 8:
        return put(payload, 2, internet_checksum(payload))
    return with_checksum(payload, 2, ends, _ICMP6) if protocol == _ICMP6 and len(payload) >= 8 else payload
