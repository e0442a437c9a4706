"""Sockets that hear every packet on every interface of every node, without a process or a capture file."""

from __future__ import annotations

import selectors
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import closing
from types import TracebackType
from typing import NamedTuple

from raslab.errors import CaptureError
from raslab.net import Network, Node
from raslab.net.names import kernel_name
from raslab.net.netlink.connection import Connection
from raslab.net.netlink.rtnetlink import dump_links, link_state

_ETH_P_ALL = 3
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_SO_RCVBUFFORCE, _SO_TIMESTAMPNS = 33, 35
_BUFFER_BYTES = 32 << 20
_TIMESPEC = struct.Struct("@qq")
_ANCILLARY_BYTES = socket.CMSG_SPACE(_TIMESPEC.size)
_LONGEST = 2048
_ETHERNET_HEADER, _LOOPBACK_HEADER = 1, 772  # ARPHRD_ETHER, ARPHRD_LOOPBACK, which looks alike


class Heard(NamedTuple):
    """A packet at an interface. outgoing: about to leave by it; time_ns: since 1970, by the kernel."""

    node: str
    interface: str
    outgoing: bool
    time_ns: int
    data: bytes
    has_ethernet: bool


class Ears:
    """Hear all nodes of a network while the block runs.

    One socket per node, so that what is heard on its interfaces is in the order in which it happened.
    """

    def __init__(self, network: Network) -> None:
        self._nodes: list[Node] = list(network.values())
        self._ready = selectors.DefaultSelector()
        self._sockets: dict[socket.socket, Node] = {}
        self._taps: list[socket.socket] = []
        self._names: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Ears:
        try:
            for node in self._nodes:
                self._names[node.name] = {kernel_name(one.name): one.name for one in node.all_interfaces()}
                ear, taps = node.call(_open)
                self._sockets[ear] = node
                self._ready.register(ear, selectors.EVENT_READ, (ear, node, self._names[node.name]))
                self._taps += taps
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._complain_of_losses()
        finally:
            self._close()

    def listen(self, seconds: float = 0.0) -> list[Heard]:
        """What has been heard since; waits for the first packet for that long."""
        return [heard for key, _ in self._ready.select(seconds) for heard in _drain(*key.data)]

    def _complain_of_losses(self) -> None:
        for ear, node in self._sockets.items():
            _, lost = struct.unpack("II", ear.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
            if lost:
                raise CaptureError(node.name, f"{lost} packets passed while the socket was full")

    def _close(self) -> None:
        self._ready.close()
        for one in [*self._sockets, *self._taps]:
            one.close()


def _drain(ear: socket.socket, node: Node, names: Mapping[str, str]) -> Iterator[Heard]:
    """All that waits in a socket. names: of the interfaces, by the kernel's."""
    while True:
        try:
            data, ancillary, _, where = ear.recvmsg(_LONGEST, _ANCILLARY_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        seconds, nanoseconds = _TIMESPEC.unpack(ancillary[0][2])
        name, _, kind, hardware, _ = where
        yield Heard(
            node.name,
            names.get(name, name),
            kind == socket.PACKET_OUTGOING,
            seconds * 1_000_000_000 + nanoseconds,
            data,
            hardware in (_ETHERNET_HEADER, _LOOPBACK_HEADER),
        )


def _open() -> tuple[socket.socket, list[socket.socket]]:
    """A socket for the namespace of the calling thread, and what its VRFs need to be heard."""
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.htons(_ETH_P_ALL))
    ear.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
    ear.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    return ear, [_tap(name) for name in _vrfs()]


def _tap(vrf: str) -> socket.socket:
    """A VRF shows what it receives only while somebody listens on that very device (vrf_ip_rcv in drivers/net/vrf.c).

    Nobody reads this one: it takes a packet or two and no more.
    """
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
    tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)
    tap.bind((vrf, _ETH_P_ALL))
    return tap


def _vrfs() -> list[str]:
    with closing(Connection()) as connection:
        links = [link_state(one) for one in connection.ask(dump_links())]
    return [link.name for link in links if link.kind == "vrf"]
