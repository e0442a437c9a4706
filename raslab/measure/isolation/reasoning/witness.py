"""One packet out of a set, as people would write it, and as it can be sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from raslab.measure.isolation.reasoning import headers as h
from raslab.measure.isolation.reasoning.space import Packets

_PROTOCOLS = {1: "ICMP", 6: "TCP", 17: "UDP", 47: "GRE", 50: "ESP", 58: "ICMPv6", 132: "SCTP"}
_PORTED = (6, 17, 33, 132, 136)
_SYN, _ACK = 2, 16
USUAL_LENGTH = 84
SOURCE_PORT = 47_613


@dataclass(frozen=True, slots=True)
class Witness:
    """A packet. What is left out has no meaning for its kind, and is 0."""

    family: int
    source: str
    destination: str
    protocol: int
    source_port: int = 0
    destination_port: int = 0
    icmp: int = 0
    tos: int = 0
    ttl: int = 64
    length: int = USUAL_LENGTH
    fragment: int = h.WHOLE
    flags: int = _SYN
    has_options: bool = False
    vlan: int = 0
    key: int | None = None
    smac: int = 0

    def __str__(self) -> str:
        if self.family == h.ARP:
            return f"ARP who has {self.destination} says {self.source}"
        if self.family not in (h.IPV4, h.IPV6):
            return "a frame that is not IP" if self.family == h.OTHER else f"label {self.destination}"
        name = _PROTOCOLS.get(self.protocol, f"protocol {self.protocol}")
        has_ports = self.protocol in _PORTED and self.fragment != h.LATER_PART
        ends = [
            f"{'[' + one + ']' if ':' in one else one}:{port}" if has_ports else one
            for one, port in ((self.source, self.source_port), (self.destination, self.destination_port))
        ]
        words = [name, f"{ends[0]} > {ends[1]}"]
        words += [f"type {self.icmp}"] if self.protocol in (1, 58) and self.icmp not in (8, 128) else []
        words += [f"flags {self.flags:#x}"] if self.protocol == h.TCP and self.flags != _SYN else []
        words += [f"tos {self.tos:#04x}"] if self.tos else []
        words += [f"ttl {self.ttl}"] if self.ttl != 64 else []
        words += [f"length {self.length}"] if self.length != USUAL_LENGTH else []
        words += [("first part", "later part")[self.fragment - 1]] if self.fragment else []
        words += ["with options"] if self.has_options else []
        words += [f"VLAN {self.vlan}"] if self.vlan else []
        words += [f"key {self.key}"] if self.key is not None else []
        words += [f"from {self.smac:012x}"] if self.smac else []
        return " ".join(words)


def witness(packets: Packets, sources: Sequence[str], destinations: Sequence[str]) -> Witness:
    """A packet of a set, as usual as it can be, from one address to another of these if possible."""
    wishes = {
        "family": [h.IPV4, h.IPV6, h.ARP],
        "nat": [0],
        "reply": [0],
        "fragment": [h.WHOLE],
        "options": [0],
        "vlan": [0],
        "key": [0],
        "dst": [int(ip_address(one)) for one in destinations],
        "src": [int(ip_address(one)) for one in sources],
        "proto": [h.ICMP, h.UDP, h.TCP, h.ICMP6],
        "tos": [0],
        "length": [USUAL_LENGTH, 1400],
        "ttl": [64],
        "icmp": [8, 128],
        "sport": [SOURCE_PORT],
        "dport": [5353],
        "flags": [_SYN, _ACK],
        "ct": [h.NEW],
        "mark": [0],
        "smac": [0],
    }
    # Addresses of the other IP version are no numbers to wish for.
    rest = packets
    for family in wishes["family"]:
        if some := packets & packets.space.value("family", family):
            rest = some
            version = 6 if family == h.IPV6 else 4
            wishes["dst"] = [int(ip_address(one)) for one in destinations if ip_address(one).version == version]
            wishes["src"] = [int(ip_address(one)) for one in sources if ip_address(one).version == version]
            if version == 6:
                wishes["proto"] = [h.ICMP6, h.UDP, h.TCP]
            break
    return _made(rest.witness(wishes))


def _made(found: Mapping[str, int]) -> Witness:
    family = found["family"]

    def as_text(number: int) -> str:
        return str(IPv6Address(number)) if family == h.IPV6 else str(IPv4Address(number & 0xFFFFFFFF))

    label = family in (h.LABELLED, h.OTHER)
    return Witness(
        family,
        "" if label else as_text(found["src"]),
        str(found["dst"]) if label else as_text(found["dst"]),
        found["proto"],
        found["sport"],
        found["dport"],
        found["icmp"],
        found["tos"],
        found["ttl"],
        found["length"],
        found["fragment"],
        found["flags"],
        bool(found["options"]),
        found["vlan"],
        found["key"] - 1 if found["key"] else None,
        found["smac"],
    )
