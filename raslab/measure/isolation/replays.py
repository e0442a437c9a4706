"""Genuine packets of tunnels that encrypt: which ones to send again, and what came out of them then. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import MutableMapping

from raslab.measure.isolation.listening import Heard
from raslab.measure.isolation.probes import Probe
from raslab.measure.isolation.scene import Scene
from raslab.measure.isolation.sealed import KEPT, Carriers, read_sealed
from raslab.measure.isolation.sights import network_packet
from raslab.measure.isolation.tenants import Place, SealedEnd
from raslab.measure.isolation.wire import Datagram, Sealed, packed

Sights = MutableMapping[int, list[Heard]]


class Replays:
    """What is inside of such a packet shows on the node where the tunnel ends, right after the packet itself."""

    def __init__(self, scene: Scene) -> None:
        self._ends = {(end.remote, end.local): end for tenant in scene.tenants for end in tenant.sealed}
        self._locals = {packed(local) for _, local in self._ends}
        self._carriers: dict[SealedEnd, deque[Sealed]] = {}
        self._expected: dict[Sealed, list[int]] = {}
        self._last_genuine: dict[Place, tuple[SealedEnd, Sealed]] = {}
        self._last_again: dict[str, int] = {}

    @property
    def carriers(self) -> Carriers:
        """The last packets of each tunnel out of which a probe has come."""
        return self._carriers

    def expect(self, number: int, packet: Sealed) -> None:
        """A probe that is such a packet."""
        self._expected.setdefault(packet, []).append(number)

    def end(self) -> None:
        """Nothing is sent again any more: what comes from now on is genuine."""
        self._expected.clear()

    def hear(self, heard: Heard, sights: Sights) -> bool:
        """Take in a packet without a token; True if it is one that was sent again."""
        if not self._locals or not self._may_be_for_an_end(heard):
            return False
        packet = read_sealed(heard)
        if packet is None:
            return False
        numbers = [one for one in self._expected.get(packet, ()) if one & 0xFFFF == _number(heard)]
        for number in numbers[:1]:
            sights[number].append(heard)
            if not heard.outgoing:
                self._last_again[heard.node] = number
            return True
        if not heard.outgoing and (end := self._ends.get((packet.source, packet.destination))) is not None:
            self._last_genuine[end.place] = (end, packet)
        return False

    def _may_be_for_an_end(self, heard: Heard) -> bool:
        _, packet = network_packet(heard)
        return packet[16:20] in self._locals or packet[24:40] in self._locals

    def hear_inside(self, probe: Probe, heard: Heard, sights: Sights) -> None:
        """Take in a tenant's probe to its own, that has come out of a tunnel for the first time, or again."""
        if not self._locals or not _is_itself(probe, heard):
            return
        if self._expected:
            if (number := self._last_again.get(heard.node)) is not None:
                sights[number].append(heard)
        elif not heard.outgoing and (genuine := self._last_genuine.pop((heard.node, heard.interface), None)):
            end, packet = genuine
            self._carriers.setdefault(end, deque(maxlen=KEPT)).append(packet)


def _number(heard: Heard) -> int:
    """What `Sealed` has put into the IP header."""
    _, packet = network_packet(heard)
    return int.from_bytes(packet[2:4] if packet[0] >> 4 == 6 else packet[4:6])


def _is_itself(probe: Probe, heard: Heard) -> bool:
    """True if it is the probe or its answer, and not an error of somebody on the way, which may come late."""
    _, packet = network_packet(heard)
    if not isinstance(probe.packet, Datagram):
        return False
    ends = {packed(probe.packet.source), packed(probe.packet.destination)}
    return ends in ({packet[12:16], packet[16:20]}, {packet[8:24], packet[24:40]})
