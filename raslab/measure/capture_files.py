"""Capture files: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), read and written. Pure."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_GZIP = b"\x1f\x8b"
_SECTION = b"\x0a\x0d\x0d\x0a"
_ORDER = 0x1A2B3C4D
# Magic number of a pcap file, the nanoseconds of its second time field's unit, and the bytes before each packet.
_PCAP = {0xA1B2C3D4: (1000, 16), 0xA1B23C4D: (1, 16), 0xA1B2CD34: (1000, 24)}
_PCAP_HEADER_BYTES = 24
_SNAPSHOT = 262_144
_INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET = 1, 2, 3, 6
_NAME, _RESOLUTION, _OFFSET = 2, 9, 14
_NANO = 9
_SECOND_NS = 10**9


class Packet(NamedTuple):
    """One captured packet.

    time_ns: since 1970; data: the bytes that were kept, of `length` on the wire; link: LINKTYPE_* of its interface;
    interface: the interface's name, if the file tells it.
    """

    time_ns: int
    data: bytes
    length: int
    link: int
    interface: str = ""


class DamagedCaptureError(ValueError):
    """What is wrong with the bytes of a capture, as the end of a sentence; packets: those before it."""

    def __init__(self, problem: str, packets: Sequence[Packet] = ()) -> None:
        super().__init__(problem)
        self.packets = tuple(packets)


@dataclass(frozen=True)
class _Interface:
    """resolution: the number of time units in a second; offset_s: what is added to times."""

    link: int
    name: str
    snapshot: int
    resolution: int = 10**6
    offset_s: int = 0

    def nanoseconds(self, high: int, low: int) -> int:
        return (high << 32 | low) * _SECOND_NS // self.resolution + self.offset_s * _SECOND_NS


def read(data: bytes) -> list[Packet]:
    """The packets of a capture file, which may be compressed by gzip. Raises DamagedCaptureError."""
    if data[:2] == _GZIP:
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error):
            raise DamagedCaptureError("is compressed, and cannot be uncompressed") from None
    if not data:
        raise DamagedCaptureError("is empty")
    if data[:4] == _SECTION:
        return _collected(_pcapng(data))
    for order in ("<", ">"):
        magic = struct.unpack(f"{order}I", data[:4])[0] if len(data) >= 4 else 0
        if magic in _PCAP:
            return _collected(_pcap(data, order, *_PCAP[magic]))
    raise DamagedCaptureError("is no capture file of the formats pcap or pcapng")


def _collected(packets: Iterator[Packet]) -> list[Packet]:
    found: list[Packet] = []
    try:
        found.extend(packets)
    except DamagedCaptureError as error:
        raise DamagedCaptureError(str(error), found) from None
    return found


def _cut(number: int) -> DamagedCaptureError:
    return DamagedCaptureError(f"ends in the middle of packet {number}")


def _pcap(data: bytes, order: str, unit_ns: int, before: int) -> Iterator[Packet]:
    if len(data) < _PCAP_HEADER_BYTES:
        raise DamagedCaptureError("ends in the middle of its own header")
    link = struct.unpack_from(f"{order}I", data, 20)[0] & 0xFFFF
    head = struct.Struct(f"{order}IIII")
    offset, number = _PCAP_HEADER_BYTES, 0
    while offset < len(data):
        if offset + before > len(data):
            raise _cut(number)
        seconds, fraction, kept, length = head.unpack_from(data, offset)
        offset += before
        if offset + kept > len(data):
            raise _cut(number)
        yield Packet(seconds * _SECOND_NS + fraction * unit_ns, data[offset : offset + kept], length, link)
        offset, number = offset + kept, number + 1


def _pcapng(data: bytes) -> Iterator[Packet]:
    order, offset, number = "<", 0, 0
    time_ns = 0
    interfaces: list[_Interface] = []
    while offset < len(data):
        if offset + 12 > len(data):
            raise _cut(number)
        if data[offset : offset + 4] == _SECTION:
            little = struct.unpack_from("<I", data, offset + 8)[0] == _ORDER
            order, interfaces = "<" if little else ">", []
        kind, size = struct.unpack_from(f"{order}II", data, offset)
        if size < 12 or size % 4:
            raise DamagedCaptureError(f"has a block after packet {number} that says that it is {size} bytes long")
        if offset + size > len(data):
            raise _cut(number)
        body = data[offset + 8 : offset + size - 4]
        offset += size
        try:
            if kind == _INTERFACE:
                interfaces.append(_interface(body, order))
            elif kind in (_PACKET, _OLD_PACKET, _SIMPLE_PACKET):
                packet = _ng_packet(kind, body, order, interfaces, time_ns)
                time_ns, number = packet.time_ns, number + 1
                yield packet
        except (struct.error, IndexError):
            raise DamagedCaptureError(f"has a block after packet {number} that cannot be read") from None


def _ng_packet(kind: int, body: bytes, order: str, interfaces: Sequence[_Interface], last_ns: int) -> Packet:
    if kind == _SIMPLE_PACKET:  # the one without a time
        (length,) = struct.unpack_from(f"{order}I", body)
        one, kept, time_ns, start = interfaces[0], length, last_ns, 4
        kept = min(length, one.snapshot) if one.snapshot else length
    else:
        fields = "IIIII" if kind == _PACKET else "HxxIIII"
        index, high, low, kept, length = struct.unpack_from(order + fields, body)
        one, start = interfaces[index], 20
        time_ns = one.nanoseconds(high, low)
    if start + kept > len(body):
        raise struct.error
    return Packet(time_ns, body[start : start + kept], length, one.link, one.name)


def _interface(body: bytes, order: str) -> _Interface:
    link, snapshot = struct.unpack_from(f"{order}HxxI", body)
    name, resolution, offset_s = "", 10**6, 0
    for code, value in _options(body[8:], order):
        if code == _NAME:
            name = value.decode(errors="replace")
        elif code == _RESOLUTION and value:
            resolution = 2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
        elif code == _OFFSET and len(value) == 8:
            (offset_s,) = struct.unpack(f"{order}q", value)
    return _Interface(link, name, snapshot, resolution, offset_s)


def _options(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    offset = 0
    while offset + 4 <= len(data):
        code, length = struct.unpack_from(f"{order}HH", data, offset)
        if not code:
            return
        yield code, data[offset + 4 : offset + 4 + length]
        offset += 4 + length + -length % 4


def as_pcap(packets: Sequence[Packet]) -> bytes:
    """A pcap file, in nanoseconds if any time needs them. All packets are of one link type; raises ValueError."""
    links = {packet.link for packet in packets} or {1}
    (link,) = links
    magic = next(
        magic for magic, (unit_ns, _) in _PCAP.items() if all(packet.time_ns % unit_ns == 0 for packet in packets)
    )
    unit_ns, _ = _PCAP[magic]
    parts = [struct.pack("<IHHiIII", magic, 2, 4, 0, 0, _SNAPSHOT, link)]
    for packet in packets:
        seconds, rest = divmod(packet.time_ns, _SECOND_NS)
        parts += [struct.pack("<IIII", seconds, rest // unit_ns, len(packet.data), packet.length), packet.data]
    return b"".join(parts)


def as_pcapng(packets: Sequence[Packet]) -> bytes:
    """A pcapng file with nanoseconds and the names of interfaces."""
    interfaces = list(dict.fromkeys((packet.link, packet.interface) for packet in packets))
    parts = [_block(0x0A0D0D0A, struct.pack("<IHHq", _ORDER, 1, 0, -1))]
    for link, name in interfaces:
        options = _option(_NAME, name.encode()) if name else b""
        options += _option(_RESOLUTION, bytes([_NANO])) + _option(0, b"")
        parts.append(_block(_INTERFACE, struct.pack("<HxxI", link, _SNAPSHOT) + options))
    for packet in packets:
        where = interfaces.index((packet.link, packet.interface))
        time = struct.pack("<II", packet.time_ns >> 32, packet.time_ns & 0xFFFFFFFF)
        head = struct.pack("<I", where) + time + struct.pack("<II", len(packet.data), packet.length)
        parts.append(_block(_PACKET, head + _padded(packet.data)))
    return b"".join(parts)


def _block(kind: int, body: bytes) -> bytes:
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
