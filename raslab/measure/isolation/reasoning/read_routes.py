"""Rules and routes as the kernel tells of them by rtnetlink."""

from __future__ import annotations

import socket
import struct
from ipaddress import ip_address

from raslab.measure.isolation.reasoning.read_links import address, text, u32
from raslab.measure.isolation.reasoning.state import GroupRoute, Hop, LabelRoute, Route, Rule
from raslab.net.netlink import wire
from raslab.net.netlink.connection import Connection

AF_MPLS, IPMR, IP6MR = 28, 128, 129
_RTM_GETROUTE, _RTM_GETRULE = 26, 34
_RTMSG = struct.Struct("=BBBBBBBBI")
_KINDS = dict(
    enumerate(
        [
            "unspec",
            "unicast",
            "local",
            "broadcast",
            "anycast",
            "multicast",
            "blackhole",
            "unreachable",
            "prohibit",
            "throw",
            "nat",
        ],
    )
)
_ACTIONS = {1: "table", 2: "goto", 3: "nop", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
_CLONED = 0x200
_VERSIONS = {socket.AF_INET: 4, socket.AF_INET6: 6, IPMR: 4, IP6MR: 6}
_INVERTED = 2
# FRA_* of linux/fib_rules.h
_DST, _SRC, _IIF, _GOTO, _PRIORITY, _MARK, _TUN, _SUPPRESS, _TABLE, _MASK, _OIF = 1, 2, 3, 4, 6, 10, 12, 14, 15, 16, 17
_L3MDEV, _UID, _IP_PROTO, _SPORT, _DPORT, _DSCP = 19, 20, 22, 23, 24, 25
_SAYS_NOTHING = {0, 11, 13, 18, 21}  # padding, realms, and who has made the rule
_KNOWN = {_DST, _SRC, _IIF, _GOTO, _PRIORITY, _MARK, _SUPPRESS, _TABLE, _MASK, _OIF, _L3MDEV, _UID}
_KNOWN |= {_IP_PROTO, _SPORT, _DPORT, _DSCP, *_SAYS_NOTHING}
_WHOLE = {28: b"\xff\xff", 29: b"\xff\xff", 30: b"\x3f"}
"""Masks of ports and DSCP that newer kernels tell even if all of it counts."""


def read_routes(connection: Connection) -> list[Route]:
    """Routes of all tables, for IPv4 and IPv6."""
    found = []
    for family in (socket.AF_INET, socket.AF_INET6):
        body = _RTMSG.pack(family, 0, 0, 0, 0, 0, 0, 0, 0)
        for one in connection.ask(wire.message(_RTM_GETROUTE, wire.DUMP, body)):
            family_, length, source_length, tos, table, _, _, kind, flags = _RTMSG.unpack_from(one.payload)
            if flags & _CLONED:
                continue
            data = wire.attributes(one.payload[_RTMSG.size :])
            version = _VERSIONS[family_]
            found.append(
                Route(
                    version,
                    u32(data[15]) if 15 in data else table,
                    _prefix(data.get(1), length, version),
                    _KINDS.get(kind, str(kind)),
                    tuple(_hops(data)),
                    u32(data.get(6)),
                    tos,
                    _prefix(data.get(2), source_length, version) if source_length else None,
                )
            )
    return found


def _prefix(data: bytes | None, length: int, version: int) -> tuple[int, int]:
    bits = 32 if version == 4 else 128
    first = int.from_bytes(data or bytes(bits // 8))
    size = 1 << (bits - length)
    first &= ~(size - 1)
    return first, first + size - 1


def _hops(data: dict[int, bytes]) -> list[Hop]:
    """The next hops of a route: RTA_MULTIPATH, or the attributes of the route itself."""
    if 9 not in data:
        return [_hop(u32(data.get(4)), data)] if 4 in data else []
    found = []
    rest = data[9]
    while len(rest) >= 8:
        length, _, _, index = struct.unpack_from("=HBBi", rest)
        if length < 8:
            break
        found.append(_hop(index, wire.attributes(rest[8:length])))
        rest = rest[wire.aligned(length) :]
    return found


def _hop(index: int, data: dict[int, bytes]) -> Hop:
    """One next hop; RTA_ENCAP of kind 1 are labels (linux/lwtunnel.h), RTA_NEWDST those of a label's route."""
    labels: tuple[int, ...] = ()
    pushes = ""
    if 21 in data:
        kind = int.from_bytes(data[21][:2], "little")
        if kind == 1:
            labels = _labels(wire.attributes(data.get(22, b"")).get(1, b""))
        else:
            pushes = f"encapsulation of kind {kind}"
    gateway = address(data.get(5))
    if 18 in data:  # RTA_VIA: a gateway of another family
        gateway = str(ip_address(data[18][2:])) if len(data[18]) in (6, 18) else None
    return Hop(index, gateway, labels or _labels(data.get(19, b"")), pushes)


def _labels(data: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(data[start : start + 4]) >> 12 for start in range(0, len(data), 4))


def read_labels(connection: Connection) -> list[LabelRoute]:
    """What becomes of labels; none where the kernel has no MPLS."""
    body = _RTMSG.pack(AF_MPLS, 0, 0, 0, 0, 0, 0, 0, 0)
    try:
        answers = connection.ask(wire.message(_RTM_GETROUTE, wire.DUMP, body))
    except OSError:
        return []
    found = []
    for one in answers:
        if one.payload[0] == AF_MPLS:
            data = wire.attributes(one.payload[_RTMSG.size :])
            found.append(LabelRoute(_labels(data.get(1, bytes(4)))[0], tuple(_hops(data))))
    return found


def read_groups(connection: Connection) -> list[GroupRoute]:
    """The multicast forwarding cache."""
    found = []
    for family in (IPMR, IP6MR):
        try:
            answers = connection.ask(wire.message(_RTM_GETROUTE, wire.DUMP, _RTMSG.pack(family, *[0] * 8)))
        except OSError:
            continue
        for one in answers:
            if one.payload[0] != family:
                continue
            version = _VERSIONS[family]
            data = wire.attributes(one.payload[_RTMSG.size :])
            bits = 32 if version == 4 else 128
            groups = _prefix(data.get(1), bits, version)
            every = (0, (1 << bits) - 1)
            sources = _prefix(data.get(2), bits, version) if any(data.get(2, b"")) else every
            hops = tuple(hop.index for hop in _hops({9: data[9]})) if 9 in data else ()
            found.append(GroupRoute(version, groups, sources, u32(data.get(3)), hops))
    return found


def read_rules(connection: Connection) -> list[Rule]:
    """The rules that choose tables, in their order."""
    found: list[Rule] = []
    for family in (socket.AF_INET, socket.AF_INET6):
        body = struct.pack("=BBBBBxxBI", family, 0, 0, 0, 0, 0, 0)
        answers = connection.ask(wire.message(_RTM_GETRULE, wire.DUMP, body))
        found += [_rule(one.payload, _VERSIONS[family]) for one in answers]
    return found


def _rule(payload: bytes, version: int) -> Rule:
    _, dst_length, src_length, tos, table, action, flags = struct.unpack_from("=BBBBBxxBI", payload)
    data = wire.attributes(payload[12:])
    unknown = [f"attribute {one}" for one in data if one not in _KNOWN and data[one] != _WHOLE.get(one)]
    if _DSCP in data:
        tos = data[_DSCP][0] << 2
    if action not in _ACTIONS:
        unknown.append(f"action {action}")
    suppressed = struct.unpack("=i", data[_SUPPRESS])[0] if _SUPPRESS in data else -1
    ports = [struct.unpack("=HH", data[one][:4]) if one in data else None for one in (_SPORT, _DPORT)]
    return Rule(
        version,
        u32(data.get(_PRIORITY)),
        _ACTIONS.get(action, "table"),
        u32(data[_TABLE]) if _TABLE in data else table,
        u32(data.get(_GOTO)),
        bool(data.get(_L3MDEV, b"\0")[0]),
        bool(flags & _INVERTED),
        _prefix(data.get(_SRC), src_length, version) if src_length else None,
        _prefix(data.get(_DST), dst_length, version) if dst_length else None,
        tos,
        (u32(data.get(_MARK)), u32(data.get(_MASK)) or 0xFFFFFFFF) if _MARK in data else None,
        text(data[_IIF]) if _IIF in data else None,
        text(data[_OIF]) if _OIF in data else None,
        data.get(_IP_PROTO, b"\0")[0],
        ports[0],
        ports[1],
        suppressed if suppressed >= 0 else None,
        tuple(unknown),
    )
