"""What a match of nftables asks for, as a set of packets (`nft -j`, see libnftables-json(5)). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import ip_address, ip_network
from typing import Any

from raslab.measure.isolation.reasoning import headers as h
from raslab.measure.isolation.reasoning.headers import Headers, masked
from raslab.measure.isolation.reasoning.space import Packets, Range

PROTOCOLS = {
    "icmp": 1,
    "igmp": 2,
    "ipencap": 4,
    "ipip": 4,
    "tcp": 6,
    "udp": 17,
    "dccp": 33,
    "ipv6": 41,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "icmpv6": 58,
    "ipv6-icmp": 58,
    "sctp": 132,
    "udplite": 136,
    "comp": 108,
}
_ICMP_TYPES = {
    "echo-reply": 0,
    "destination-unreachable": 3,
    "source-quench": 4,
    "redirect": 5,
    "echo-request": 8,
    "router-advertisement": 9,
    "router-solicitation": 10,
    "time-exceeded": 11,
    "parameter-problem": 12,
    "timestamp-request": 13,
    "timestamp-reply": 14,
    "info-request": 15,
    "info-reply": 16,
}
_ICMP6_TYPES = {
    "destination-unreachable": 1,
    "packet-too-big": 2,
    "time-exceeded": 3,
    "parameter-problem": 4,
    "echo-request": 128,
    "echo-reply": 129,
    "mld-listener-query": 130,
    "mld-listener-report": 131,
    "mld-listener-done": 132,
    "mld-listener-reduction": 132,
    "nd-router-solicit": 133,
    "nd-router-advert": 134,
    "nd-neighbor-solicit": 135,
    "nd-neighbor-advert": 136,
    "nd-redirect": 137,
    "mld2-listener-report": 143,
}
_STATES = {"new": h.NEW, "established": h.ESTABLISHED, "related": h.RELATED, "invalid": h.INVALID}
_STATES["untracked"] = h.UNTRACKED
_FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128}
_DSCP = {f"cs{n}": 8 * n for n in range(8)} | {f"af{n}{m}": 8 * n + 2 * m for n in range(1, 5) for m in range(1, 4)}
_DSCP |= {"ef": 46, "be": 0, "df": 0}
_FAMILIES = {"ip": h.IPV4, "ip6": h.IPV6, "arp": h.ARP, "ipv4": h.IPV4, "ipv6": h.IPV6}
_STATUS = {"snat": h.SOURCE_TRANSLATED, "dnat": h.DESTINATION_TRANSLATED}
_PORTED = (6, 17, 33, 132, 136)
_WIDTHS = {"tos": 8, "ttl": 8, "mark": 32, "flags": 8, "length": 16, "dport": 16, "sport": 16, "zone": 16, "proto": 8}
_BY_CHANCE = frozenset(("pkttype", "time", "day", "hour", "cpu", "random", "priority", "cgroup", "skuid", "skgid"))
"""What `meta` knows that differs between packets that look alike, or that whoever sends can bring about."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a packet is: names and kinds of the interfaces by which it came and leaves, as the kernel has them.

    also_from: interfaces that it may be said to have come by besides.
    """

    incoming: str = ""
    outgoing: str = ""
    incoming_kind: str = ""
    outgoing_kind: str = ""
    also_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """What a left side stands for: a field of those packets that have it; or something known, or by chance."""

    field: str = ""
    domain: Packets | None = None
    known: tuple[str, ...] | None = None
    names: Mapping[str, int] | None = None
    shift: int = 0
    mask: int | None = None
    doubt: str = ""
    chance: str = ""


class Terms:
    """Reads matches for one space of packets."""

    def __init__(self, headers: Headers) -> None:
        self.headers = headers
        self.space = headers.space

    def term(self, left: Any, where: Situation) -> Term:
        """The left side of a match, or the key of a map."""
        if not isinstance(left, dict) or len(left) != 1:
            return Term(doubt=f"{left}")
        ((kind, value),) = left.items()
        reader = getattr(self, f"_{kind}", None) if kind.isalpha() else self._masked if kind == "&" else None
        if reader is None:
            chance = kind in ("numgen", "jhash", "symhash", "fib", "socket", "rt", "osf", "ipsec", "concat")
            return Term(chance=kind) if chance else Term(doubt=kind)
        found: Term = reader(value, where)
        return found

    def _masked(self, value: Any, where: Situation) -> Term:
        inner = self.term(value[0], where)
        if not inner.field or inner.mask is not None:
            return inner if not inner.field else Term(doubt="a mask of a mask")
        mask = self._number(value[1], inner)
        if mask is None:
            return Term(doubt=f"mask {value[1]}")
        return Term(inner.field, inner.domain, names=inner.names, shift=inner.shift, mask=mask)

    def _payload(self, value: Any, _where: Situation) -> Term:
        protocol, name = value.get("protocol"), value.get("field")
        four, six = self.headers.ip[4], self.headers.ip[6]
        if protocol in ("ip", "ip6"):
            domain = four if protocol == "ip" else six
            plain = {"saddr": "src", "daddr": "dst", "ttl": "ttl", "hoplimit": "ttl", "length": "length"}
            if name in plain:
                return Term(plain[name], domain)
            if name in ("protocol", "nexthdr"):
                return Term("proto", domain, names=PROTOCOLS)
            if name == "dscp":
                return Term("tos", domain, names=_DSCP, shift=2)
            if name == "frag-off":
                return Term("fragment", domain)
        if protocol in ("tcp", "udp", "sctp", "dccp", "udplite", "th"):
            numbers = _PORTED if protocol == "th" else (PROTOCOLS[protocol],)
            domain = self.headers.protocol(*numbers) - self.space.value("fragment", h.LATER_PART)
            if name in ("sport", "dport"):
                return Term(name, domain)
            if name == "flags":
                return Term("flags", domain, names=_FLAGS)
            return Term(chance=f"{protocol} {name}", domain=domain)
        if protocol in ("icmp", "icmpv6"):
            domain = self.headers.protocol(1) & four if protocol == "icmp" else self.headers.protocol(58) & six
            domain -= self.space.value("fragment", h.LATER_PART)
            if name == "type":
                return Term("icmp", domain, names=_ICMP_TYPES if protocol == "icmp" else _ICMP6_TYPES)
            return Term(chance=f"{protocol} {name}", domain=domain)
        if protocol == "ether" and name in ("saddr", "daddr"):
            return Term({"saddr": "smac", "daddr": "dmac"}[name], self.headers.frames)
        if protocol == "ether" and name == "type":
            return Term("family", self.headers.frames, names=_FAMILIES)
        if protocol == "arp":
            domain = self.space.value("family", h.ARP)
            ends = {"saddr ip": "src", "daddr ip": "dst"}
            return Term(ends[name], domain) if name in ends else Term(chance=f"arp {name}", domain=domain)
        if protocol == "vlan" and name == "id":
            return Term("vlan", self.space.among("vlan", [(1, 4095)]))
        return Term(doubt=f"{protocol} {name}" if name else "raw bytes")

    def _exthdr(self, value: Any, _where: Situation) -> Term:
        if value.get("name") == "frag":
            return Term("fragment", self.headers.ip[6], known=("exists",))
        return Term("options", self.headers.ip[6], known=("exists",))

    def _meta(self, value: Any, where: Situation) -> Term:
        name = value.get("key")
        interfaces = {
            "iifname": (where.incoming, *where.also_from),
            "iif": (where.incoming, *where.also_from),
            "oifname": (where.outgoing,),
            "oif": (where.outgoing,),
            "iifkind": (where.incoming_kind,),
            "oifkind": (where.outgoing_kind,),
        }
        if name in interfaces:
            return Term(known=interfaces[name])
        fields = {"mark": "mark", "length": "length"}
        if name in fields:
            return Term(fields[name], self.headers.everything)
        if name == "l4proto":
            return Term("proto", self.headers.any_ip, names=PROTOCOLS)
        if name in ("nfproto", "protocol"):
            return Term("family", self.headers.everything, names=_FAMILIES)
        return Term(chance=f"meta {name}") if name in _BY_CHANCE else Term(doubt=f"meta {name}")

    def _ct(self, value: Any, _where: Situation) -> Term:
        name = value.get("key")
        if name == "state":
            return Term("ct", self.headers.everything, names=_STATES)
        if name == "status":
            return Term("nat", self.headers.everything, names=_STATUS)
        if name == "zone":
            return Term("zone", self.headers.everything)
        if name == "direction":
            return Term("reply", self.headers.everything, names={"original": 0, "reply": 1})
        return Term(chance=f"ct {name}")

    # Values

    def _number(self, value: Any, term: Term) -> int | None:
        """A value of a field as a number."""
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, int):
            return value << term.shift
        if isinstance(value, dict) and "|" in value:
            value = value["|"]
        if isinstance(value, list):
            numbers = [self._number(one, term) for one in value]
            return None if None in numbers else sum({one for one in numbers if one is not None})
        if not isinstance(value, str):
            return None
        if term.names and value in term.names:
            return term.names[value] << term.shift
        try:
            if term.field in ("smac", "dmac") or value.count(":") == 5:
                return h.mac_number(value) if term.field == "dmac" else int(value.replace(":", ""), 16)
            if term.field in ("src", "dst"):
                return int(ip_address(value))
            return int(value, 0) << term.shift
        except ValueError:
            return None

    def ranges(self, value: Any, term: Term, sets: Mapping[str, Any]) -> list[Range] | None:
        """The values of a right side; None if they are not understood."""
        found: list[Range] = []
        for one in self._each(value, sets):
            if isinstance(one, dict) and "prefix" in one:
                network = ip_network(f"{one['prefix']['addr']}/{one['prefix']['len']}", strict=False)
                found.append((int(network.network_address), int(network.broadcast_address)))
            elif isinstance(one, dict) and "range" in one:
                first, last = (self._number(end, term) for end in one["range"])
                if first is None or last is None:
                    return None
                found.append((first, last | (1 << term.shift) - 1))
            else:
                number = self._number(one, term)
                if number is None:
                    return None
                found.append((number, number | (1 << term.shift) - 1))
        return found

    def _each(self, value: Any, sets: Mapping[str, Any]) -> Iterator[Any]:
        if isinstance(value, str) and value.startswith("@"):
            value = {"set": sets.get(value[1:], {}).get("elem", [])}
        if isinstance(value, dict) and "set" in value:
            value = value["set"]
        for one in value if isinstance(value, list) else [value]:
            yield one["elem"]["val"] if isinstance(one, dict) and "elem" in one else one

    # Matches

    def matching(self, match: Mapping[str, Any], where: Situation, sets: Mapping[str, Any]) -> tuple[Packets, Term]:
        """The packets that match, and the term; if it is in doubt or by chance these are those that may match."""
        op, right = match.get("op", "=="), match.get("right")
        left = match["left"]
        if isinstance(left, dict) and "concat" in left:
            return self._joint(left["concat"], op, right, where, sets)
        term = self.term(left, where)
        if term.known is not None and not term.field:
            return (
                self.headers.everything if self._is_known(term.known, op, right, sets) else self.headers.nothing
            ), term
        if not term.field:
            return (term.domain if term.domain is not None else self.headers.everything), term
        assert term.domain is not None
        if term.field == "fragment" or (term.field == "options" and term.known):
            return self._of_parts(term, op, right)
        if op == "in" and term.field in ("flags", "nat"):
            return self._any_bit(term, right, sets)
        if term.mask is not None and isinstance(right, list):
            right = {"|": right}
        ranges = self.ranges(right, term, sets)
        if ranges is not None and term.mask is not None:
            ranges = self._unmasked(term, ranges)
        if ranges is None:
            return term.domain, Term(doubt=f"{match.get('left')} {op} {right}"[:80])
        among = self._compared(term, op, ranges)
        return term.domain & among, term

    def _compared(self, term: Term, op: str, ranges: list[Range]) -> Packets:
        if op in ("<", "<=", ">", ">=") and ranges:
            size = self.space.sizes[self.space.levels[term.field]]
            first, last = ranges[0]
            wanted = {"<": (0, first - 1), "<=": (0, last), ">": (last + 1, size), ">=": (first, size)}[op]
            return self.space.among(term.field, [wanted] if wanted[0] <= wanted[1] else [])
        among = self.space.among(term.field, ranges)
        return ~among if op == "!=" else among

    def _unmasked(self, term: Term, ranges: list[Range]) -> list[Range] | None:
        mask = term.mask or 0
        if term.field == "dmac":
            wants = any(first >> 48 & 1 for first, _ in ranges)
            if mask in (0x010000000000, 0x010000000000 | 1 << 48):
                return [(1 << 48, (1 << 49) - 1)] if wants else [(0, (1 << 48) - 1)]
            return None
        bits = _WIDTHS.get(term.field, 32 if term.domain == self.headers.ip[4] else 128)
        found: list[Range] = []
        for first, last in ranges:
            some = masked(first, mask, bits) if first == last else None
            if some is None:
                return None
            found += some
        return found

    def _any_bit(self, term: Term, right: Any, sets: Mapping[str, Any]) -> tuple[Packets, Term]:
        """Those with any of some bits."""
        assert term.domain is not None
        bits = [self._number(one, term) for one in self._each(right, sets)]
        if None in bits and term.field != "nat":
            return term.domain, Term(doubt=f"{term.field} {right}")
        if not any(bits):
            return term.domain, Term(chance=f"ct status {right}")
        size = self.space.sizes[self.space.levels[term.field]]
        wanted = sum(one for one in bits if one is not None)
        among = self.space.among(term.field, [(n, n) for n in range(size + 1) if n & wanted])
        return term.domain & among, term

    def _of_parts(self, term: Term, op: str, right: Any) -> tuple[Packets, Term]:
        """Whether a packet is part of a bigger one, or has options: the offset itself is not a field."""
        assert term.domain is not None
        if term.field == "options":
            return term.domain & self.space.value("options", int(bool(right))), Term(chance="extension header")
        if term.known:
            whole = self.space.value("fragment", h.WHOLE)
            return term.domain & (~whole if right else whole), term
        parts = {0x1FFF: [(h.LATER_PART, h.LATER_PART)], 0x3FFF: [(h.FIRST_PART, h.LATER_PART)]}.get(term.mask or 0)
        if parts is None or right != 0 or op not in ("==", "!="):
            return term.domain, Term(chance="ip frag-off")
        among = self.space.among("fragment", parts)
        return term.domain & (among if op == "!=" else ~among), term

    def _is_known(self, known: tuple[str, ...], op: str, right: Any, sets: Mapping[str, Any]) -> bool:
        wanted = [str(one) for one in self._each(right, sets)]
        found = any(fnmatchcase(one, pattern) for one in known for pattern in wanted)
        return not found if op == "!=" else found

    def _joint(
        self, lefts: list[Any], op: str, right: Any, where: Situation, sets: Mapping[str, Any]
    ) -> tuple[Packets, Term]:
        """Several sides at once, against elements that are joint too."""
        found = self.headers.nothing
        worst = Term()
        for element in self._each(right, sets):
            values = element.get("concat", []) if isinstance(element, dict) else [element]
            inside = self.headers.everything
            for left, value in zip(lefts, values, strict=False):
                some, term = self.matching({"left": left, "op": "==", "right": value}, where, sets)
                inside &= some
                worst = term if term.doubt or term.chance else worst
            found |= inside
        return (~found if op == "!=" else found), worst
