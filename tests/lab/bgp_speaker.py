"""A BGP speaker that says whatever a test wants it to (RFC 4271, section 4), right or wrong, from a node."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Self

from raslab.net import Node

_MARKER = b"\xff" * 16
_HEADER = 19
OPEN, UPDATE, NOTIFICATION, KEEPALIVE = 1, 2, 3, 4
_TRANSITIVE, _OPTIONAL, _LONG = 0x40, 0x80, 0x10
ORIGIN, AS_PATH, NEXT_HOP = 1, 2, 3
_AS_SEQUENCE = 2
_FOUR_OCTET_AS = 65
_DEADLINE_S = 30.0


class Speaker:
    """One session, in which nobody has to be heard from (hold time 0). Its AS number has four bytes on the wire."""

    def __init__(self, node: Node, local: str, remote: str, asn: int) -> None:
        """Call `remote` from the node's address `local`, and say who is calling."""
        self.local = local
        self.asn = asn
        self._buffer = b""
        self._socket = node.call(lambda: socket.create_connection((remote, 179), _DEADLINE_S, (local, 0)))
        self._send(OPEN, self._open())
        self._send(KEEPALIVE)
        while (kind := self.heard()[0]) != KEEPALIVE:
            assert kind == OPEN, f"message of type {kind} instead of the beginning of a session"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def announce(self, prefixes: Sequence[str], path: Sequence[int], extra: bytes = b"") -> None:
        """An UPDATE about prefixes. path: AS numbers, as they are; extra: attributes as bytes."""
        segment = bytes([_AS_SEQUENCE, len(path)]) + b"".join(one.to_bytes(4) for one in path) if path else b""
        attributes = (
            attribute(_TRANSITIVE, ORIGIN, b"\0")
            + attribute(_TRANSITIVE, AS_PATH, segment)
            + attribute(_TRANSITIVE, NEXT_HOP, IPv4Address(self.local).packed)
            + extra
        )
        self.update(b"", attributes, nlri(prefixes))

    def withdraw(self, prefixes: Sequence[str]) -> None:
        """Take announcements back."""
        self.update(nlri(prefixes), b"", b"")

    def update(self, withdrawn: bytes, attributes: bytes, reachable: bytes) -> None:
        """An UPDATE of these bytes."""
        self._send(
            UPDATE, len(withdrawn).to_bytes(2) + withdrawn + len(attributes).to_bytes(2) + attributes + reachable
        )

    def heard(self) -> tuple[int, bytes]:
        """Type and body of the next message; raises ConnectionError at the end of the session."""
        while len(self._buffer) < _HEADER or len(self._buffer) < int.from_bytes(self._buffer[16:18]):
            part = self._socket.recv(65536)
            if not part:
                raise ConnectionError("the session is closed")
            self._buffer += part
        length = int.from_bytes(self._buffer[16:18])
        kind, body = self._buffer[18], self._buffer[_HEADER:length]
        self._buffer = self._buffer[length:]
        return kind, body

    def _open(self) -> bytes:
        capability = bytes([_FOUR_OCTET_AS, 4]) + self.asn.to_bytes(4)
        parameter = bytes([2, len(capability)]) + capability
        fixed = bytes([4]) + min(self.asn, 23456 if self.asn > 0xFFFF else self.asn).to_bytes(2) + bytes(2)
        return fixed + IPv4Address(self.local).packed + bytes([len(parameter)]) + parameter

    def _send(self, kind: int, body: bytes = b"") -> None:
        self._socket.sendall(_MARKER + (_HEADER + len(body)).to_bytes(2) + bytes([kind]) + body)


def attribute(flags: int, kind: int, value: bytes) -> bytes:
    """A path attribute."""
    if len(value) > 255:
        return bytes([flags | _LONG, kind]) + len(value).to_bytes(2) + value
    return bytes([flags, kind, len(value)]) + value


def nlri(prefixes: Sequence[str]) -> bytes:
    """Prefixes as an UPDATE has them."""
    found = map(IPv4Network, prefixes)
    return b"".join(bytes([one.prefixlen]) + one.network_address.packed[: (one.prefixlen + 7) // 8] for one in found)
