"""Requests for the rules by which the kernel chooses routing tables (linux/fib_rules.h)."""

from __future__ import annotations

import socket
import struct

from raslab.net.netlink import wire

RTM_NEWRULE, RTM_DELRULE = 32, 33
FRA_PRIORITY = 6
FRA_FWMARK = 10
FRA_TABLE = 15
FR_ACT_TO_TBL = 1
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


def _rule(kind: int, flags: int, version: int, table: int, rest: bytes) -> bytes:
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    short = table if table <= RT_TABLE_LOCAL else RT_TABLE_UNSPEC
    body = _RULE.pack(family, 0, 0, 0, short, FR_ACT_TO_TBL, 0)
    return wire.message(kind, flags, body + rest + wire.u32(FRA_TABLE, table))
