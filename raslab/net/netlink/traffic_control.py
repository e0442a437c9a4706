"""Requests for queueing disciplines (linux/pkt_sched.h)."""

from __future__ import annotations

import socket
import struct

from raslab.net.netlink import wire

RTM_NEWQDISC, RTM_DELQDISC = 36, 37
TC_H_ROOT = 0xFFFFFFFF

TCA_KIND = 1
TCA_OPTIONS = 2
TCA_NETEM_RATE = 6
TCA_NETEM_RATE64 = 8
TCA_NETEM_LATENCY64 = 10
TCA_NETEM_JITTER64 = 11

_TCMSG = struct.Struct("=BxxxiIII")  # family, interface index, handle, parent, info
_NETEM_QOPT = struct.Struct("=IIIIII")  # latency, limit, loss, gap, duplicate, jitter
_NETEM_RATE = struct.Struct("=IiIi")  # bytes per second, packet overhead, cell size, cell overhead
_U32_MAX = 0xFFFFFFFF


def set_netem(
    index: int,
    *,
    limit_packets: int,
    rate_bits_per_s: int | None = None,
    delay_ns: int = 0,
    jitter_ns: int = 0,
    loss_percent: float = 0.0,
) -> bytes:
    """Make netem the root queueing discipline of a link, or change the netem that is there."""
    loss = round(loss_percent / 100 * _U32_MAX)
    options = _NETEM_QOPT.pack(0, limit_packets, loss, 0, 0, 0)
    options += wire.u64(TCA_NETEM_LATENCY64, delay_ns) + wire.u64(TCA_NETEM_JITTER64, jitter_ns)
    # A rate of 0 is unlimited; leaving the rate out would keep the one that is set.
    rate = (rate_bits_per_s or 0) // 8
    options += wire.attribute(TCA_NETEM_RATE, _NETEM_RATE.pack(min(rate, _U32_MAX), 0, 0, 0))
    if rate > _U32_MAX:
        options += wire.u64(TCA_NETEM_RATE64, rate)
    body = _TCMSG.pack(socket.AF_UNSPEC, index, 0, TC_H_ROOT, 0)
    body += wire.text(TCA_KIND, "netem") + wire.attribute(TCA_OPTIONS, options)
    return wire.message(RTM_NEWQDISC, wire.CREATE | wire.REPLACE, body)


def delete_root_qdisc(index: int) -> bytes:
    """Give a link back its default queueing discipline."""
    return wire.message(RTM_DELQDISC, 0, _TCMSG.pack(socket.AF_UNSPEC, index, 0, TC_H_ROOT, 0))
