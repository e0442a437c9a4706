"""Netlink framing: the message header and type-length-value attributes (RFC 3549, linux/netlink.h)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

# Flags of a request (NLM_F_*).
REQUEST = 0x01
ACK = 0x04
DUMP = 0x300
REPLACE = 0x100
EXCL = 0x200
CREATE = 0x400

# Flags of an error answer (NLM_F_*).
ACK_TLVS = 0x200

# Types of control messages (NLMSG_*).
ERROR = 2
DONE = 3

NESTED = 0x8000
TYPE_MASK = 0x3FFF

_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence number, port id
_ATTRIBUTE = struct.Struct("=HH")  # length, type


class Message(NamedTuple):
    """A decoded message. `payload` starts after the netlink header."""

    type: int
    flags: int
    sequence: int
    payload: bytes


def aligned(length: int) -> int:
    """`length` rounded up to the 4 bytes that messages and attributes are aligned to."""
    return (length + 3) & ~3


def message(kind: int, flags: int, body: bytes) -> bytes:
    """A request of type `kind`; its sequence number is filled in when it is sent."""
    length = _HEADER.size + len(body)
    return _HEADER.pack(length, kind, flags | REQUEST, 0, 0) + body + bytes(aligned(length) - length)


def stamp(request: bytes, sequence: int, extra_flags: int = 0) -> bytes:
    """`request` with its sequence number, and more flags, filled in."""
    length, kind, flags, _, port = _HEADER.unpack_from(request)
    return _HEADER.pack(length, kind, flags | extra_flags, sequence, port) + request[_HEADER.size :]


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, padded."""
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + bytes(aligned(length) - length)


def nested(kind: int, *attributes: bytes) -> bytes:
    """An attribute that holds attributes."""
    return attribute(kind | NESTED, b"".join(attributes))


def text(kind: int, value: str) -> bytes:
    """A zero-terminated string attribute."""
    return attribute(kind, value.encode() + b"\0")


def u8(kind: int, value: int) -> bytes:
    """An 8-bit attribute."""
    return attribute(kind, struct.pack("=B", value))


def u16(kind: int, value: int) -> bytes:
    """A 16-bit attribute in host byte order."""
    return attribute(kind, struct.pack("=H", value))


def u32(kind: int, value: int) -> bytes:
    """A 32-bit attribute in host byte order."""
    return attribute(kind, struct.pack("=I", value))


def u64(kind: int, value: int) -> bytes:
    """A 64-bit attribute in host byte order."""
    return attribute(kind, struct.pack("=Q", value))


def be16(kind: int, value: int) -> bytes:
    """A 16-bit attribute in network byte order."""
    return attribute(kind, struct.pack("!H", value))


def be32(kind: int, value: int) -> bytes:
    """A 32-bit attribute in network byte order."""
    return attribute(kind, struct.pack("!I", value))


def messages(data: bytes) -> Iterator[Message]:
    """Split what one read from a netlink socket returned into messages."""
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, flags, sequence, _ = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size:
            return
        yield Message(kind, flags, sequence, data[offset + _HEADER.size : offset + length])
        offset += aligned(length)


def attributes(data: bytes) -> dict[int, bytes]:
    """Decode attributes by type; of a repeated type the last one counts."""
    found: dict[int, bytes] = {}
    offset = 0
    while offset + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size:
            break
        found[kind & TYPE_MASK] = data[offset + _ATTRIBUTE.size : offset + length]
        offset += aligned(length)
    return found
