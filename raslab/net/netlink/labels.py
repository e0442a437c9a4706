"""Requests for MPLS (linux/mpls.h, mpls_iptunnel.h, lwtunnel.h): label stacks of RFC 3032."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from ipaddress import ip_address

from raslab.net.netlink import rtnetlink, wire

AF_MPLS = 28
RTA_VIA = 18
RTA_NEWDST = 19
RTA_ENCAP_TYPE = 21
RTA_ENCAP = 22
LWTUNNEL_ENCAP_MPLS = 1
MPLS_IPTUNNEL_DST = 1

_LABEL_BITS = 20
_LABEL_SHIFT = 12
_BOTTOM_OF_STACK = 1 << 8
_RTMSG = struct.Struct("=BBBBBBBBI")  # family, dst len, src len, tos, table, protocol, scope, type, flags


def stack(labels: Iterable[int]) -> bytes:
    """Label stack entries, outermost first; the last one says that it is."""
    entries = [label << _LABEL_SHIFT for label in labels]
    entries[-1] |= _BOTTOM_OF_STACK
    return b"".join(struct.pack("!I", entry) for entry in entries)


def push(labels: tuple[int, ...]) -> bytes:
    """Attributes of an IP route that puts labels before its packets; none for no labels."""
    if not labels:
        return b""
    kind = wire.u16(RTA_ENCAP_TYPE, LWTUNNEL_ENCAP_MPLS)
    return kind + wire.nested(RTA_ENCAP, wire.attribute(MPLS_IPTUNNEL_DST, stack(labels)))


def add_path(
    label: int, *, via: str | None = None, index: int | None = None, out_labels: tuple[int, ...] = ()
) -> bytes:
    """Say, or say anew, what happens to packets with a label: others take its place, or none (out_labels)."""
    rest = wire.attribute(RTA_NEWDST, stack(out_labels)) if out_labels else b""
    if via is not None:
        hop = ip_address(via)
        family = socket.AF_INET if hop.version == 4 else socket.AF_INET6
        rest += wire.attribute(RTA_VIA, struct.pack("=H", family) + hop.packed)
    if index is not None:
        rest += wire.u32(rtnetlink.RTA_OIF, index)
    return _path(rtnetlink.RTM_NEWROUTE, wire.CREATE | wire.REPLACE, label, rest)


def delete_path(label: int) -> bytes:
    """Have packets with that label dropped."""
    return _path(rtnetlink.RTM_DELROUTE, 0, label, b"")


def _path(kind: int, flags: int, label: int, rest: bytes) -> bytes:
    header = rtnetlink.RTPROT_STATIC, rtnetlink.RT_SCOPE_UNIVERSE, rtnetlink.RTN_UNICAST
    body = _RTMSG.pack(AF_MPLS, _LABEL_BITS, 0, 0, rtnetlink.RT_TABLE_MAIN, *header, 0)
    return wire.message(kind, flags, body + wire.attribute(rtnetlink.RTA_DST, stack((label,))) + rest)
