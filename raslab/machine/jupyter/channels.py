"""Jupyter's messages on a pipe, and what they say about the kernel being busy (pure).

Source of the messages' form: "Messaging in Jupyter", jupyter-client.readthedocs.io, protocol 5.4.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

#: The channels that are carried. The heartbeat is answered by the launcher, which lives as long as the machine.
CHANNELS = ("shell", "control", "stdin", "iopub")
#: A message of the launcher itself to the guest: the user has interrupted the kernel, which has got the signal already.
INTERRUPT = "interrupt"

_NAMES = (*CHANNELS, INTERRUPT)
_HEAD = struct.Struct("<BII")  # channel, number of parts, bytes of all that follows
_SIZE = struct.Struct("<I")
_DELIMITER = b"<IDS|MSG>"


def encode(channel: str, parts: Sequence[bytes] = ()) -> bytes:
    """A multipart message as bytes: head, sizes of the parts, parts."""
    sizes = b"".join(_SIZE.pack(len(part)) for part in parts)
    body = sum(map(len, parts)) + len(sizes)
    return b"".join((_HEAD.pack(_NAMES.index(channel), len(parts), body), sizes, *parts))


class Decoder:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[str, list[bytes]]]:
        """Take in bytes and yield channel and parts of every message they complete."""
        self._buffer += data
        while len(self._buffer) >= _HEAD.size:
            channel, count, body = _HEAD.unpack_from(self._buffer)
            if len(self._buffer) < _HEAD.size + body:
                return
            at = _HEAD.size + count * _SIZE.size
            parts = []
            for index in range(count):
                (size,) = _SIZE.unpack_from(self._buffer, _HEAD.size + index * _SIZE.size)
                parts.append(bytes(self._buffer[at : at + size]))
                at += size
            del self._buffer[:at]
            yield _NAMES[channel], parts


@dataclass
class Request:
    """A request that the kernel is still at.

    identities: parts in front of the delimiter, by which a reply finds its way back. awaits: what must still
    come before it is done: ``reply``, ``idle``.
    """

    identities: list[bytes]
    header: dict[str, Any]
    awaits: set[str]


@dataclass
class Activity:
    """Follows the messages that pass and knows whether the kernel has anything to do.

    A kernel that waits for the user's answer to input() has nothing to do either. After a shutdown request it
    always has, as it then ends by itself, after some waiting.
    """

    requests: dict[str, Request] = field(default_factory=dict)
    asks_user: bool = False
    closing: bool = False

    @property
    def at_rest(self) -> bool:
        """True if nothing will happen until a message comes in."""
        return not self.closing and (self.asks_user or not self.requests)

    def incoming(self, channel: str, parts: Sequence[bytes]) -> None:
        """Take note of a message to the kernel."""
        if channel in (INTERRUPT, "stdin"):
            self.asks_user = False
        message = _parse(parts)
        if message is None or channel not in ("shell", "control"):
            return
        kind = message.header.get("msg_type", "")
        self.closing |= kind == "shutdown_request"
        awaits = {"reply", "idle"} if kind.endswith("_request") else {"idle"}
        self.requests[message.header.get("msg_id", "")] = Request(message.identities, message.header, awaits)

    def outgoing(self, channel: str, parts: Sequence[bytes]) -> None:
        """Take note of a message from the kernel."""
        message = _parse(parts)
        if message is None:
            return
        if channel == "stdin":
            self.asks_user = message.header.get("msg_type") == "input_request"
        elif channel in ("shell", "control"):
            self._came("reply", message.parent)
        elif message.header.get("msg_type") == "status" and message.content().get("execution_state") == "idle":
            self._came("idle", message.parent)

    def _came(self, what: str, parent: dict[str, Any]) -> None:
        request = self.requests.get(parent.get("msg_id", ""))
        if request is None:
            return
        request.awaits.discard(what)
        if not request.awaits:
            del self.requests[parent["msg_id"]]


@dataclass(frozen=True)
class _Message:
    identities: list[bytes]
    header: dict[str, Any]
    parent: dict[str, Any]
    raw_content: bytes

    def content(self) -> dict[str, Any]:
        return _mapping(self.raw_content)


def _parse(parts: Sequence[bytes]) -> _Message | None:
    """Identities, header and parent header; None for what is no message. Signatures are the kernel's business."""
    parts = list(parts)
    if _DELIMITER not in parts or len(parts) < parts.index(_DELIMITER) + 6:
        return None
    at = parts.index(_DELIMITER)
    return _Message(parts[:at], _mapping(parts[at + 2]), _mapping(parts[at + 3]), parts[at + 5])


def _mapping(text: bytes) -> dict[str, Any]:
    """A JSON object; empty if it is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
