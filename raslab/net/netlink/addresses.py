"""The addresses that the interfaces of a namespace have (linux/if_addr.h)."""

from __future__ import annotations

import socket
import struct
import sys
from dataclasses import dataclass

from raslab.net.netlink import wire
from raslab.net.netlink.rtnetlink import IFA_ADDRESS, IFA_LOCAL, RT_SCOPE_LINK, RTM_NEWADDR

RTM_GETADDR = 22
IFA_FLAGS = 8
IFA_F_DADFAILED = 0x08
IFA_F_TENTATIVE = 0x40

_IFADDRMSG = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, index
_NOT_YET = IFA_F_TENTATIVE | IFA_F_DADFAILED


@dataclass(frozen=True, slots=True)
class InterfaceAddress:
    """An address, with its prefix length, of the interface with this index.

    is_link_local: it means nothing beyond its link, or its host. is_usable: duplicate address detection is over and
    found none (RFC 4862, 5.4). announcement: a request that changes nothing and has the kernel tell all listeners of
    the address once more.
    """

    index: int
    address: str
    is_link_local: bool
    is_usable: bool
    announcement: bytes


def dump_addresses() -> bytes:
    """Ask for all addresses of the namespace."""
    return wire.message(RTM_GETADDR, wire.DUMP, _IFADDRMSG.pack(socket.AF_UNSPEC, 0, 0, 0, 0))


def interface_address(message: wire.Message) -> InterfaceAddress:
    """Decode one address of the answer."""
    family, length, _, scope, index = _IFADDRMSG.unpack_from(message.payload)
    found = wire.attributes(message.payload[_IFADDRMSG.size :])
    flags = int.from_bytes(found[IFA_FLAGS], sys.byteorder)
    packed = found.get(IFA_LOCAL, found[IFA_ADDRESS])  # IPv6 has a local one only beside that of a peer
    return InterfaceAddress(
        index,
        f"{socket.inet_ntop(family, packed)}/{length}",
        is_link_local=scope >= RT_SCOPE_LINK,
        is_usable=not flags & _NOT_YET,
        announcement=wire.message(RTM_NEWADDR, wire.CREATE | wire.REPLACE, message.payload),
    )
