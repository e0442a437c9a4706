"""ICMP echo requests of our own (RFC 792, RFC 4443): numbered, with the kernel's time stamps on the answers."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from raslab.model.encapsulation import IpVersion
from raslab.net.checksum import internet_checksum
from raslab.net.waiting import readable_within

_HEADER = struct.Struct("!BBHHH")
_TIMESPEC = struct.Struct("@qq")
_SO_TIMESTAMPNS = 35  # asm-generic/socket.h; the socket module does not have it
_ICMP_FILTER = 1  # linux/icmp.h; linux/icmpv6.h uses the same number
_BUFFER_BYTES = 1 << 16


@dataclass(frozen=True)
class Protocol:
    """What tells ICMP and ICMPv6 apart."""

    family: socket.AddressFamily
    number: int
    request: int
    reply: int
    filter_level: int  # of setsockopt: SOL_RAW or SOL_ICMPV6 of linux/socket.h, which Python does not have

    def reply_filter(self) -> bytes:
        """The option value by which the kernel drops all types but the reply."""
        if self.family == socket.AF_INET:
            return struct.pack("@I", ~(1 << self.reply) & 0xFFFFFFFF)
        words = [0xFFFFFFFF] * 8
        words[self.reply // 32] &= ~(1 << self.reply % 32)
        return struct.pack("@8I", *words)

    def header_start(self, packet: bytes) -> int:
        """Where ICMP begins: a raw IPv4 socket hands out the IP header too, whose length is in its first byte."""
        return (packet[0] & 0x0F) * 4 if self.family == socket.AF_INET else 0


PROTOCOLS: dict[IpVersion, Protocol] = {
    4: Protocol(socket.AF_INET, socket.IPPROTO_ICMP, request=8, reply=0, filter_level=255),
    6: Protocol(socket.AF_INET6, socket.IPPROTO_ICMPV6, request=128, reply=129, filter_level=58),
}


@contextmanager
def echo_socket(protocol: Protocol, address: str) -> Iterator[socket.socket]:
    """A raw socket that takes in echo replies from `address` only, each with the moment at which it came."""
    with socket.socket(protocol.family, socket.SOCK_RAW, protocol.number) as sock:
        sock.setsockopt(protocol.filter_level, _ICMP_FILTER, protocol.reply_filter())
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        sock.connect((address, 0))
        yield sock


class Prober:
    """Sends numbered requests and notes when each was sent and answered (kernel time stamps on reception)."""

    def __init__(self, protocol: Protocol, sock: socket.socket, payload: bytes, *, patient: bool = False) -> None:
        """patient: go on where a router answers with an error; such a request has no answer."""
        self._patient = patient
        self._protocol = protocol
        self._socket = sock
        self._payload = payload
        self._identifier = threading.get_native_id() & 0xFFFF  # each measurement has a thread of its own
        self._newest = 0
        self._sent_ns: dict[int, int] = {}
        self._answered_ns: dict[int, int] = {}

    def send(self, number: int) -> None:
        """Send a request. Raises OSError."""
        sequence = number & 0xFFFF
        head = _HEADER.pack(self._protocol.request, 0, 0, self._identifier, sequence)
        if self._protocol.family == socket.AF_INET:  # for ICMPv6 the kernel computes it: RFC 3542 section 3.1
            checksum = internet_checksum(head + self._payload)
            head = _HEADER.pack(self._protocol.request, 0, checksum, self._identifier, sequence)
        self._newest = number
        self._sent_ns[number] = time.time_ns()
        self._socket.send(head + self._payload)

    def attempt(self, number: int) -> None:
        """Send a request; if the kernel refuses, as there is no way out at the moment, it will have no answer."""
        with suppress(OSError):
            self.send(number)

    def receive_until(self, deadline: float, enough: int | None = None) -> None:
        """Take in answers until the deadline on the monotonic clock, or until `enough` have come in all."""
        while enough is None or len(self._answered_ns) < enough:
            if not readable_within(self._socket.fileno(), deadline - time.monotonic()):
                return
            self._receive()

    def _receive(self) -> None:
        try:
            packet, ancillary, _, _ = self._socket.recvmsg(_BUFFER_BYTES, socket.CMSG_SPACE(_TIMESPEC.size))
        except OSError:
            if self._patient:
                return  # an ICMP error of a router on the way
            raise
        seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2])
        start = self._protocol.header_start(packet)
        _, _, _, identifier, sequence = _HEADER.unpack_from(packet, start)
        if identifier != self._identifier:
            return
        # Sequence numbers have 16 bits: an answer belongs to the newest request that bears its number.
        number = self._newest - ((self._newest - sequence) & 0xFFFF)
        if number in self._sent_ns:
            self._answered_ns.setdefault(number, seconds * 1_000_000_000 + nanoseconds)

    def sent_ns(self, number: int) -> int:
        """When a request was sent, nanoseconds since 1970."""
        return self._sent_ns[number]

    def time_ms(self, number: int) -> float | None:
        """Round-trip time of one request."""
        answered = self._answered_ns.get(number)
        return None if answered is None else (answered - self._sent_ns[number]) / 1e6
