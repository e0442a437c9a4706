"""Requests for the rules by which the kernel chooses routing tables (linux/fib_rules.h)."""

from __future__ import annotations

import socket
import struct
from ipaddress import ip_network

from raslab.model.topology import Rule
from raslab.net.netlink import wire

RTM_NEWRULE, RTM_DELRULE = 32, 33
FRA_DST, FRA_IIFNAME, FRA_PRIORITY = 1, 3, 6
FRA_FWMARK = 10
FRA_SUPPRESS_PREFIXLEN, FRA_TABLE = 14, 15
FR_ACT_TO_TBL, FR_ACT_UNREACHABLE = 1, 7
RT_TABLE_UNSPEC, RT_TABLE_LOCAL = 0, 255
MARK_PRIORITY = 2000  # after the kernel's rule for what is in a VRF already (1000), before the node's own addresses

_RULE = struct.Struct("=BBBBBxxBI")  # family, dst len, src len, tos, table, action, flags


def add_local_rule(version: int, priority: int) -> bytes:
    """Have the table of the namespace's own addresses asked at this priority, the lowest number first."""
    return _local_rule(RTM_NEWRULE, wire.CREATE | wire.EXCL, version, priority)


def delete_local_rule(version: int, priority: int) -> bytes:
    """No longer have it asked at this priority."""
    return _local_rule(RTM_DELRULE, 0, version, priority)


def _local_rule(kind: int, flags: int, version: int, priority: int) -> bytes:
    return _rule(kind, flags, version, RT_TABLE_LOCAL, wire.u32(FRA_PRIORITY, priority))


def add_mark_rule(version: int, mark: int, table: int) -> bytes:
    """Have a table asked for packets that carry a mark (nfmark)."""
    return _mark_rule(RTM_NEWRULE, wire.CREATE | wire.EXCL, version, mark, table)


def delete_mark_rule(version: int, mark: int, table: int) -> bytes:
    """No longer have it asked for them."""
    return _mark_rule(RTM_DELRULE, 0, version, mark, table)


def _mark_rule(kind: int, flags: int, version: int, mark: int, table: int) -> bytes:
    return _rule(kind, flags, version, table, wire.u32(FRA_PRIORITY, MARK_PRIORITY) + wire.u32(FRA_FWMARK, mark))


def add_rule(rule: Rule) -> bytes:
    """Have a table asked, or packets refused, as the rule says."""
    return _any_rule(RTM_NEWRULE, wire.CREATE | wire.EXCL, rule)


def delete_rule(rule: Rule) -> bytes:
    """Take back `add_rule`."""
    return _any_rule(RTM_DELRULE, 0, rule)


def _any_rule(kind: int, flags: int, rule: Rule) -> bytes:
    rest = wire.u32(FRA_PRIORITY, rule.priority)
    length = 0
    if rule.destination is not None:
        network = ip_network(rule.destination)
        length = network.prefixlen
        rest += wire.attribute(FRA_DST, network.network_address.packed)
    if rule.of_node:  # such packets come in by the loopback interface, as routing sees it
        rest += wire.attribute(FRA_IIFNAME, b"lo\0")
    if rule.longer_than is not None:
        rest += wire.u32(FRA_SUPPRESS_PREFIXLEN, rule.longer_than)
    return _rule(kind, flags, rule.version, rule.table, rest, length)


def _rule(kind: int, flags: int, version: int, table: int | None, rest: bytes, destination_length: int = 0) -> bytes:
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    if table is None:
        return wire.message(kind, flags, _RULE.pack(family, destination_length, 0, 0, 0, FR_ACT_UNREACHABLE, 0) + rest)
    short = table if table <= RT_TABLE_LOCAL else RT_TABLE_UNSPEC
    body = _RULE.pack(family, destination_length, 0, 0, short, FR_ACT_TO_TBL, 0)
    return wire.message(kind, flags, body + rest + wire.u32(FRA_TABLE, table))
