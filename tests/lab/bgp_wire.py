"""BGP as it is on the wire (RFC 4271, section 4), for tests that do not believe what a daemon says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_MARKER = b"\xff" * 16
_HEADER = 19
_OPEN, _CAPABILITIES, _FOUR_OCTET_AS = 1, 2, 65


@dataclass(frozen=True)
class Open:
    """An OPEN message: who sent it, and what it says. four_octet_asn: of the capability (RFC 6793), None without."""

    source: str
    asn: int
    hold_time_s: int
    four_octet_asn: int | None


def opens(packets: list[Any]) -> list[Open]:
    """The OPEN messages in captured packets."""
    return [_open(source, body) for source, kind, body in messages(packets) if kind == _OPEN]


def messages(packets: list[Any]) -> Iterator[tuple[str, int, bytes]]:
    """Source, type and body of all messages that begin where a segment does."""
    for packet in packets:
        data = bytes(packet["TCP"].payload) if packet.haslayer("TCP") else b""
        while data.startswith(_MARKER) and len(data) >= _HEADER:
            length = int.from_bytes(data[16:18])
            yield _ip(packet).src, data[18], data[_HEADER:length]
            data = data[length:]


def calls(packets: list[Any]) -> set[str]:
    """Who opens TCP connections to port 179."""
    return {_ip(one).src for one in _segments(packets) if one["TCP"].flags == "S" and one["TCP"].dport == 179}


def hops_left(packets: list[Any], source: str) -> set[int]:
    """TTLs or hop limits with which one address calls and sends messages.

    Acknowledgements do not count: those of a connection that bgpd has not accepted yet have the listening socket's TTL.
    """
    ips = (_ip(one) for one in _segments(packets) if one["TCP"].flags == "S" or bytes(one["TCP"].payload))
    return {ip.ttl if ip.version == 4 else ip.hlim for ip in ips if ip.src == source}


def _segments(packets: list[Any]) -> Iterator[Any]:
    return (one for one in packets if one.haslayer("TCP") and 179 in (one["TCP"].sport, one["TCP"].dport))


def _ip(packet: Any) -> Any:
    return packet["IP"] if packet.haslayer("IP") else packet["IPv6"]


def _open(source: str, body: bytes) -> Open:
    asn, hold = int.from_bytes(body[1:3]), int.from_bytes(body[3:5])
    return Open(source, asn, hold, dict(_capabilities(body[10:])).get(_FOUR_OCTET_AS))


def _capabilities(parameters: bytes) -> Iterator[tuple[int, int]]:
    """Code and value of each capability (RFC 5492)."""
    while len(parameters) >= 2:
        kind, length = parameters[0], parameters[1]
        inside = parameters[2 : 2 + length] if kind == _CAPABILITIES else b""
        while len(inside) >= 2:
            yield inside[0], int.from_bytes(inside[2 : 2 + inside[1]])
            inside = inside[2 + inside[1] :]
        parameters = parameters[2 + length :]
