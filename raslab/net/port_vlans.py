"""VLANs of switches' ports: what is to be done when one topology becomes another. Pure.

A Linux bridge puts each new port into the default VLAN, whether it heeds VLANs or not, so the steps of a port are those
from there. A switch that begins to heed VLANs does so before its ports get theirs, and one that ceases to does so after
they have lost them: in between frames may be dropped, but none gets where it should not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from raslab.model.port_vlans import DEFAULT_VLAN, heeding, is_in_vlans, vlans_of
from raslab.model.topology import Interface, NodeKind, Topology
from raslab.net import steps
from raslab.net.steps import Step


class PortVlans:
    """The steps between two topologies. kept: the nodes that stay."""

    def __init__(self, old: Topology, new: Topology, kept: Collection[str]) -> None:
        self._kept = set(kept)
        self._kinds = {node.name: node.kind for node in new.nodes}
        self._before, self._now = heeding(old) & self._kept, heeding(new)

    def heeded_by(self, switch: str) -> bool:
        """True if the switch shall heed VLANs."""
        return switch in self._now

    def begin(self) -> Iterator[Step]:
        """Before the steps of ports: switches that heed VLANs from now on."""
        yield from self._filtering(self._now - self._before, on=True)

    def end(self) -> Iterator[Step]:
        """After the steps of ports: switches that heed them no more."""
        yield from self._filtering(self._before - self._now, on=False)

    def _filtering(self, switches: Collection[str], *, on: bool) -> Iterator[Step]:
        for name in sorted(switches):
            if name in self._kept and self._kinds[name] is NodeKind.BRIDGE:
                yield steps.SetVlanFiltering(name, name, on)

    def of(self, old: Interface | None, new: Interface) -> Iterator[Step]:
        """What a port needs; nothing if `new` is none. old: as it was, None if it has just been made."""
        kind = self._kinds[new.node]
        if kind is NodeKind.BRIDGE:
            known = {DEFAULT_VLAN: True} if old is None else vlans_of(old)
            wanted = vlans_of(new)
            for vlan, untagged in wanted.items():
                if known.get(vlan) != untagged:
                    yield steps.AddPortVlan(new.node, new.name, vlan, untagged)
            for vlan in known:
                if vlan not in wanted:
                    yield steps.DeletePortVlan(new.node, new.name, vlan)
        elif kind is NodeKind.OVS:
            made = steps.SetOvsPortVlans(new.node, new.name)
            known_so = made if old is None else _ovs_port(old, old.node in self._before)
            if (step := _ovs_port(new, new.node in self._now)) != known_so:
                yield step


def _ovs_port(port: Interface, heeded: bool) -> steps.SetOvsPortVlans:
    untagged = port.untagged_vlan if is_in_vlans(port) or not heeded else DEFAULT_VLAN
    return steps.SetOvsPortVlans(port.node, port.name, port.vlans, untagged)
