"""Generic netlink, as much as trying a kernel family needs (Linux: include/uapi/linux/genetlink.h).

The full-featured library is not used here: importing it takes longer than the whole of `raslab doctor` may.
"""

from __future__ import annotations

import os
import socket
import struct

_NETLINK_GENERIC = 16
_NLMSG_ERROR = 2
_NLM_F_REQUEST = 0x01
_NLM_F_ACK = 0x04
_NLA_F_NESTED = 0x8000

_GENL_ID_CTRL = 16
_CTRL_CMD_GETFAMILY = 3
_CTRL_ATTR_FAMILY_ID = 1
_CTRL_ATTR_FAMILY_NAME = 2

_MESSAGE = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_GENERIC = struct.Struct("=BBH")  # command, version, reserved
_ATTRIBUTE = struct.Struct("=HH")  # length, type
_REPLY_BYTES = 65536


def attribute(kind: int, payload: bytes) -> bytes:
    """One netlink attribute, padded to four bytes."""
    length = _ATTRIBUTE.size + len(payload)
    return _ATTRIBUTE.pack(length, kind) + payload + bytes(-length % 4)


def nested(kind: int, *attributes: bytes) -> bytes:
    """An attribute that holds other attributes."""
    return attribute(kind | _NLA_F_NESTED, b"".join(attributes))


def request(family: str, command: int, body: bytes, *, version: int = 1) -> None:
    """Send one command to a generic netlink family and wait for the kernel's acknowledgement.

    `body` is what follows the generic header: the family's own header, if it has one, and attributes.
    Raises OSError with the kernel's errno: ENOENT where the family does not exist, else the command's own.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_GENERIC) as connection:
        connection.bind((0, 0))
        name = attribute(_CTRL_ATTR_FAMILY_NAME, family.encode() + b"\0")
        try:
            reply = _exchange(connection, _GENL_ID_CTRL, _CTRL_CMD_GETFAMILY, name, version=1)
        except FileNotFoundError as error:
            raise OSError(error.errno, f"No generic netlink family {family}") from error
        _exchange(connection, _family_id(reply), command, body, version=version)


def _exchange(connection: socket.socket, kind: int, command: int, body: bytes, *, version: int) -> bytes:
    """Send a message and return the body of its answer, which is empty if the kernel only acknowledges."""
    length = _MESSAGE.size + _GENERIC.size + len(body)
    header = _MESSAGE.pack(length, kind, _NLM_F_REQUEST | _NLM_F_ACK, 1, 0)
    connection.send(header + _GENERIC.pack(command, version, 0) + body)
    answer = b""
    while True:
        data = connection.recv(_REPLY_BYTES)
        while data:
            length, kind, *_ = _MESSAGE.unpack_from(data)
            if kind == _NLMSG_ERROR:
                (code,) = struct.unpack_from("=i", data, _MESSAGE.size)
                if code:
                    raise OSError(-code, os.strerror(-code))
                return answer
            answer = data[_MESSAGE.size + _GENERIC.size : length]
            data = data[(length + 3) & ~3 :]


def _family_id(attributes: bytes) -> int:
    """The number of a family, from the answer of the controller."""
    while attributes:
        length, kind = _ATTRIBUTE.unpack_from(attributes)
        if kind == _CTRL_ATTR_FAMILY_ID:
            return int.from_bytes(attributes[_ATTRIBUTE.size : length], "little")
        attributes = attributes[(length + 3) & ~3 :]
    raise OSError("the generic netlink controller answered without a family number")
