"""Requests for the rules by which the kernel chooses routing tables (linux/fib_rules.h)."""

from __future__ import annotations

import socket
import struct

from raslab.net.netlink import wire

RTM_NEWRULE, RTM_DELRULE = 32, 33
FRA_PRIORITY = 6
FRA_TABLE = 15
FR_ACT_TO_TBL = 1
RT_TABLE_LOCAL = 255

_RULE = struct.Struct("=BBBBBxxBI")  # family, dst len, src len, tos, table, action, flags


def add_local_rule(version: int, priority: int) -> bytes:
    """Have the table of the namespace's own addresses asked at this priority, the lowest number first."""
    return _local_rule(RTM_NEWRULE, wire.CREATE | wire.EXCL, version, priority)


def delete_local_rule(version: int, priority: int) -> bytes:
    """No longer have it asked at this priority."""
    return _local_rule(RTM_DELRULE, 0, version, priority)


def _local_rule(kind: int, flags: int, version: int, priority: int) -> bytes:
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    body = _RULE.pack(family, 0, 0, 0, RT_TABLE_LOCAL, FR_ACT_TO_TBL, 0)
    body += wire.u32(FRA_PRIORITY, priority) + wire.u32(FRA_TABLE, RT_TABLE_LOCAL)
    return wire.message(kind, flags, body)
