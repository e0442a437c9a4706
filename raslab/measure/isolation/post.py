"""Sends probes by their doors."""

from __future__ import annotations

import socket
from contextlib import suppress
from types import TracebackType

from raslab.measure.isolation.probes import Probe
from raslab.measure.isolation.scene import Door
from raslab.measure.isolation.sights import Tokens
from raslab.measure.isolation.wire import Question
from raslab.net import Network
from raslab.net.names import kernel_name


class Post:
    """A socket for each interface that has a door, for as long as the block runs."""

    def __init__(self, network: Network, doors: tuple[Door, ...], tokens: Tokens) -> None:
        self._network = network
        self._tokens = tokens
        self._doors = doors
        self._sockets: dict[tuple[str, str], socket.socket] = {}

    def __enter__(self) -> Post:
        for node, interface in dict.fromkeys((door.node, door.interface) for door in self._doors):
            self._sockets[node, interface] = self._network[node].call(_open)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._sockets.values():
            one.close()

    def send(self, number: int, probe: Probe) -> None:
        """Send a probe. If the kernel refuses it, as the interface is down, it has not been seen anywhere."""
        door, packet = probe.door, probe.packet
        data = packet.encode(self._tokens.token(number), self._tokens.sequence(number))
        if door.mac is not None:
            receivers = packet.receivers if isinstance(packet, Question) else door.next_hop
            assert receivers is not None  # with a MAC address of its own a door has one to go to
            data = receivers + door.mac + packet.ethertype.to_bytes(2) + data
        with suppress(OSError):
            where = (kernel_name(door.interface), packet.ethertype)
            self._sockets[door.node, door.interface].sendto(data, where)


def _open() -> socket.socket:
    """A packet socket of the calling thread's namespace that receives nothing."""
    return socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
