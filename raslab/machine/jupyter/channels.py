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
LARGEST = 1 << 30  # bytes of a message on the pipe
DELIMITER = b"<IDS|MSG>"
SIGNED = 4  # parts after the signature that it is over: header, parent header, metadata, content
LONGEST_WAY = 16  # a delimiter that comes later than that is none: a way back has one part for each socket on it


def encode(channel: str, parts: Sequence[bytes] = ()) -> bytes:
    """A multipart message as bytes: head, sizes of the parts, parts."""
    sizes = b"".join(_SIZE.pack(len(part)) for part in parts)
    body = sum(map(len, parts)) + len(sizes)
    return b"".join((_HEAD.pack(_NAMES.index(channel), len(parts), body), sizes, *parts))


class Decoder:
    """Cuts a stream of bytes into messages. A program in the machine may have written into the stream."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[str, list[bytes]]]:
        """Take in bytes and yield channel and parts of every message they complete.

        Raises ValueError for what cannot be a message; nothing can be read after it.
        """
        self._buffer += data
        while len(self._buffer) >= _HEAD.size:
            channel, count, body = _HEAD.unpack_from(self._buffer)
            if channel >= len(_NAMES) or count * _SIZE.size > body or body > LARGEST:
                raise ValueError("not the head of a message")
            if len(self._buffer) < _HEAD.size + body:
                return
            sizes = struct.unpack_from(f"<{count}I", self._buffer, _HEAD.size)
            if sum(sizes) + count * _SIZE.size != body:
                raise ValueError("the parts of a message do not add up")
            at = _HEAD.size + count * _SIZE.size
            parts = []
            for size in sizes:
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
        message = parse(parts)
        if message is None or channel not in ("shell", "control"):
            return
        self.closing |= message.kind == "shutdown_request"
        awaits = {"reply", "idle"} if message.kind.endswith("_request") else {"idle"}
        self.requests[message.name] = Request(message.identities, message.header, awaits)

    def outgoing(self, channel: str, parts: Sequence[bytes]) -> None:
        """Take note of a message from the kernel."""
        message = parse(parts)
        if message is None:
            return
        if channel == "stdin":
            self.asks_user = message.kind == "input_request"
        elif channel in ("shell", "control"):
            self._came("reply", message.parent)
        elif message.kind == "status" and message.content().get("execution_state") == "idle":
            self._came("idle", message.parent)

    def _came(self, what: str, parent: dict[str, Any]) -> None:
        name = str(parent.get("msg_id", ""))
        request = self.requests.get(name)
        if request is None:
            return
        request.awaits.discard(what)
        if not request.awaits:
            del self.requests[name]


@dataclass(frozen=True)
class Message:
    """A message: the parts in front of its delimiter, by which a reply finds its way back, and what is in it.

    signed: its signature and what that is over; kind, name: type and number.
    """

    identities: list[bytes]
    signature: bytes
    signed: list[bytes]
    header: dict[str, Any]
    parent: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.header["msg_type"])

    @property
    def name(self) -> str:
        return str(self.header["msg_id"])

    def content(self) -> dict[str, Any]:
        return _mapping(self.signed[-1])


def envelope(parts: Sequence[bytes]) -> tuple[list[bytes], bytes, list[bytes]] | None:
    """Identities, signature and what is signed of a message, none of it looked into; None if it lacks any of it."""
    parts = list(parts)
    if DELIMITER not in parts[:LONGEST_WAY]:
        return None
    at = parts.index(DELIMITER)
    if len(parts) < at + 2 + SIGNED:
        return None
    return parts[:at], parts[at + 1], parts[at + 2 : at + 2 + SIGNED]


def parse(parts: Sequence[bytes]) -> Message | None:
    """What is in a message; None for what is none, be it signed or not."""
    found = envelope(parts)
    if found is None:
        return None
    header, parent = _mapping(found[2][0]), _mapping(found[2][1])
    for name in ("msg_type", "msg_id"):
        if not isinstance(header.get(name), str) or not header[name]:
            return None
    return Message(*found, header, parent)


def _mapping(text: bytes) -> dict[str, Any]:
    """A JSON object; empty if it is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
