"""Requests for counters of interfaces (linux/if_link.h) and of their queueing disciplines (linux/gen_stats.h)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from raslab.net.netlink import wire
from raslab.net.netlink.rtnetlink import RTM_GETLINK

RTM_GETQDISC = 38
IFLA_STATS64 = 23
IFLA_CARRIER = 33
TCA_STATS2 = 7
TCA_STATS_QUEUE = 3
TC_H_ROOT = 0xFFFFFFFF

_IFF_UP = 0x1
_IFINFOMSG = struct.Struct("=BxHiII")  # family, device type, index, flags, mask of flags to change
_TCMSG = struct.Struct("=BxxxiIII")  # family, index, handle, parent, info
_STATS64 = struct.Struct("=8Q")  # packets, bytes, errors, dropped: each rx, tx (struct rtnl_link_stats64)
_QUEUE = struct.Struct("=5I")  # length, backlog, drops, requeues, overlimits (struct gnet_stats_queue)


@dataclass(frozen=True, slots=True)
class InterfaceStatistics:
    """Counters of an interface since it exists. `carries`: it is switched on and has a carrier."""

    index: int
    carries: bool
    rx_packets: int
    tx_packets: int
    rx_bytes: int
    tx_bytes: int
    rx_dropped: int
    tx_dropped: int
    rx_errors: int
    tx_errors: int


def dump_interfaces() -> bytes:
    """Ask for all interfaces of the namespace, counters included."""
    return wire.message(RTM_GETLINK, wire.DUMP, _IFINFOMSG.pack(0, 0, 0, 0, 0))


def interface(message: wire.Message) -> InterfaceStatistics:
    """Decode one interface of the answer."""
    _, _, index, flags, _ = _IFINFOMSG.unpack_from(message.payload)
    found = wire.attributes(message.payload[_IFINFOMSG.size :])
    rx_packets, tx_packets, rx_bytes, tx_bytes, *rest = _STATS64.unpack_from(found[IFLA_STATS64])
    rx_errors, tx_errors, rx_dropped, tx_dropped = rest
    carries = bool(flags & _IFF_UP) and found.get(IFLA_CARRIER, b"\1")[0] == 1
    return InterfaceStatistics(
        index,
        carries,
        rx_packets,
        tx_packets,
        rx_bytes,
        tx_bytes,
        rx_dropped,
        tx_dropped,
        rx_errors,
        tx_errors,
    )


def dump_queues() -> bytes:
    """Ask for all queueing disciplines of the namespace."""
    return wire.message(RTM_GETQDISC, wire.DUMP, _TCMSG.pack(0, 0, 0, 0, 0))


def queue_drops(message: wire.Message) -> tuple[int, int]:
    """Index of the interface and packets that its root discipline dropped; 0 for a discipline below another."""
    _, index, _, parent, _ = _TCMSG.unpack_from(message.payload)
    attributes = wire.attributes(message.payload[_TCMSG.size :])
    if parent != TC_H_ROOT or TCA_STATS2 not in attributes:
        return index, 0
    figures = wire.attributes(attributes[TCA_STATS2]).get(TCA_STATS_QUEUE)
    return index, _QUEUE.unpack_from(figures)[2] if figures else 0
