"""A netlink socket that sends requests in batches and says which of them the kernel refused."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from raslab.net.netlink import wire

SOL_NETLINK = 270
NETLINK_CAP_ACK = 10
NETLINK_EXT_ACK = 11
NLMSGERR_ATTR_MSG = 1

_BATCH_MESSAGES = 128  # errors of one batch must fit into the receive buffer
_BATCH_BYTES = 32 * 1024  # below the default send buffer
_READ_BYTES = 64 * 1024
_ERROR = struct.Struct("=i")
_ECHOED_HEADER = 16


@dataclass(frozen=True)
class Refusal:
    """One request that the kernel refused.

    position: index of the request in what was sent; code: errno; reason: the kernel's own words, may be empty.
    """

    position: int
    code: int
    reason: str

    def __str__(self) -> str:
        return f"{os.strerror(self.code)} ({self.reason})" if self.reason else os.strerror(self.code)


class Connection:
    """An rtnetlink socket of the creating thread's network namespace, safe to use from any thread."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._socket.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self._socket.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self._lock = threading.Lock()
        self._sequence = 0

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def send(self, requests: Sequence[bytes]) -> list[Refusal]:
        """Have the kernel execute all requests in order, and return those it refused.

        A refused request does not keep the later ones from being executed.
        """
        refusals: list[Refusal] = []
        with self._lock:
            start = 0
            while start < len(requests):
                end = self._batch_end(requests, start)
                refusals += self._send_batch(requests[start:end], start)
                start = end
        return refusals

    def ask(self, request: bytes) -> list[wire.Message]:
        """Send one query and return the messages of its answer; raises OSError if the kernel refuses it."""
        with self._lock:
            self._sequence += 1
            sequence = self._sequence
            self._socket.send(wire.stamp(request, sequence, wire.ACK))
            answer: list[wire.Message] = []
            while True:
                for message in wire.messages(self._socket.recv(_READ_BYTES)):
                    if message.sequence != sequence:
                        continue
                    if message.type in (wire.ERROR, wire.DONE):
                        (negative,) = _ERROR.unpack_from(message.payload)
                        if negative:
                            raise OSError(-negative, os.strerror(-negative))
                        return answer
                    answer.append(message)

    @staticmethod
    def _batch_end(requests: Sequence[bytes], start: int) -> int:
        size, end = 0, start
        while end < len(requests) and end - start < _BATCH_MESSAGES and size + len(requests[end]) <= _BATCH_BYTES:
            size += len(requests[end])
            end += 1
        return max(end, start + 1)

    def _send_batch(self, batch: Sequence[bytes], offset: int) -> list[Refusal]:
        # An error is always answered, success only where an acknowledgement is asked for: on the last one.
        first = self._sequence + 1
        self._sequence += len(batch)
        last = self._sequence
        stamped = [
            wire.stamp(request, first + i, wire.ACK if first + i == last else 0) for i, request in enumerate(batch)
        ]
        self._socket.send(b"".join(stamped))
        refusals: list[Refusal] = []
        while True:
            for message in wire.messages(self._socket.recv(_READ_BYTES)):
                if message.type != wire.ERROR or message.sequence < first:
                    continue
                (negative,) = _ERROR.unpack_from(message.payload)
                if negative:
                    position = offset + message.sequence - first
                    refusals.append(Refusal(position, -negative, _reason(message)))
                if message.sequence == last:
                    return refusals


def _reason(message: wire.Message) -> str:
    """The text of an extended acknowledgement."""
    if not message.flags & wire.ACK_TLVS:
        return ""
    attributes = wire.attributes(message.payload[_ERROR.size + _ECHOED_HEADER :])
    return attributes.get(NLMSGERR_ATTR_MSG, b"").rstrip(b"\0").decode(errors="replace")
