"""Policies and states of IPsec by netlink (linux/xfrm.h), and WireGuard's peers."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from raslab.measure.isolation.reasoning.read_links import u32
from raslab.measure.isolation.reasoning.state import Association, Link, Peer, Policy, WireGuard
from raslab.net.netlink import wire

_NETLINK_XFRM = 6
_GETSA, _GETPOLICY = 0x12, 0x15
_READ_BYTES = 1 << 17
_SELECTOR = struct.Struct("=16s16sHHHHHBBBxxxiI")
_DIRECTIONS = ("in", "out", "fwd")
_TEMPLATES, _IF_ID = 5, 31
_STATE_IF_ID = 31
_LIFETIMES = 64 + 32
"""Bytes of xfrm_lifetime_cfg and xfrm_lifetime_cur."""


def read_ipsec() -> tuple[list[Association], list[Policy]]:
    """All states and policies of the calling thread's namespace; none where the kernel has no IPsec."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_XFRM) as asked:
            states = [association(one) for one in _dump(asked, _GETSA)]
            policies = [found for one in _dump(asked, _GETPOLICY) if (found := policy(one)) is not None]
    except OSError:
        return [], []
    return states, policies


def _dump(asked: socket.socket, kind: int) -> Iterator[bytes]:
    asked.send(wire.message(kind, wire.DUMP, b""))
    while True:
        for message in wire.messages(asked.recv(_READ_BYTES)):
            if message.type in (wire.DONE, wire.ERROR):
                return
            yield message.payload


def _text(data: bytes, family: int) -> str:
    return str(ip_address(data[:4] if family == socket.AF_INET else data))


def association(payload: bytes) -> Association:
    """Decode struct xfrm_usersa_info: selector, id (address, SPI, protocol), source, lifetimes, and so on."""
    start = _SELECTOR.size
    destination, spi, protocol = struct.unpack_from("!16sIB", payload, start)
    source = payload[start + 24 : start + 40]
    after = start + 40 + _LIFETIMES + 12
    _, reqid, family = struct.unpack_from("=IIH", payload, after)
    data = wire.attributes(payload[_aligned(after + 4 + 4 + 2 + 1 + 1 + 1, 8) :])
    return Association(_text(source, family), _text(destination, family), spi, protocol, reqid, u32(data.get(31)))


def _aligned(size: int, to: int) -> int:
    return -(-size // to) * to


def policy(payload: bytes) -> Policy | None:
    """Decode struct xfrm_userpolicy_info; None for those of sockets."""
    selector = _SELECTOR.unpack_from(payload)
    family, length_to, length_from, protocol = selector[6:10]
    destination, source = (
        _range(data, length, family) for data, length in ((selector[0], length_to), (selector[1], length_from))
    )
    after = _SELECTOR.size + _LIFETIMES
    _, index, direction, _, _, _ = struct.unpack_from("=IIBBBB", payload, after)
    if direction >= len(_DIRECTIONS):
        return None
    data = wire.attributes(payload[_aligned(after + 12, 8) :])
    template = None
    if tmpl := data.get(_TEMPLATES):
        remote, family, local, reqid = tmpl[:16], struct.unpack_from("=H", tmpl, 24)[0], tmpl[28:44], u32(tmpl[44:])
        template = (_text(local, family), _text(remote, family), reqid)
    return Policy(_DIRECTIONS[direction], source, destination, u32(data.get(_IF_ID)), index, template, protocol)


def _range(data: bytes, length: int, family: int) -> tuple[int, tuple[int, int]]:
    bits = 32 if family == socket.AF_INET else 128
    size = 1 << (bits - length)
    first = int.from_bytes(data[: bits // 8]) & ~(size - 1)
    return (4 if bits == 32 else 6), (first, first + size - 1)


def read_wireguards(links: list[Link]) -> list[WireGuard]:
    """WireGuard's interfaces; the library is asked only if there are some."""
    wanted = [one for one in links if one.kind == "wireguard"]
    if not wanted:
        return []
    from pyroute2 import WireGuard as Asked

    with Asked() as asked:
        return [_wireguard(one.index, asked.info(one.name)[0]) for one in wanted]


def _wireguard(index: int, found: Any) -> WireGuard:
    peers = []
    for one in found.get("WGDEVICE_A_PEERS") or ():
        endpoint = one.get("WGPEER_A_ENDPOINT")
        allowed = [f"{each.get('addr') or _network(each)}" for each in one.get("WGPEER_A_ALLOWEDIPS") or ()]
        host, port = (str(endpoint["addr"]), int(endpoint["port"])) if endpoint else (None, 0)
        peers.append(Peer(bytes(one.get("WGPEER_A_PUBLIC_KEY")), host, port, tuple(allowed)))
    key = found.get("WGDEVICE_A_PUBLIC_KEY")
    return WireGuard(index, bytes(key or b""), found.get("WGDEVICE_A_LISTEN_PORT") or 0, tuple(peers))


def _network(one: Any) -> str:
    data = one.get("WGALLOWEDIP_A_IPADDR")
    text = data if isinstance(data, str) and not data.startswith("0x") else str(ip_address(data))
    return f"{text}/{one.get('WGALLOWEDIP_A_CIDR_MASK')}"
